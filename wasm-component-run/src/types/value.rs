//! Types of values.

use wasm_component::{InterfaceType, TypeDef, TypeIndex};

use super::handle::Handle;
use crate::resource::ResourceType;

macro_rules! types {
    (
        primitive { $($primitive:ident $primitive_name:literal;)* }
        composed { $($(#[$doc:meta])* $variant:ident $of:ident $name:literal $unwrap:ident by $parts:expr;)* }
    ) => {
        /// The type of a value.
        ///
        /// Types of different components are equal if they have the same structure, with the same
        /// names, and their resources are the same.
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "the names of the component model")]
        pub enum Type {
            $($primitive,)*
            $($variant($of),)*
            Own(ResourceType),
            Borrow(ResourceType),
        }

        impl Type {
            pub(crate) fn new(handle: &Handle, ty: InterfaceType) -> Self {
                let resource = |resource| handle.instance_type().resource_type(resource);
                match ty {
                    $(InterfaceType::$primitive => Type::$primitive,)*
                    $(InterfaceType::$variant(index) => {
                        Type::$variant($of(Of { handle: handle.clone(), index }))
                    })*
                    InterfaceType::Own(index) => Type::Own(resource(index)),
                    InterfaceType::Borrow(index) => Type::Borrow(resource(index)),
                }
            }

            /// What a type of this kind is called: `u32`, `record`, `list`.
            pub fn desc(&self) -> &'static str {
                match self {
                    $(Type::$primitive => $primitive_name,)*
                    $(Type::$variant(_) => $name,)*
                    Type::Own(_) => "own",
                    Type::Borrow(_) => "borrow",
                }
            }

            $(
                #[doc = concat!("The type, which is `", $name, "`.")]
                ///
                /// # Panics
                ///
                /// If it is something else.
                pub fn $unwrap(&self) -> &$of {
                    match self {
                        Type::$variant(ty) => ty,
                        other => panic!("attempted to unwrap a {} as a {}", other.desc(), $name),
                    }
                }
            )*
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $of(Of);

            impl PartialEq for $of {
                fn eq(&self, other: &Self) -> bool {
                    let parts: fn(&$of, &$of) -> bool = $parts;
                    self.0.is_same(&other.0) || parts(self, other)
                }
            }

            impl Eq for $of {}
        )*
    };
}

types! {
    primitive {
    Bool "bool";
    S8 "s8";
    U8 "u8";
    S16 "s16";
    U16 "u16";
    S32 "s32";
    U32 "u32";
    S64 "s64";
    U64 "u64";
    Float32 "f32";
    Float64 "f64";
    Char "char";
    String "string";
    }
    composed {
    /// `list<T>`.
    List List "list" unwrap_list by |a, b| a.ty() == b.ty();
    /// `map<K, V>`.
    Map Map "map" unwrap_map by |a, b| a.key() == b.key() && a.value() == b.value();
    /// A record.
    Record Record "record" unwrap_record by |a, b| a.fields().eq(b.fields());
    /// A tuple.
    Tuple Tuple "tuple" unwrap_tuple by |a, b| a.types().eq(b.types());
    /// A variant.
    Variant Variant "variant" unwrap_variant by |a, b| a.cases().eq(b.cases());
    /// An enumeration.
    Enum Enum "enum" unwrap_enum by |a, b| a.names().eq(b.names());
    /// `option<T>`.
    Option OptionType "option" unwrap_option by |a, b| a.ty() == b.ty();
    /// `result<T, E>`.
    Result ResultType "result" unwrap_result by |a, b| a.ok() == b.ok() && a.err() == b.err();
    /// Flags.
    Flags Flags "flags" unwrap_flags by |a, b| a.names().eq(b.names());
    /// `list<T, N>`.
    FixedLengthList FixedLengthList "list<_, N>" unwrap_fixed_length_list
        by |a, b| a.len() == b.len() && a.ty() == b.ty();
    }
}

impl Type {
    /// The resource, which is owned.
    ///
    /// # Panics
    ///
    /// If it is something else.
    pub fn unwrap_own(&self) -> &ResourceType {
        match self {
            Type::Own(ty) => ty,
            other => panic!("attempted to unwrap a {} as a own", other.desc()),
        }
    }

    /// The resource, which is borrowed.
    ///
    /// # Panics
    ///
    /// If it is something else.
    pub fn unwrap_borrow(&self) -> &ResourceType {
        match self {
            Type::Borrow(ty) => ty,
            other => panic!("attempted to unwrap a {} as a borrow", other.desc()),
        }
    }
}

/// A type with an index.
#[derive(Clone, Debug)]
struct Of {
    handle: Handle,
    index: TypeIndex,
}

impl Of {
    fn def(&self) -> TypeDef<'_> {
        self.handle.def(self.index)
    }

    fn part(&self, ty: InterfaceType) -> Type {
        Type::new(&self.handle, ty)
    }

    /// Whether both are one type of one component. If not, their parts are to be compared.
    fn is_same(&self, other: &Self) -> bool {
        self.index == other.index && self.handle.is_same(&other.handle)
    }
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub ty: Type,
}

/// A case of a variant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its payload, if it has one.
    pub ty: Option<Type>,
}

/// What is behind an index is what the kind of the type says.
fn wrong_kind() -> ! {
    unreachable!("the plan has a type of another kind than it said")
}

impl List {
    /// The type of the elements.
    pub fn ty(&self) -> Type {
        match self.0.def() {
            TypeDef::List(element) => self.0.part(element),
            _ => wrong_kind(),
        }
    }
}

impl FixedLengthList {
    /// The type of the elements.
    pub fn ty(&self) -> Type {
        match self.0.def() {
            TypeDef::FixedLengthList { element, .. } => self.0.part(element),
            _ => wrong_kind(),
        }
    }

    /// How many elements there are.
    #[allow(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> u32 {
        match self.0.def() {
            TypeDef::FixedLengthList { length, .. } => length,
            _ => wrong_kind(),
        }
    }
}

impl Map {
    /// The type of the keys.
    pub fn key(&self) -> Type {
        match self.0.def() {
            TypeDef::Map { key, .. } => self.0.part(key),
            _ => wrong_kind(),
        }
    }

    /// The type of the values.
    pub fn value(&self) -> Type {
        match self.0.def() {
            TypeDef::Map { value, .. } => self.0.part(value),
            _ => wrong_kind(),
        }
    }
}

impl Record {
    /// The fields, in their order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        let TypeDef::Record(fields) = self.0.def() else { wrong_kind() };
        let fields: Vec<_> = fields
            .iter()
            .flatten()
            .map(|field| Field { name: field.name, ty: self.0.part(field.ty) })
            .collect();
        fields.into_iter()
    }
}

impl Tuple {
    /// The types of the values, in their order.
    pub fn types(&self) -> impl ExactSizeIterator<Item = Type> + '_ {
        let TypeDef::Tuple(fields) = self.0.def() else { wrong_kind() };
        let types: Vec<_> = fields.iter().flatten().map(|field| self.0.part(field.ty)).collect();
        types.into_iter()
    }
}

impl Variant {
    /// The cases, in their order.
    pub fn cases(&self) -> impl ExactSizeIterator<Item = Case<'_>> {
        let TypeDef::Variant(cases) = self.0.def() else { wrong_kind() };
        let cases: Vec<_> = cases
            .iter()
            .flatten()
            .map(|case| Case { name: case.name, ty: case.ty.map(|ty| self.0.part(ty)) })
            .collect();
        cases.into_iter()
    }
}

impl Enum {
    /// The names of the cases, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        let TypeDef::Enum { labels, .. } = self.0.def() else { wrong_kind() };
        let names: Vec<_> = labels.iter().flatten().collect();
        names.into_iter()
    }
}

impl OptionType {
    /// The type of the value, if there is one.
    pub fn ty(&self) -> Type {
        match self.0.def() {
            TypeDef::Option { some, .. } => self.0.part(some),
            _ => wrong_kind(),
        }
    }
}

impl ResultType {
    /// The type of what `ok` has, if it has something.
    pub fn ok(&self) -> Option<Type> {
        match self.0.def() {
            TypeDef::Result { ok, .. } => ok.map(|ty| self.0.part(ty)),
            _ => wrong_kind(),
        }
    }

    /// The type of what `err` has, if it has something.
    pub fn err(&self) -> Option<Type> {
        match self.0.def() {
            TypeDef::Result { err, .. } => err.map(|ty| self.0.part(ty)),
            _ => wrong_kind(),
        }
    }
}

impl Flags {
    /// The names of the flags, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        let TypeDef::Flags(labels) = self.0.def() else { wrong_kind() };
        let names: Vec<_> = labels.iter().flatten().collect();
        names.into_iter()
    }
}
