//! The engine-wide registry of types: equal recursive groups get equal ids, whatever module they
//! come from (Wasm 3.0, section 3.2, "rolling" of recursive types).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use wasm_artifact::Artifact;
use wasm_types::abi::NO_TYPE_ID;
use wasm_types::{
    ArrayType, CompositeType, FieldType, FuncType, HeapType, RecGroup, RefType, StorageType,
    StructType, SubType, TypeIndex, ValType,
};

use crate::error::Result;
use crate::vm::FuncTypeRecord;

/// Marks a reference within the group that is being looked up. The other bits are the position in
/// the group.
const WITHIN_GROUP: u32 = 1 << 31;

/// How many types an engine has room for.
const MAX_TYPES: usize = 1 << 30;

/// All types of an engine. Ids are given out once and stay for the engine's life.
#[derive(Debug, Default)]
pub(crate) struct TypeRegistry {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The first id of each group, by its types, in which references within the group are relative.
    groups: HashMap<Box<[SubType]>, u32>,
    /// The ids of plain function types, by their bytes in artifacts. So loading a module decodes no
    /// type that is known already.
    plain: HashMap<Box<[u8]>, u32>,
    types: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The declared supertype.
    supertype: Option<u32>,
    /// The kind of the type, and for a function its record.
    kind: Canonical,
}

/// The type of a canonical id.
#[derive(Clone, Debug)]
pub(crate) enum Canonical {
    /// A function.
    Func(Arc<FuncTypeRecord>),
    /// A structure.
    Struct,
    /// An array.
    Array,
}

/// The types of a module as its engine knows them, by type index.
#[derive(Debug, Default)]
pub(crate) struct ModuleTypes {
    /// The canonical ids.
    pub(crate) ids: Vec<u32>,
    /// The records of function types; null for other types. They live as long as the engine.
    pub(crate) records: Vec<*const FuncTypeRecord>,
}

impl TypeRegistry {
    /// Registers the types of an artifact.
    pub(crate) fn register_artifact(&self, artifact: &Artifact<'_>) -> Result<ModuleTypes> {
        let mut types = ModuleTypes::default();
        if !self.find_plain(artifact, &mut types)? {
            let decoded = artifact.types().collect::<Result<Vec<_>, _>>()?;
            let groups = artifact.rec_groups().collect::<Result<Vec<_>, _>>()?;
            types.ids = self.register_module(&decoded, &groups)?;
            self.learn_plain(artifact, &types.ids)?;
            let inner = self.read();
            types.records = types.ids.iter().map(|id| inner.record(*id)).collect();
        }
        Ok(types)
    }

    /// Looks up the types of an artifact; false if some are not plain or not known.
    fn find_plain(&self, artifact: &Artifact<'_>, types: &mut ModuleTypes) -> Result<bool> {
        let inner = self.read();
        let count = artifact.counts().types;
        types.ids.reserve_exact(count as usize);
        types.records.reserve_exact(count as usize);
        let mut key = Vec::with_capacity(64);
        for index in (0..count).map(TypeIndex::new) {
            key.clear();
            if !artifact.plain_func_type(index, &mut key)? {
                return Ok(false);
            }
            let Some(id) = inner.plain.get(key.as_slice()) else { return Ok(false) };
            types.ids.push(*id);
            types.records.push(inner.record(*id));
        }
        Ok(true)
    }

    /// Enters the plain function types of an artifact by their bytes.
    fn learn_plain(&self, artifact: &Artifact<'_>, ids: &[u32]) -> Result<()> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        for (index, id) in (0..).zip(ids) {
            let mut key = Vec::new();
            if artifact.plain_func_type(TypeIndex::new(index), &mut key)? {
                inner.plain.insert(key.into(), *id);
            }
        }
        Ok(())
    }

    /// Registers the types of a module, and returns the canonical id of each.
    pub(crate) fn register_module(
        &self,
        types: &[SubType],
        groups: &[RecGroup],
    ) -> Result<Vec<u32>> {
        let mut ids: Vec<u32> = Vec::with_capacity(types.len());
        for group in groups {
            let start = group.start.index();
            let members = start
                .checked_add(group.len as usize)
                .filter(|_| start == ids.len())
                .and_then(|end| types.get(start..end));
            let Some(members) = members else {
                crate::bail!("the module's recursive groups do not partition its types");
            };
            let rename = |index: TypeIndex| match ids.get(index.index()) {
                Some(id) => Ok(*id),
                None if index.index() < start + members.len() => {
                    Ok(WITHIN_GROUP | (index.as_u32() - group.start.as_u32()))
                }
                None => Err(crate::format_err!("type {index} is used before it is declared")),
            };
            let key = members.iter().map(|ty| map_sub_type(ty, &rename)).collect::<Result<_>>()?;
            let first = self.register_group(key)?;
            ids.extend((0..group.len).map(|place| first + place));
        }
        crate::ensure!(
            ids.len() == types.len(),
            "the module's recursive groups do not partition its types"
        );
        Ok(ids)
    }

    /// Registers a final function type with no supertype, in a group of its own. The type must be
    /// canonical.
    pub(crate) fn register_func(&self, ty: FuncType) -> Arc<FuncTypeRecord> {
        let key: Box<[SubType]> = Box::new([SubType::func(ty)]);
        let id = self.register_group(key).expect("an engine has room for more types");
        match self.get(id) {
            Some(Canonical::Func(record)) => record,
            _ => unreachable!("a function type was registered"),
        }
    }

    /// The type of an id.
    pub(crate) fn get(&self, id: u32) -> Option<Canonical> {
        self.read().types.get(id as usize).map(|entry| entry.kind.clone())
    }

    /// Whether one type is the other, or declares it as a supertype, directly or through other
    /// types.
    pub(crate) fn is_subtype(&self, sub: u32, sup: u32) -> bool {
        if sub == sup {
            return true;
        }
        let inner = self.read();
        let mut next = Some(sub);
        while let Some(id) = next {
            if id == sup {
                return true;
            }
            next = inner.types.get(id as usize).and_then(|entry| entry.supertype);
        }
        false
    }

    fn register_group(&self, key: Box<[SubType]>) -> Result<u32> {
        if let Some(first) = self.read().groups.get(&key) {
            return Ok(*first);
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if let Some(first) = inner.groups.get(&key) {
            return Ok(*first);
        }
        crate::ensure!(
            inner.types.len() + key.len() <= MAX_TYPES,
            "the engine has no room for more than {MAX_TYPES} types"
        );
        let first = inner.types.len() as u32;
        let absolute = |index: TypeIndex| {
            Ok(match index.as_u32() {
                id if id & WITHIN_GROUP != 0 => first + (id & !WITHIN_GROUP),
                id => id,
            })
        };
        for (place, ty) in key.iter().enumerate() {
            let ty = map_sub_type(ty, &absolute)?;
            let id = first + place as u32;
            debug_assert_ne!(id, NO_TYPE_ID);
            let kind = match ty.composite {
                CompositeType::Func(func) => {
                    Canonical::Func(Arc::new(FuncTypeRecord::new(id, func)))
                }
                CompositeType::Struct(_) => Canonical::Struct,
                CompositeType::Array(_) => Canonical::Array,
            };
            let supertype = ty.supertype.map(TypeIndex::as_u32);
            inner.types.push(Entry { supertype, kind });
        }
        inner.groups.insert(key, first);
        Ok(first)
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        // The registry is consistent between any two statements that change it: types are only
        // reachable once their group is.
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The record of a function type; null if the id is that of another kind of type.
    fn record(&self, id: u32) -> *const FuncTypeRecord {
        match self.types.get(id as usize).map(|entry| &entry.kind) {
            Some(Canonical::Func(record)) => Arc::as_ptr(record),
            _ => std::ptr::null(),
        }
    }
}

/// A module's value type, made canonical.
pub(crate) fn map_val_type(
    ty: ValType,
    rename: &dyn Fn(TypeIndex) -> Result<u32>,
) -> Result<ValType> {
    Ok(match ty {
        ValType::Ref(ty) => ValType::Ref(map_ref_type(ty, rename)?),
        other => other,
    })
}

/// A module's reference type, made canonical.
pub(crate) fn map_ref_type(
    ty: RefType,
    rename: &dyn Fn(TypeIndex) -> Result<u32>,
) -> Result<RefType> {
    let heap = match ty.heap {
        HeapType::Concrete(index) => HeapType::Concrete(TypeIndex::new(rename(index)?)),
        other => other,
    };
    Ok(RefType { nullable: ty.nullable, heap })
}

fn map_sub_type(ty: &SubType, rename: &dyn Fn(TypeIndex) -> Result<u32>) -> Result<SubType> {
    let field = |field: &FieldType| -> Result<FieldType> {
        let storage = match field.storage {
            StorageType::Val(ty) => StorageType::Val(map_val_type(ty, rename)?),
            packed => packed,
        };
        Ok(FieldType { storage, mutable: field.mutable })
    };
    let values = |list: &[ValType]| -> Result<Vec<ValType>> {
        list.iter().map(|ty| map_val_type(*ty, rename)).collect()
    };
    let composite = match &ty.composite {
        CompositeType::Func(func) => {
            CompositeType::Func(FuncType::new(values(func.params())?, values(func.results())?))
        }
        CompositeType::Struct(ty) => CompositeType::Struct(StructType {
            fields: ty.fields.iter().map(field).collect::<Result<_>>()?,
        }),
        CompositeType::Array(ty) => CompositeType::Array(ArrayType(field(&ty.0)?)),
    };
    let supertype = match ty.supertype {
        Some(index) => Some(TypeIndex::new(rename(index)?)),
        None => None,
    };
    Ok(SubType { is_final: ty.is_final, supertype, composite })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(start: u32, len: u32) -> RecGroup {
        RecGroup { start: TypeIndex::new(start), len }
    }

    fn reference(index: u32) -> ValType {
        ValType::Ref(RefType { nullable: true, heap: HeapType::Concrete(TypeIndex::new(index)) })
    }

    fn func(params: &[ValType]) -> SubType {
        SubType::func(FuncType::new(params.iter().copied(), []))
    }

    #[test]
    fn equal_types_of_two_modules_get_one_id() {
        let registry = TypeRegistry::default();
        let a = [func(&[ValType::I32]), func(&[]), func(&[reference(0)])];
        let b = [func(&[]), func(&[ValType::I32]), func(&[reference(1)])];
        let groups = [group(0, 1), group(1, 1), group(2, 1)];
        let a = registry.register_module(&a, &groups).unwrap();
        let b = registry.register_module(&b, &groups).unwrap();
        assert_eq!(a, [b[1], b[0], b[2]]);
        let single = registry.register_func(FuncType::new([ValType::I32], []));
        assert_eq!(single.id, a[0]);
    }

    #[test]
    fn recursive_groups_are_compared_whole() {
        let registry = TypeRegistry::default();
        // A pair of types that refer to each other, at different indices; and the same pair in two
        // groups.
        let pair = |base: u32| [func(&[reference(base + 1)]), func(&[reference(base)])];
        let first = registry.register_module(&pair(0), &[group(0, 2)]).unwrap();
        let mut types = vec![func(&[ValType::F32])];
        types.extend(pair(1));
        let second = registry.register_module(&types, &[group(0, 1), group(1, 2)]).unwrap();
        assert_eq!(first, second[1..]);
        let Some(Canonical::Func(record)) = registry.get(first[0]) else {
            panic!("a function type");
        };
        assert_eq!(record.ty.params(), [reference(first[1])]);
        // A type must not refer to a type of a later group.
        let error = registry.register_module(&pair(0), &[group(0, 1), group(1, 1)]).unwrap_err();
        assert!(error.to_string().contains("before it is declared"), "{error}");
    }

    #[test]
    fn subtypes_follow_the_declared_chain() {
        let registry = TypeRegistry::default();
        let open = |supertype: Option<u32>| SubType {
            is_final: false,
            supertype: supertype.map(TypeIndex::new),
            composite: CompositeType::Func(FuncType::new([], [])),
        };
        let types = [open(None), open(Some(0)), open(Some(1))];
        let ids =
            registry.register_module(&types, &[group(0, 1), group(1, 1), group(2, 1)]).unwrap();
        assert!(registry.is_subtype(ids[2], ids[0]));
        assert!(!registry.is_subtype(ids[0], ids[2]));
        assert!(registry.is_subtype(ids[1], ids[1]));
    }

    #[test]
    fn groups_that_leave_gaps_are_an_error() {
        let registry = TypeRegistry::default();
        let types = [func(&[]), func(&[])];
        assert!(registry.register_module(&types, &[group(0, 1)]).is_err());
        assert!(registry.register_module(&types, &[group(1, 1)]).is_err());
        assert!(registry.register_module(&types, &[group(0, 3)]).is_err());
    }
}
