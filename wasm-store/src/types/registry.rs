//! The engine-wide registry of types: equal recursive groups get equal ids, whatever module they
//! come from (Wasm 3.0, section 3.2, "rolling" of recursive types).

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use foldhash::fast::RandomState;
use wasm_artifact::Artifact;
use wasm_types::abi::NO_TYPE_ID;
use wasm_types::abi::type_record::MAX_DEPTH;
use wasm_types::{CompositeType, FuncType, RecGroup, SubType, TypeIndex};

use super::canonical::map_sub_type;
use crate::error::Result;
use crate::vm::{
    ArrayTypeRecord, CollectedType, ContTypeRecord, FuncTypeRecord, StructTypeRecord, TypeRecord,
};

/// Marks a reference within the group that is being looked up. The other bits are the position in
/// the group.
const WITHIN_GROUP: u32 = 1 << 31;

/// How many characters of a type's name are kept, as long as the engine lives.
const LONGEST_NAME: usize = 200;

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
    /// type that is known already. Each engine has hashes of its own, so that a module that was
    /// made with types that collide in one does not have them in others.
    plain: HashMap<Box<[u8]>, u32, RandomState>,
    /// By id.
    types: Vec<Canonical>,
    /// The names that modules have for types, by id: the first one of each. Plain function types
    /// have none.
    names: HashMap<u32, Arc<str>, RandomState>,
}

/// The type of a canonical id.
#[derive(Clone, Debug)]
pub(crate) enum Canonical {
    /// A function.
    Func(Arc<FuncTypeRecord>),
    /// A structure.
    Struct(Arc<StructTypeRecord>),
    /// An array.
    Array(Arc<ArrayTypeRecord>),
    /// A continuation.
    Cont(Arc<ContTypeRecord>),
}

impl Canonical {
    /// A type with its place among all types; `None` if it is not one that its supertype may have
    /// as a subtype.
    fn new(head: TypeRecord, ty: CompositeType, supertype: Option<&Canonical>) -> Option<Self> {
        Some(match (ty, supertype) {
            (CompositeType::Func(ty), None | Some(Canonical::Func(_))) => {
                Canonical::Func(Arc::new(FuncTypeRecord::new(head, ty)))
            }
            (CompositeType::Struct(ty), None) => {
                Canonical::Struct(Arc::new(StructTypeRecord::new(head, ty, None)?))
            }
            (CompositeType::Struct(ty), Some(Canonical::Struct(supertype))) => {
                let supertype = Some(Arc::clone(supertype));
                Canonical::Struct(Arc::new(StructTypeRecord::new(head, ty, supertype)?))
            }
            (CompositeType::Array(ty), None) => {
                Canonical::Array(Arc::new(ArrayTypeRecord::new(head, ty, None)))
            }
            (CompositeType::Array(ty), Some(Canonical::Array(supertype))) => {
                let supertype = Some(Arc::clone(supertype));
                Canonical::Array(Arc::new(ArrayTypeRecord::new(head, ty, supertype)))
            }
            (CompositeType::Cont(ty), None | Some(Canonical::Cont(_))) => {
                Canonical::Cont(Arc::new(ContTypeRecord { head, ty }))
            }
            _ => return None,
        })
    }

    /// The type as the heap of a store needs it; `None` for a function.
    fn collected(&self) -> Option<CollectedType> {
        match self {
            Canonical::Func(_) => None,
            Canonical::Struct(record) => Some(CollectedType::Struct(NonNull::from(&**record))),
            Canonical::Array(record) => Some(CollectedType::Array(NonNull::from(&**record))),
            Canonical::Cont(_) => Some(CollectedType::Cont),
        }
    }

    /// Its place among all types.
    fn head(&self) -> &TypeRecord {
        match self {
            Canonical::Func(record) => &record.head,
            Canonical::Struct(record) => &record.head,
            Canonical::Array(record) => &record.head,
            Canonical::Cont(record) => &record.head,
        }
    }
}

/// The types of a module as its engine knows them, by type index.
#[derive(Debug, Default)]
pub(crate) struct ModuleTypes {
    /// The canonical ids.
    pub(crate) ids: Vec<u32>,
    /// The records of function types; null for other types. They live as long as the engine.
    pub(crate) records: Vec<*const FuncTypeRecord>,
    /// The types of structures, arrays and continuations among them.
    pub(crate) collected: Vec<(TypeIndex, CollectedType)>,
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
            self.learn_names(artifact, &types.ids);
            let inner = self.read();
            types.records = types.ids.iter().map(|id| inner.record(*id)).collect();
            let collected = (0..).zip(&types.ids).filter_map(|(index, id)| {
                Some((TypeIndex::new(index), inner.types.get(*id as usize)?.collected()?))
            });
            types.collected = collected.collect();
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

    /// Remembers the names that an artifact has for its types.
    fn learn_names(&self, artifact: &Artifact<'_>, ids: &[u32]) {
        let named = (0..).zip(ids).filter_map(|(index, id)| {
            Some((*id, artifact.type_name(TypeIndex::new(index)).filter(|it| !it.is_empty())?))
        });
        let mut named = named.peekable();
        if named.peek().is_none() {
            return;
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        for (id, name) in named {
            inner.names.entry(id).or_insert_with(|| {
                let end = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(end, _)| end);
                name[..end].into()
            });
        }
    }

    /// The name that a module has for a type.
    pub(crate) fn name(&self, id: u32) -> Option<Arc<str>> {
        self.read().names.get(&id).cloned()
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

    /// Registers a type in a group of its own. It must be canonical.
    pub(crate) fn register_type(&self, ty: SubType) -> Result<Canonical> {
        let id = self.register_group(Box::new([ty]))?;
        Ok(self.get(id).unwrap_or_else(|| unreachable!("the type was registered")))
    }

    /// Registers a final function type with no supertype, in a group of its own. The type must be
    /// canonical.
    pub(crate) fn register_func(&self, ty: FuncType) -> Arc<FuncTypeRecord> {
        match self.register_type(SubType::func(ty)).expect("an engine has room for more types") {
            Canonical::Func(record) => record,
            _ => unreachable!("a function type was registered"),
        }
    }

    /// The type of an id.
    pub(crate) fn get(&self, id: u32) -> Option<Canonical> {
        self.read().types.get(id as usize).cloned()
    }

    /// Whether one type is the other, or declares it as a supertype, directly or through other
    /// types.
    pub(crate) fn is_subtype(&self, sub: u32, sup: u32) -> bool {
        if sub == sup {
            return true;
        }
        let inner = self.read();
        let head = |id: u32| inner.types.get(id as usize).map(Canonical::head);
        matches!((head(sub), head(sup)), (Some(sub), Some(sup)) if sub.is_subtype_of(sup))
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
        // Nothing is added before all of the group is known to be right.
        let mut group: Vec<Canonical> = Vec::with_capacity(key.len());
        for (id, ty) in (first..).zip(&key) {
            debug_assert_ne!(id, NO_TYPE_ID);
            let ty = map_sub_type(ty, &absolute)?;
            let supertype = match ty.supertype.map(|id| id.index()) {
                None => None,
                Some(id) => {
                    let known = match id.checked_sub(inner.types.len()) {
                        Some(place) => group.get(place),
                        None => inner.types.get(id),
                    };
                    let Some(known) = known else {
                        crate::bail!("a type has a supertype that is declared after it");
                    };
                    Some(known)
                }
            };
            let head = TypeRecord::new(id, ty.is_final, supertype.map(Canonical::head));
            let Some(head) = head else {
                crate::bail!("a type has more than {MAX_DEPTH} supertypes");
            };
            let Some(ty) = Canonical::new(head, ty.composite, supertype) else {
                crate::bail!("a type has a supertype of another kind, or with more fields");
            };
            group.push(ty);
        }
        inner.types.append(&mut group);
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
        match self.types.get(id as usize) {
            Some(Canonical::Func(record)) => Arc::as_ptr(record),
            _ => std::ptr::null(),
        }
    }
}

#[cfg(test)]
mod tests;
