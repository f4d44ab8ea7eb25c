//! Random groups: what the registry says is equal or a subtype is what the definitions of the
//! specification say, spelled out, and what the validator says.

use proptest::prelude::*;
use wasm_types::wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wasm_types::{
    ArrayType, CompositeType, ContType, FieldType, FuncType, HeapType, Module, RecGroup, RefType,
    StorageType, StructType, SubType, TypeIndex, TypeKind, ValType,
};

use super::*;

/// Types in groups, valid, and with many that are equal.
#[derive(Debug)]
struct Types {
    types: Vec<SubType>,
    groups: Vec<RecGroup>,
    /// Of all types, also of those of the group at hand that are still to be made.
    kinds: Vec<TypeKind>,
}

/// What a group is made of: numbers, which are taken modulo what there is to choose from.
#[derive(Clone, Debug)]
enum GroupPlan {
    /// A copy of an earlier group.
    Again(usize),
    New(Vec<TypePlan>),
}

#[derive(Clone, Debug)]
struct TypePlan {
    is_final: bool,
    kind: usize,
    parts: Vec<usize>,
    supertype: Option<usize>,
}

impl TypePlan {
    fn kind(&self) -> TypeKind {
        [TypeKind::Func, TypeKind::Struct, TypeKind::Array, TypeKind::Cont][self.kind]
    }

    fn supertype_of(&self, open: &[usize]) -> Option<usize> {
        self.supertype.filter(|_| !open.is_empty()).map(|which| open[which % open.len()])
    }
}

fn group_plan() -> impl Strategy<Value = GroupPlan> {
    let supertype = prop::option::of(0..100_usize);
    let parts = prop::collection::vec(0..100_usize, 0..3);
    let ty = (any::<bool>(), 0..4_usize, parts, supertype).prop_map(
        |(is_final, kind, parts, supertype)| TypePlan { is_final, kind, parts, supertype },
    );
    prop_oneof![
        1 => (0..100_usize).prop_map(GroupPlan::Again),
        2 => prop::collection::vec(ty, 1..4).prop_map(GroupPlan::New),
    ]
}

impl Types {
    fn new(plans: Vec<GroupPlan>) -> Self {
        let mut all = Self { types: Vec::new(), groups: Vec::new(), kinds: Vec::new() };
        for plan in plans {
            let start = all.types.len();
            match plan {
                GroupPlan::Again(which) if !all.groups.is_empty() => {
                    let old = all.groups[which % all.groups.len()];
                    let (from, len) = (old.start.index(), old.len as usize);
                    let moved = |index: TypeIndex| match index.index().checked_sub(from) {
                        Some(place) if place < len => Ok((start + place) as u32),
                        _ => Ok(index.as_u32()),
                    };
                    let copy: Vec<_> = all.types[from..from + len]
                        .iter()
                        .map(|ty| map_sub_type(ty, &moved).unwrap())
                        .collect();
                    all.types.extend(copy);
                    all.kinds.extend_from_within(from..from + len);
                }
                GroupPlan::Again(_) => continue,
                GroupPlan::New(plans) => {
                    let end = start + plans.len();
                    let mut open = all.open();
                    for plan in &plans {
                        let kind = match plan.supertype_of(&open) {
                            Some(supertype) => all.kinds[supertype],
                            // Continuations are those of functions.
                            None if plan.kind() == TypeKind::Cont
                                && !all.kinds.contains(&TypeKind::Func) =>
                            {
                                TypeKind::Func
                            }
                            None => plan.kind(),
                        };
                        if !plan.is_final {
                            open.push(all.kinds.len());
                        }
                        all.kinds.push(kind);
                    }
                    for plan in plans {
                        let ty = all.make(&plan, end);
                        all.types.push(ty);
                    }
                }
            }
            let len = (all.types.len() - start) as u32;
            all.groups.push(RecGroup { start: TypeIndex::new(start as u32), len });
        }
        all
    }

    /// The types so far that may have subtypes.
    fn open(&self) -> Vec<usize> {
        (0..self.types.len()).filter(|place| !self.types[*place].is_final).collect()
    }

    /// A type that may refer to those before `end`.
    fn make(&self, plan: &TypePlan, end: usize) -> SubType {
        let supertype = plan.supertype_of(&self.open());
        let value = |part: &usize| match part % 3 {
            0 => ValType::I32,
            _ => ValType::Ref(RefType {
                nullable: true,
                heap: HeapType::Concrete(
                    TypeIndex::new((part / 3 % end) as u32),
                    self.kinds[part / 3 % end],
                ),
            }),
        };
        let field = |part: &usize| FieldType {
            storage: if part.is_multiple_of(7) {
                StorageType::I8
            } else {
                StorageType::Val(value(part))
            },
            mutable: part.is_multiple_of(2),
        };
        let fresh = match self.kinds[self.types.len()] {
            TypeKind::Func => CompositeType::Func(FuncType::new(plan.parts.iter().map(value), [])),
            TypeKind::Struct => {
                CompositeType::Struct(StructType { fields: plan.parts.iter().map(field).collect() })
            }
            TypeKind::Array => {
                CompositeType::Array(ArrayType(field(plan.parts.first().unwrap_or(&0))))
            }
            TypeKind::Cont => {
                let before = 0..self.types.len();
                let funcs: Vec<_> =
                    before.filter(|place| self.kinds[*place] == TypeKind::Func).collect();
                let of = funcs[plan.parts.first().unwrap_or(&0) % funcs.len()];
                CompositeType::Cont(ContType(TypeIndex::new(of as u32)))
            }
        };
        let composite = match supertype.map(|place| &self.types[place].composite) {
            None => fresh,
            // What is there already must be matched; a structure may have more.
            Some(CompositeType::Struct(ty)) => {
                let more = plan.parts.iter().map(field).take(1);
                CompositeType::Struct(StructType {
                    fields: ty.fields.iter().copied().chain(more).collect(),
                })
            }
            Some(same) => same.clone(),
        };
        let supertype = supertype.map(|place| TypeIndex::new(place as u32));
        SubType { is_final: plan.is_final, supertype, composite }
    }

    fn group_of(&self, index: TypeIndex) -> RecGroup {
        let within = |group: &&RecGroup| index.as_u32() < group.start.as_u32() + group.len;
        *self.groups.iter().find(within).expect("each type is in a group")
    }

    /// Whether two types are equal: they have the same place in groups whose types are equal one by
    /// one, where references within the groups are equal if they go to the same place (Wasm 3.0,
    /// section 3.2.2).
    fn equal(&self, a: TypeIndex, b: TypeIndex) -> bool {
        let (x, y) = (self.group_of(a), self.group_of(b));
        if a.as_u32() - x.start.as_u32() != b.as_u32() - y.start.as_u32() || x.len != y.len {
            return false;
        }
        if x == y {
            return a == b;
        }
        let same = |a: TypeIndex, b: TypeIndex| match (place_in(x, a), place_in(y, b)) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.equal(a, b),
            _ => false,
        };
        (0..x.len).all(|place| {
            let ty = |group: RecGroup| &self.types[(group.start.as_u32() + place) as usize];
            equal_but_for_references(ty(x), ty(y), &same)
        })
    }

    fn subtype(&self, a: TypeIndex, b: TypeIndex) -> bool {
        self.equal(a, b)
            || self.types[a.index()].supertype.is_some_and(|above| self.subtype(above, b))
    }
}

fn place_in(group: RecGroup, index: TypeIndex) -> Option<u32> {
    index.as_u32().checked_sub(group.start.as_u32()).filter(|place| *place < group.len)
}

fn equal_but_for_references(
    a: &SubType,
    b: &SubType,
    same: &dyn Fn(TypeIndex, TypeIndex) -> bool,
) -> bool {
    let values = |a: ValType, b: ValType| match (a, b) {
        (ValType::Ref(x), ValType::Ref(y)) => {
            x.nullable == y.nullable
                && match (x.heap, y.heap) {
                    (HeapType::Concrete(x, a), HeapType::Concrete(y, b)) => a == b && same(x, y),
                    (x, y) => x == y,
                }
        }
        (a, b) => a == b,
    };
    let fields = |a: &FieldType, b: &FieldType| {
        a.mutable == b.mutable
            && match (a.storage, b.storage) {
                (StorageType::Val(a), StorageType::Val(b)) => values(a, b),
                (a, b) => a == b,
            }
    };
    let supertypes = match (a.supertype, b.supertype) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a == b,
    };
    let composites = match (&a.composite, &b.composite) {
        (CompositeType::Func(a), CompositeType::Func(b)) => {
            a.params().len() == b.params().len()
                && a.params().iter().zip(b.params()).all(|(a, b)| values(*a, *b))
        }
        (CompositeType::Struct(a), CompositeType::Struct(b)) => {
            a.fields.len() == b.fields.len()
                && a.fields.iter().zip(&b.fields).all(|(a, b)| fields(a, b))
        }
        (CompositeType::Array(a), CompositeType::Array(b)) => fields(&a.0, &b.0),
        (CompositeType::Cont(a), CompositeType::Cont(b)) => same(a.0, b.0),
        _ => false,
    };
    a.is_final == b.is_final && supertypes && composites
}

/// The module with these types, in the text format.
fn text(all: &Types) -> String {
    let mut text = String::from("(module");
    for group in &all.groups {
        text.push_str(" (rec");
        let start = group.start.index();
        for ty in &all.types[start..start + group.len as usize] {
            text.push_str(&format!(" (type {ty})"));
        }
        text.push(')');
    }
    text + ")"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equality_and_subtypes_are_as_defined(plans in prop::collection::vec(group_plan(), 1..9)) {
        let all = Types::new(plans);
        let registry = TypeRegistry::default();
        let ids = registry.register_module(&all.types, &all.groups).unwrap();
        let wasm = wat::parse_str(text(&all)).unwrap();
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        for payload in Parser::new(0).parse_all(&wasm) {
            let payload = payload.unwrap();
            let is_end = matches!(payload, Payload::End(_));
            if !is_end {
                validator.payload(&payload).unwrap_or_else(|error| panic!("{error}: {}", text(&all)));
            }
        }
        let validated = validator.types(0).unwrap();
        let every = || (0..all.types.len() as u32).map(TypeIndex::new);
        for (a, b) in every().flat_map(|a| every().map(move |b| (a, b))) {
            let (x, y) = (ids[a.index()], ids[b.index()]);
            prop_assert_eq!(x == y, all.equal(a, b), "{} {}: {}", a, b, text(&all));
            prop_assert_eq!(registry.is_subtype(x, y), all.subtype(a, b), "{} {}: {}", a, b, text(&all));
            let id = |index: TypeIndex| validated.core_type_at_in_module(index.as_u32());
            prop_assert_eq!(id(a) == id(b), x == y);
            let mut above = std::iter::successors(Some(id(a)), |ty| {
                validated[*ty].supertype_idxs.first()?.as_core_type_id()
            });
            prop_assert_eq!(above.any(|ty| ty == id(b)), registry.is_subtype(x, y));
        }
    }

    #[test]
    fn ids_do_not_depend_on_what_else_a_module_has(plans in prop::collection::vec(group_plan(), 1..6)) {
        let all = Types::new(plans);
        let registry = TypeRegistry::default();
        let ids = registry.register_module(&all.types, &all.groups).unwrap();
        let moved = |index: TypeIndex| Ok(index.as_u32() + 1);
        let mut types = vec![SubType::func(FuncType::new([ValType::F64], []))];
        types.extend(all.types.iter().map(|ty| map_sub_type(ty, &moved).unwrap()));
        let first = RecGroup { start: TypeIndex::new(0), len: 1 };
        let others = all.groups.iter().map(|group| {
            RecGroup { start: TypeIndex::new(group.start.as_u32() + 1), ..*group }
        });
        let groups: Vec<_> = std::iter::once(first).chain(others).collect();
        let again = registry.register_module(&types, &groups).unwrap();
        prop_assert_eq!(&again[1..], ids);
    }

    #[test]
    fn types_of_a_module_are_read_as_they_were_written(plans in prop::collection::vec(group_plan(), 1..6)) {
        let all = Types::new(plans);
        let wasm = wat::parse_str(text(&all)).unwrap();
        let module = Module::parse(&wasm, wasm_types::WasmFeatures::SUPPORTED).unwrap();
        prop_assert_eq!(module.types, all.types);
    }
}
