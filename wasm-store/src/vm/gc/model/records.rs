//! The types of the model's objects.

use std::sync::Arc;

use wasm_types::{ArrayType, FieldType, HeapType, RefType, StorageType, StructType, ValType};

use crate::vm::type_record::{ArrayTypeRecord, StructTypeRecord, TypeRecord};

/// Where the references of a pair are. The one before the number shows that they need not stand
/// together.
pub(super) const PAIR: [u32; 2] = [4, 12];

/// Where the references of a wide structure are: near its start, and where the bits of a word do
/// not reach.
pub(super) const WIDE: [u32; 3] = [4, 260, 800];

/// The types of the objects.
pub(super) struct Records {
    pub(super) pair: Arc<StructTypeRecord>,
    pub(super) wide: Arc<StructTypeRecord>,
    pub(super) list: Arc<ArrayTypeRecord>,
    pub(super) bytes: Arc<ArrayTypeRecord>,
}

fn struct_type(
    head: TypeRecord,
    ty: StructType,
    supertype: Option<Arc<StructTypeRecord>>,
) -> Arc<StructTypeRecord> {
    Arc::new(StructTypeRecord::new(head, ty, supertype).unwrap())
}

impl Records {
    pub(super) fn new() -> Self {
        let any = RefType { nullable: true, heap: HeapType::Any };
        let [any, number] = [ValType::Ref(any), ValType::I32].map(StorageType::Val);
        let field = |storage| FieldType { storage, mutable: true };
        let head = |id| TypeRecord::new(id, true, None).unwrap();
        let fields = [any, number, any].map(field).into();
        let pair = StructTypeRecord::new(head(9), StructType { fields }, None).unwrap();
        assert_eq!([0, 2].map(|field| pair.layout.offset(field)), PAIR);
        let wide = (1..201).map(|word| if WIDE.contains(&(word * 4)) { any } else { number });
        let fields = wide.map(field).collect();
        let supertype = struct_type(head(2), StructType { fields: Box::default() }, None);
        let head_of_wide = TypeRecord::new(5, true, Some(&supertype.head)).unwrap();
        let wide = struct_type(head_of_wide, StructType { fields }, Some(supertype));
        let array = |id, ty| Arc::new(ArrayTypeRecord::new(head(id), ArrayType(field(ty)), None));
        Self { pair: Arc::new(pair), wide, list: array(3, any), bytes: array(4, StorageType::I8) }
    }
}
