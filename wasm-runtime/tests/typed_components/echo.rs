//! A component that passes what it gets on to the host, and what the host returns back: each value
//! is lowered and lifted twice, in all four directions.

use std::fmt::Write;

use wasm_runtime::component::{Component, ComponentType, Lift, Linker, Lower, TypedFunc};
use wasm_runtime::{Engine, Result, Store, StoreContextMut};

/// A core type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flat {
    I32,
    I64,
    F32,
    F64,
}

impl Flat {
    fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::I32, Self::F32) | (Self::F32, Self::I32) => Self::I32,
            _ => Self::I64,
        }
    }
}

/// A type as the text format has it.
pub(crate) trait Wit {
    /// How it is named.
    fn wit() -> String;
    /// What it is passed as.
    fn flat() -> Vec<Flat>;
    /// Adds the types that need a name to those that are defined, by name and definition.
    fn define(_: &mut Vec<(String, String)>) {}
}

/// What the cases of a variant are passed as.
pub(crate) fn variant(cases: &[Vec<Flat>]) -> Vec<Flat> {
    let mut joined: Vec<Flat> = Vec::new();
    for case in cases {
        for (place, flat) in case.iter().enumerate() {
            match joined.get_mut(place) {
                Some(joined) => *joined = joined.join(*flat),
                None => joined.push(*flat),
            }
        }
    }
    joined.insert(0, Flat::I32);
    joined
}

/// A memory whose `realloc` gives ever new room, and other room in place of what there is.
pub(crate) const LIBC: &str = r#"
    (core module $Libc
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc")
            (param $old i32) (param $old_size i32) (param $align i32) (param $size i32)
            (result i32)
            (local $start i32)
            (local.set $start
                (i32.and
                    (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
                    (i32.sub (i32.const 0) (local.get $align))))
            (global.set $next (i32.add (local.get $start) (local.get $size)))
            (loop $grow
                (if (i32.gt_u
                        (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
                    (then
                        (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1))
                            (then unreachable))
                        br $grow)))
            (memory.copy (local.get $start) (local.get $old)
                (select
                    (local.get $old_size) (local.get $size)
                    (i32.lt_u (local.get $old_size) (local.get $size))))
            (local.get $start)))
    (core instance $libc (instantiate $Libc))"#;

/// A component that echoes a type.
pub(crate) fn component<V: Wit + ComponentType>(encoding: &str) -> String {
    let mut definitions = Vec::new();
    V::define(&mut definitions);
    let mut text = String::from("(component\n");
    for (name, definition) in &definitions {
        // What functions of the interface take has to have a name there.
        let _ = writeln!(
            text,
            "(type ${name}-definition {definition})
             (import \"{name}\" (type ${name} (eq ${name}-definition)))"
        );
    }
    let (wit, mut params) = (V::wit(), V::flat());
    assert_eq!(params.len(), V::FLAT_COUNT, "{wit}");
    let result = (params.len() <= 1).then(|| params.clone());
    if params.len() > 16 {
        params = vec![Flat::I32];
    }
    let list = |flats: &[Flat]| flats.iter().map(|f| f.name()).collect::<Vec<_>>().join(" ");
    let gets: String = (0..params.len()).map(|place| format!("(local.get {place}) ")).collect();
    let params = list(&params);
    let (more, results, room, place) = match &result {
        Some(result) => ("", list(result), String::new(), ""),
        None => (
            "i32",
            "i32".to_owned(),
            format!(
                "(local $room i32) (local.set $room (call $realloc
                    (i32.const 0) (i32.const 0) (i32.const {}) (i32.const {})))",
                V::ALIGN32,
                V::SIZE32
            ),
            "(local.get $room)",
        ),
    };
    let lowered = if result.is_some() { results.clone() } else { String::new() };
    let options = format!(
        "(memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\")) {encoding}"
    );
    let _ = write!(
        text,
        r#"
        (import "host" (func $host (param "value" {wit}) (result {wit})))
        {LIBC}
        (core func $lowered (canon lower (func $host) {options}))
        (core module $Echo
            (import "libc" "realloc"
                (func $realloc (param i32 i32 i32 i32) (result i32)))
            (import "host" "echo" (func $host (param {params} {more}) (result {lowered})))
            (func (export "echo") (param {params}) (result {results})
                {room}
                {gets} {place}
                (call $host)
                {place}))
        (core instance $echo (instantiate $Echo
            (with "libc" (instance $libc))
            (with "host" (instance (export "echo" (func $lowered))))))
        (func (export "echo") (param "value" {wit}) (result {wit})
            (canon lift (core func $echo "echo") {options})))"#
    );
    text
}

/// An echo component, with a store whose data is what the host was called with.
pub(crate) struct Echo<P, V: 'static> {
    pub store: Store<Vec<V>>,
    func: TypedFunc<(P,), (V,)>,
}

impl<P, V> Echo<P, V>
where
    P: Lower,
    V: Wit + Lift + Lower + Clone + Send + 'static,
{
    pub(crate) fn new(engine: &Engine, encoding: &str) -> Result<Self> {
        let component = Component::new(engine, component::<V>(encoding))?;
        let mut linker = Linker::new(engine);
        linker.root().func_wrap(
            "host",
            |mut store: StoreContextMut<'_, Vec<V>>, (value,): (V,)| {
                store.data_mut().push(value.clone());
                Ok((value,))
            },
        )?;
        let mut store = Store::new(engine, Vec::new());
        let instance = linker.instantiate(&mut store, &component)?;
        let func = instance.get_typed_func(&mut store, "echo")?;
        Ok(Self { store, func })
    }

    /// Passes a value, and returns what the host got and what came back.
    pub(crate) fn call(&mut self, value: P) -> Result<(V, V)> {
        let (back,) = self.func.call(&mut self.store, (value,))?;
        let got = self.store.data_mut().pop().expect("the host is called once for each call");
        Ok((got, back))
    }
}

macro_rules! primitive {
    ($($ty:ty, $wit:literal, $flat:ident;)*) => {$(
        impl Wit for $ty {
            fn wit() -> String {
                $wit.to_owned()
            }

            fn flat() -> Vec<Flat> {
                vec![Flat::$flat]
            }
        }
    )*};
}

primitive! {
    bool, "bool", I32;
    char, "char", I32;
    u8, "u8", I32;
    i8, "s8", I32;
    u16, "u16", I32;
    i16, "s16", I32;
    u32, "u32", I32;
    i32, "s32", I32;
    u64, "u64", I64;
    i64, "s64", I64;
    f32, "f32", F32;
    f64, "f64", F64;
}

macro_rules! strings {
    ($($ty:ty)*) => {$(
        impl Wit for $ty {
            fn wit() -> String {
                "string".to_owned()
            }

            fn flat() -> Vec<Flat> {
                vec![Flat::I32; 2]
            }
        }
    )*};
}

strings!(String Box<str> std::sync::Arc<str> std::borrow::Cow<'static, str>);

macro_rules! lists {
    ($($ty:ty)*) => {$(
        impl<E: Wit> Wit for $ty {
            fn wit() -> String {
                format!("(list {})", E::wit())
            }

            fn flat() -> Vec<Flat> {
                vec![Flat::I32; 2]
            }

            fn define(definitions: &mut Vec<(String, String)>) {
                E::define(definitions);
            }
        }
    )*};
}

lists!(Vec<E> Box<[E]> std::sync::Arc<[E]>);

impl<E: Wit, const N: usize> Wit for [E; N] {
    fn wit() -> String {
        format!("(list {} {N})", E::wit())
    }

    fn flat() -> Vec<Flat> {
        E::flat().repeat(N)
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        E::define(definitions);
    }
}

macro_rules! maps {
    ($($ty:ty)*) => {$(
        impl<K: Wit, V: Wit> Wit for $ty {
            fn wit() -> String {
                format!("(map {} {})", K::wit(), V::wit())
            }

            fn flat() -> Vec<Flat> {
                vec![Flat::I32; 2]
            }

            fn define(definitions: &mut Vec<(String, String)>) {
                K::define(definitions);
                V::define(definitions);
            }
        }
    )*};
}

maps!(std::collections::HashMap<K, V> std::collections::BTreeMap<K, V>);

impl<V: Wit> Wit for Option<V> {
    fn wit() -> String {
        format!("(option {})", V::wit())
    }

    fn flat() -> Vec<Flat> {
        variant(&[Vec::new(), V::flat()])
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        V::define(definitions);
    }
}

impl<O: Wit, E: Wit> Wit for Result<O, E> {
    fn wit() -> String {
        format!("(result {} (error {}))", O::wit(), E::wit())
    }

    fn flat() -> Vec<Flat> {
        variant(&[O::flat(), E::flat()])
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        O::define(definitions);
        E::define(definitions);
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Wit),*> Wit for ($($name,)*) {
            fn wit() -> String {
                let names: Vec<String> = vec![$($name::wit()),*];
                format!("(tuple {})", names.join(" "))
            }

            fn flat() -> Vec<Flat> {
                [$($name::flat()),*].concat()
            }

            fn define(definitions: &mut Vec<(String, String)>) {
                $($name::define(definitions);)*
            }
        }
    )*};
}

tuples!((A) (A B) (A B C) (A B C D) (A B C D E F G H));
