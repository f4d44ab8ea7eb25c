//! The tables of declarations: types, index spaces, imports, exports, segments.

use alloc::sync::Arc;
use alloc::vec::Vec;

use wasm_types::{
    CompositeType, DataKind, ElementItems, ElementKind, EntityIndex, HeapType, MemoryType, Module,
    RecGroup, SubType, TableType, TypeKind,
};
use zerocopy::little_endian::U32;

use super::Writer;
use super::func_lists::FuncLists;
use super::images::Images;
use super::pools::{ConstExprs, TypeCodes, small};
use crate::codes;
use crate::error::Error;
use crate::format::{
    ConstRef, DataRecord, ElementRecord, EntityRecord, ExportRecord, GlobalRecord, ImportRecord,
    LimitsRecord, MemoryImageRecord, NONE, Part, RecGroupRecord, TableImageRecord, TypeRecord,
    entity_kind, flags, limits_flags, segment_flags, type_flags,
};

impl Writer {
    pub(super) fn add_declarations(
        &mut self,
        module: &Module,
        wasm: &[u8],
        images: &Images,
    ) -> Result<(), Error> {
        self.add_types(module)?;
        self.add_imports_and_exports(module)?;
        let words = |list: &mut dyn Iterator<Item = u32>| list.map(U32::new).collect::<Vec<_>>();
        self.add(Part::FunctionTypes, words(&mut module.functions.iter().map(|ty| ty.as_u32())));
        self.add(Part::Tags, words(&mut module.tags.iter().map(|tag| tag.ty.as_u32())));
        let escaping = &mut module.escaping_functions.iter().map(|func| func.as_u32());
        self.add(Part::Escaping, words(escaping));
        self.add(Part::Tables, module.tables.iter().map(table_record).collect::<Vec<_>>());
        self.add(Part::Memories, module.memories.iter().map(memory_record).collect::<Vec<_>>());
        let globals = module.globals.iter().map(|global| GlobalRecord {
            content: codes::val_code(global.content).into(),
            mutable: u32::from(global.mutable).into(),
        });
        self.add(Part::Globals, globals.collect::<Vec<_>>());

        let mut exprs = ConstExprs::default();
        let table_inits = module.table_inits.iter().map(|init| exprs.add_optional(init.as_ref()));
        let table_inits: Vec<_> = table_inits.collect::<Result<_, _>>()?;
        self.add(Part::TableInits, table_inits);
        let global_inits = module.global_inits.iter().map(|init| exprs.add(init));
        let global_inits: Vec<_> = global_inits.collect::<Result<_, _>>()?;
        self.add(Part::GlobalInits, global_inits);
        self.add_elements(module, images, &mut exprs)?;
        self.add_data(module, wasm, images, &mut exprs)?;
        self.add(Part::ConstOps, exprs.into_bytes());
        Ok(())
    }

    fn add_types(&mut self, module: &Module) -> Result<(), Error> {
        let mut codes = TypeCodes::default();
        let records = module.types.iter().map(|ty| type_record(ty, &mut codes));
        let records: Vec<_> = records.collect::<Result<_, _>>()?;
        self.add(Part::Types, records);
        self.add(Part::TypeCodes, codes.into_codes());
        let groups = &module.rec_groups;
        let trivial = groups.len() == module.types.len()
            && (0..)
                .zip(groups)
                .all(|(place, group)| group.start.as_u32() == place && group.len == 1);
        self.set_flag_if(trivial, flags::TRIVIAL_REC_GROUPS);
        if !trivial {
            let record = |RecGroup { start, len }: &RecGroup| RecGroupRecord {
                start: start.as_u32().into(),
                len: (*len).into(),
            };
            self.add(Part::RecGroups, groups.iter().map(record).collect::<Vec<_>>());
        }
        Ok(())
    }

    fn add_imports_and_exports(&mut self, module: &Module) -> Result<(), Error> {
        let strings = &mut self.strings;
        // Names that are shared are added once.
        let mut last = [None; 2];
        let mut add = |which: usize, name: &Arc<str>| match last[which] {
            Some((known, place)) if core::ptr::eq(known, name.as_ptr()) => Ok(place),
            _ => {
                let place = strings.add(name)?;
                last[which] = Some((name.as_ptr(), place));
                Ok(place)
            }
        };
        let imports = module.imports.iter().map(|import| {
            Ok(ImportRecord {
                module: add(0, &import.module)?,
                name: add(1, &import.name)?,
                entity: entity_record(import.index),
            })
        });
        let imports: Vec<_> = imports.collect::<Result<_, Error>>()?;
        let exports = module.exports.iter().map(|export| {
            Ok(ExportRecord {
                name: strings.add(&export.name)?,
                entity: entity_record(export.index),
            })
        });
        let exports: Vec<_> = exports.collect::<Result<_, Error>>()?;
        let mut order: Vec<u32> = (0..small(exports.len(), "it has too many exports")?).collect();
        order.sort_by_key(|position| module.exports[*position as usize].name.as_str());
        self.add(Part::Imports, imports);
        self.add(Part::Exports, exports);
        self.add(Part::ExportOrder, order.into_iter().map(U32::new).collect::<Vec<_>>());
        Ok(())
    }

    fn add_elements(
        &mut self,
        module: &Module,
        images: &Images,
        exprs: &mut ConstExprs,
    ) -> Result<(), Error> {
        const TOO_LARGE: &str = "its element segments are too large";
        let mut funcs = FuncLists::new(module, images);
        let mut expr_list: Vec<ConstRef> = Vec::new();
        let mut records = Vec::new();
        for (segment, in_image) in module.elements.iter().zip(&images.elements) {
            let (mut bits, table, offset) = match &segment.kind {
                ElementKind::Passive => (segment_flags::PASSIVE, 0, no_expr()),
                ElementKind::Declared => (segment_flags::DECLARED, 0, no_expr()),
                ElementKind::Active { table, offset } => {
                    (segment_flags::ACTIVE, table.as_u32(), exprs.add(offset)?)
                }
            };
            bits |= if *in_image { segment_flags::IN_IMAGE } else { 0 };
            let start = match &segment.items {
                ElementItems::Functions(items) => match &segment.kind {
                    ElementKind::Active { table, offset } if *in_image => {
                        funcs.add_of_image(*table, offset, items)
                    }
                    _ => funcs.add(items),
                },
                ElementItems::Expressions(items) => {
                    bits |= segment_flags::EXPRESSIONS;
                    for item in items {
                        expr_list.push(exprs.add(item)?);
                    }
                    expr_list.len() - items.len()
                }
            };
            records.push(ElementRecord {
                flags: bits.into(),
                table: table.into(),
                offset,
                ty: codes::ref_code(segment.ty).into(),
                start: small(start, TOO_LARGE)?.into(),
                len: small(segment.items.len(), TOO_LARGE)?.into(),
            });
        }
        let mut image_records = Vec::new();
        for (defined, plan) in images.tables.iter().enumerate() {
            image_records.push(match plan {
                None => TableImageRecord { first: NONE.into(), start: 0.into(), len: 0.into() },
                Some(plan) => TableImageRecord {
                    first: plan.first.into(),
                    start: small(funcs.image(defined), TOO_LARGE)?.into(),
                    len: small(plan.funcs.len(), TOO_LARGE)?.into(),
                },
            });
        }
        self.add(Part::Elements, records);
        self.add(Part::FuncLists, funcs.lists);
        self.add(Part::ExprLists, expr_list);
        if images.tables.iter().any(Option::is_some) {
            self.add(Part::TableImages, image_records);
        }
        Ok(())
    }

    fn add_data(
        &mut self,
        module: &Module,
        wasm: &[u8],
        images: &Images,
        exprs: &mut ConstExprs,
    ) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let mut records = Vec::new();
        for (segment, image_start) in module.data.iter().zip(&images.data) {
            let (mut bits, memory, offset) = match &segment.kind {
                DataKind::Passive => (segment_flags::PASSIVE, 0, no_expr()),
                DataKind::Active { memory, offset } => {
                    (segment_flags::ACTIVE, memory.as_u32(), exprs.add(offset)?)
                }
            };
            let start = image_start.unwrap_or_else(|| {
                let start = bytes.len();
                bytes.extend_from_slice(wasm.get(segment.range.clone()).unwrap_or_default());
                start as u64
            });
            bits |= if image_start.is_some() { segment_flags::IN_IMAGE } else { 0 };
            records.push(DataRecord {
                flags: bits.into(),
                memory: memory.into(),
                offset,
                start: start.into(),
                len: (segment.range.len() as u64).into(),
            });
        }
        self.add(Part::Data, records);
        self.add(Part::DataBytes, bytes);
        if images.memories.iter().any(Option::is_some) {
            let records = images.memories.iter().map(|plan| {
                let (memory_offset, start, len) = plan
                    .as_ref()
                    .map_or((0, 0, 0), |plan| (plan.memory_offset, plan.start, plan.len));
                MemoryImageRecord {
                    memory_offset: memory_offset.into(),
                    start: start.into(),
                    len: len.into(),
                }
            });
            self.add(Part::MemoryImages, records.collect::<Vec<_>>());
        }
        Ok(())
    }
}

fn no_expr() -> ConstRef {
    ConstRef { start: NONE.into(), len: 0.into() }
}

fn type_record(ty: &SubType, codes: &mut TypeCodes) -> Result<TypeRecord, Error> {
    const TOO_LARGE: &str = "its types are too large";
    let (kind, start, params, results) = match &ty.composite {
        CompositeType::Func(func) => {
            let lists = func.params().iter().chain(func.results());
            let start = codes.add(lists.map(|ty| codes::val_code(*ty)))?;
            (type_flags::FUNC, start, func.params().len(), func.results().len())
        }
        CompositeType::Struct(ty) => {
            let start = codes.add(ty.fields.iter().map(|field| codes::field_code(*field)))?;
            (type_flags::STRUCT, start, ty.fields.len(), 0)
        }
        CompositeType::Array(ty) => {
            (type_flags::ARRAY, codes.add([codes::field_code(ty.0)])?, 1, 0)
        }
        CompositeType::Cont(ty) => {
            let of = codes::heap_code(HeapType::Concrete(ty.0, TypeKind::Func));
            (type_flags::CONT, codes.add([of])?, 1, 0)
        }
    };
    Ok(TypeRecord {
        flags: (kind | if ty.is_final { type_flags::FINAL } else { 0 }).into(),
        supertype: ty.supertype.map_or(NONE, |ty| ty.as_u32()).into(),
        start: start.into(),
        params: small(params, TOO_LARGE)?.into(),
        results: small(results, TOO_LARGE)?.into(),
    })
}

fn entity_record(index: EntityIndex) -> EntityRecord {
    let (kind, index) = match index {
        EntityIndex::Func(index) => (entity_kind::FUNC, index.as_u32()),
        EntityIndex::Table(index) => (entity_kind::TABLE, index.as_u32()),
        EntityIndex::Memory(index) => (entity_kind::MEMORY, index.as_u32()),
        EntityIndex::Global(index) => (entity_kind::GLOBAL, index.as_u32()),
        EntityIndex::Tag(index) => (entity_kind::TAG, index.as_u32()),
    };
    EntityRecord { kind: kind.into(), index: index.into() }
}

fn table_record(ty: &TableType) -> LimitsRecord {
    let element = codes::ref_code(ty.element);
    limits_record(ty.minimum, ty.maximum, element, ty.table64, ty.shared)
}

fn memory_record(ty: &MemoryType) -> LimitsRecord {
    let page_size = ty.page_size_log2.into();
    limits_record(ty.minimum, ty.maximum, page_size, ty.memory64, ty.shared)
}

fn limits_record(
    minimum: u64,
    maximum: Option<u64>,
    element: u32,
    index64: bool,
    shared: bool,
) -> LimitsRecord {
    let bit = |on: bool, bit: u32| if on { bit } else { 0 };
    let bits = bit(maximum.is_some(), limits_flags::HAS_MAXIMUM)
        | bit(index64, limits_flags::INDEX64)
        | bit(shared, limits_flags::SHARED);
    LimitsRecord {
        minimum: minimum.into(),
        maximum: maximum.unwrap_or_default().into(),
        element: element.into(),
        flags: bits.into(),
    }
}
