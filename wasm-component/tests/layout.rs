//! Layout and flattening of random types, compared with the specification's own way to compute
//! them: one value after the other, without anything that is kept.

use proptest::collection::vec;
use proptest::prelude::*;
use wasm_component::write::TypesBuilder;
use wasm_component::{FlatType, InterfaceType, MAX_FLAT_PARAMS, TypeDef};

/// A type, as a tree.
#[derive(Clone, Debug)]
enum Tree {
    Primitive(InterfaceType, u32, FlatType),
    String,
    List(Box<Tree>),
    Fixed(Box<Tree>, u32),
    Record(Vec<Tree>),
    Tuple(Vec<Tree>),
    Variant(Vec<Option<Tree>>),
    Option(Box<Tree>),
    Result(Box<Option<Tree>>, Box<Option<Tree>>),
    Enum(usize),
    Flags(usize),
}

impl Tree {
    fn alignment(&self) -> u32 {
        match self {
            Self::Primitive(_, size, _) => *size,
            Self::String | Self::List(_) => 4,
            Self::Fixed(element, _) => element.alignment(),
            Self::Record(fields) | Self::Tuple(fields) => {
                fields.iter().map(Self::alignment).max().unwrap_or(1)
            }
            Self::Flags(count) => match count {
                0..=8 => 1,
                9..=16 => 2,
                _ => 4,
            },
            _ => {
                let cases = self.cases();
                let payloads = cases.iter().flatten().map(Self::alignment);
                payloads.max().unwrap_or(1).max(discriminant(cases.len()))
            }
        }
    }

    fn size(&self) -> u32 {
        match self {
            Self::Primitive(_, size, _) => *size,
            Self::String | Self::List(_) => 8,
            Self::Fixed(element, length) => element.size() * length,
            Self::Record(fields) | Self::Tuple(fields) => {
                let mut end = 0;
                for field in fields {
                    end = up(end, field.alignment()) + field.size();
                }
                up(end, self.alignment())
            }
            Self::Flags(count) => match count {
                0 => 0,
                1..=8 => 1,
                9..=16 => 2,
                _ => 4 * count.div_ceil(32) as u32,
            },
            _ => {
                let cases = self.cases();
                let payloads = || cases.iter().flatten();
                let start = up(
                    discriminant(cases.len()),
                    payloads().map(Self::alignment).max().unwrap_or(1),
                );
                up(start + payloads().map(Self::size).max().unwrap_or(0), self.alignment())
            }
        }
    }

    fn flat(&self) -> Vec<FlatType> {
        match self {
            Self::Primitive(_, _, flat) => vec![*flat],
            Self::String | Self::List(_) => vec![FlatType::I32; 2],
            Self::Fixed(element, length) => element.flat().repeat(*length as usize),
            Self::Record(fields) | Self::Tuple(fields) => {
                fields.iter().flat_map(Self::flat).collect()
            }
            Self::Flags(count) => vec![FlatType::I32; count.div_ceil(32)],
            _ => {
                let mut joined: Vec<FlatType> = Vec::new();
                for case in self.cases().iter().flatten() {
                    for (place, ty) in case.flat().into_iter().enumerate() {
                        match joined.get(place) {
                            None => joined.push(ty),
                            Some(with) if *with == ty => {}
                            Some(FlatType::I32 | FlatType::F32)
                                if matches!(ty, FlatType::I32 | FlatType::F32) =>
                            {
                                joined[place] = FlatType::I32;
                            }
                            Some(_) => joined[place] = FlatType::I64,
                        }
                    }
                }
                joined.insert(0, FlatType::I32);
                joined
            }
        }
    }

    /// The payloads of what is a variant.
    fn cases(&self) -> Vec<Option<Self>> {
        match self {
            Self::Variant(cases) => cases.clone(),
            Self::Option(some) => vec![None, Some((**some).clone())],
            Self::Result(ok, err) => vec![(**ok).clone(), (**err).clone()],
            Self::Enum(count) => vec![None; *count],
            _ => Vec::new(),
        }
    }

    fn build(&self, builder: &mut TypesBuilder) -> InterfaceType {
        let built = |builder: &mut TypesBuilder, of: &[Self]| -> Vec<InterfaceType> {
            of.iter().map(|of| of.build(builder)).collect()
        };
        let labels = |count: usize| (0..count).map(|n| format!("l{n}")).collect::<Vec<_>>();
        match self {
            Self::Primitive(ty, ..) => *ty,
            Self::String => InterfaceType::String,
            Self::List(element) => {
                let element = element.build(builder);
                builder.list(element).unwrap()
            }
            Self::Fixed(element, length) => {
                let element = element.build(builder);
                builder.fixed_length_list(element, *length).unwrap()
            }
            Self::Record(fields) => {
                let (names, types) = (labels(fields.len()), built(builder, fields));
                let fields: Vec<_> = names.iter().map(String::as_str).zip(types).collect();
                builder.record(&fields).unwrap()
            }
            Self::Tuple(fields) => {
                let types = built(builder, fields);
                builder.tuple(&types).unwrap()
            }
            Self::Variant(cases) => {
                let names = labels(cases.len());
                let types = cases.iter().map(|case| case.as_ref().map(|of| of.build(builder)));
                let types: Vec<_> = types.collect();
                let cases: Vec<_> = names.iter().map(String::as_str).zip(types).collect();
                builder.variant(&cases).unwrap()
            }
            Self::Option(some) => {
                let some = some.build(builder);
                builder.option(some).unwrap()
            }
            Self::Result(ok, err) => {
                let ok = (**ok).as_ref().map(|of| of.build(builder));
                let err = (**err).as_ref().map(|of| of.build(builder));
                builder.result(ok, err).unwrap()
            }
            Self::Enum(count) => {
                let names = labels(*count);
                builder.enumeration(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
            }
            Self::Flags(count) => {
                let names = labels(*count);
                builder.flags(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
            }
        }
    }
}

fn up(offset: u32, alignment: u32) -> u32 {
    offset.div_ceil(alignment) * alignment
}

fn discriminant(cases: usize) -> u32 {
    match cases {
        0..=256 => 1,
        257..=65_536 => 2,
        _ => 4,
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Primitive(InterfaceType::Bool, 1, FlatType::I32)),
        Just(Tree::Primitive(InterfaceType::S16, 2, FlatType::I32)),
        Just(Tree::Primitive(InterfaceType::Char, 4, FlatType::I32)),
        Just(Tree::Primitive(InterfaceType::U64, 8, FlatType::I64)),
        Just(Tree::Primitive(InterfaceType::Float32, 4, FlatType::F32)),
        Just(Tree::Primitive(InterfaceType::Float64, 8, FlatType::F64)),
        Just(Tree::String),
        (1_usize..300).prop_map(Tree::Enum),
        (1_usize..=32).prop_map(Tree::Flags),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let payload = proptest::option::of(inner.clone());
        prop_oneof![
            inner.clone().prop_map(|of| Tree::List(Box::new(of))),
            (inner.clone(), 1_u32..4).prop_map(|(of, length)| Tree::Fixed(Box::new(of), length)),
            vec(inner.clone(), 1..5).prop_map(Tree::Record),
            vec(inner.clone(), 1..5).prop_map(Tree::Tuple),
            vec(payload.clone(), 1..5).prop_map(Tree::Variant),
            inner.prop_map(|of| Tree::Option(Box::new(of))),
            (payload.clone(), payload)
                .prop_map(|(ok, err)| Tree::Result(Box::new(ok), Box::new(err))),
        ]
    })
}

proptest! {
    #[test]
    fn layouts_and_flat_types_are_those_of_the_specification(tree in tree()) {
        let mut builder = TypesBuilder::new();
        let ty = tree.build(&mut builder);
        prop_assert_eq!(tree.build(&mut builder), ty, "equal types are one type");
        let types = builder.view();
        let layout = types.layout(ty).unwrap();
        prop_assert_eq!((layout.size, layout.align), (tree.size(), tree.alignment()));
        let flat = tree.flat();
        prop_assert_eq!(types.flat_count(ty).unwrap() as usize, flat.len());
        let known = types.flat(ty).unwrap();
        prop_assert_eq!(known.is_some(), flat.len() <= MAX_FLAT_PARAMS);
        if let Some(known) = known {
            prop_assert_eq!(known.as_slice(), flat.as_slice());
        }
        // The offsets of fields are where the specification's loop comes to.
        if let (Tree::Record(fields), Some(index)) = (&tree, ty.type_index()) {
            let TypeDef::Record(of) = types.get(index).unwrap() else { panic!() };
            let mut end = 0;
            for (field, of) in fields.iter().zip(of.iter()) {
                let start = up(end, field.alignment());
                prop_assert_eq!(of.unwrap().offset, start);
                end = start + field.size();
            }
        }
        let func = builder.func(&[("a", ty), ("b", ty)], Some(ty)).unwrap();
        let func = builder.view().func(func).unwrap();
        let twice = flat.len() * 2;
        let params = if twice <= MAX_FLAT_PARAMS { twice } else { 1 };
        let (lifted, lowered) = (func.lifted().unwrap(), func.lowered().unwrap());
        prop_assert_eq!(lifted.params.len(), params);
        prop_assert_eq!(lifted.results.len(), 1.min(flat.len()));
        prop_assert_eq!(lowered.params.len(), params + usize::from(flat.len() > 1));
        prop_assert_eq!(lowered.results.len(), usize::from(flat.len() == 1));
    }
}
