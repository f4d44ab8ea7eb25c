//! Components that give back what they are given: one that the host calls, and one that the first
//! calls, of types and with values that are made of any bytes.
//!
//! What the host passes in goes through the first component's memory to that of the second, through
//! an adapter, and all the way back. The core code knows nothing of the type: parameters that are
//! passed in memory begin with the value, so that their address is the address of the result.
//!
//! Or the first component passes on whatever is in its memory, to the second and to the host, which
//! have to agree on what it is.

use std::fmt::Write as _;

use wasm_runtime::component::{Component, Func, Instance, Linker, Val};
use wasm_runtime::{Engine, Error, Result, Store, Trap};

/// A type.
enum Ty {
    /// One that has its name and takes no more.
    Simple(&'static str),
    List(Box<Ty>),
    Tuple(Vec<Ty>),
    Option(Box<Ty>),
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    /// One of the types that are defined.
    Named(usize),
}

/// A type that has to be exported, to be used.
enum Named {
    Record(Vec<Ty>),
    Variant(Vec<Option<Ty>>),
    Enum(usize),
    Flags(usize),
}

const SIMPLE: [&str; 13] =
    ["u8", "bool", "s8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"];

/// What decisions are taken by; 0 when all is used up.
struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    fn bits(&mut self) -> u64 {
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte()))
    }

    fn ty(&mut self, depth: usize, named: &mut Vec<Named>) -> Ty {
        if depth == 0 {
            return Ty::Simple(SIMPLE[self.below(SIMPLE.len())]);
        }
        let depth = depth - 1;
        let payload = |bytes: &mut Self, named: &mut Vec<Named>| {
            (bytes.below(3) > 0).then(|| bytes.ty(depth, named))
        };
        let definition = match self.below(20) {
            0..4 => return Ty::Simple(SIMPLE[self.below(SIMPLE.len())]),
            4 | 5 => return Ty::Simple("string"),
            6..9 => return Ty::List(Box::new(self.ty(depth, named))),
            9 | 10 => {
                let fields = 1 + self.below(5);
                return Ty::Tuple((0..fields).map(|_| self.ty(depth, named)).collect());
            }
            11 | 12 => return Ty::Option(Box::new(self.ty(depth, named))),
            13 => {
                let (ok, err) = (payload(self, named), payload(self, named));
                return Ty::Result(ok.map(Box::new), err.map(Box::new));
            }
            14 => Named::Enum(1 + self.below(300)),
            15 => Named::Flags(1 + self.below(32)),
            16..18 => {
                let cases = 1 + self.below(5);
                Named::Variant((0..cases).map(|_| payload(self, named)).collect())
            }
            _ => {
                let fields = 1 + self.below(5);
                Named::Record((0..fields).map(|_| self.ty(depth, named)).collect())
            }
        };
        named.push(definition);
        Ty::Named(named.len() - 1)
    }

    fn text(&mut self) -> String {
        let (kind, length) = (self.below(5), self.below(40));
        (0..length)
            .map(|_| {
                let number = match kind {
                    0 => u32::from(self.byte()) % 0x80,
                    1 => u32::from(self.byte()),
                    _ => u32::from(self.byte()) << self.below(13),
                };
                char::from_u32(number).unwrap_or('x')
            })
            .collect()
    }

    fn value(&mut self, ty: &Ty, named: &[Named]) -> Val {
        let boxed = |bytes: &mut Self, ty: &Option<Box<Ty>>| {
            ty.as_ref().map(|ty| Box::new(bytes.value(ty, named)))
        };
        match ty {
            Ty::Simple(name) => self.simple(name),
            Ty::List(element) => {
                let length = self.below(8);
                Val::List((0..length).map(|_| self.value(element, named)).collect())
            }
            Ty::Tuple(fields) => {
                Val::Tuple(fields.iter().map(|field| self.value(field, named)).collect())
            }
            Ty::Option(some) => {
                let is_some = self.below(3) > 0;
                Val::Option(is_some.then(|| Box::new(self.value(some, named))))
            }
            Ty::Result(ok, err) => Val::Result(match self.below(2) {
                0 => Ok(boxed(self, ok)),
                _ => Err(boxed(self, err)),
            }),
            Ty::Named(place) => match &named[*place] {
                Named::Record(fields) => {
                    let value = |(place, field)| (format!("f{place}"), self.value(field, named));
                    Val::Record(fields.iter().enumerate().map(value).collect())
                }
                Named::Variant(cases) => {
                    let case = self.below(cases.len());
                    let payload = cases[case].as_ref().map(|ty| Box::new(self.value(ty, named)));
                    Val::Variant(format!("c{case}"), payload)
                }
                Named::Enum(cases) => Val::Enum(format!("c{}", self.bits() as usize % cases)),
                Named::Flags(count) => {
                    let bits = self.bits();
                    let set = (0..*count).filter(|flag| bits >> flag & 1 == 1);
                    Val::Flags(set.map(|flag| format!("l{flag}")).collect())
                }
            },
        }
    }

    fn simple(&mut self, name: &str) -> Val {
        let bits = self.bits();
        match name {
            "bool" => Val::Bool(bits & 1 == 1),
            "s8" => Val::S8(bits as i8),
            "u8" => Val::U8(bits as u8),
            "s16" => Val::S16(bits as i16),
            "u16" => Val::U16(bits as u16),
            "s32" => Val::S32(bits as i32),
            "u32" => Val::U32(bits as u32),
            "s64" => Val::S64(bits as i64),
            "u64" => Val::U64(bits),
            // Without what is no number, which need not keep its bits.
            "f32" => Val::Float32(bits as f32),
            "f64" => Val::Float64(bits as f64),
            "char" => Val::Char(char::from_u32((bits % 0x11_0000) as u32).unwrap_or('y')),
            _ => Val::String(self.text()),
        }
    }
}

impl Ty {
    /// The type in the text format; `prefix` is that of the names of what is defined.
    fn text(&self, prefix: &str) -> String {
        let optional = |ty: &Option<Box<Ty>>| ty.as_ref().map(|ty| ty.text(prefix));
        match self {
            Ty::Simple(name) => (*name).to_owned(),
            Ty::List(element) => format!("(list {})", element.text(prefix)),
            Ty::Tuple(fields) => {
                let fields: Vec<_> = fields.iter().map(|field| field.text(prefix)).collect();
                format!("(tuple {})", fields.join(" "))
            }
            Ty::Option(some) => format!("(option {})", some.text(prefix)),
            Ty::Result(ok, err) => {
                let err = optional(err).map(|err| format!("(error {err})")).unwrap_or_default();
                format!("(result {} {err})", optional(ok).unwrap_or_default())
            }
            Ty::Named(place) => format!("${prefix}{place}"),
        }
    }
}

impl Named {
    fn text(&self, prefix: &str) -> String {
        let mut text = String::new();
        let written = match self {
            Named::Record(fields) => {
                text.push_str("(record");
                fields.iter().enumerate().try_for_each(|(place, field)| {
                    write!(text, " (field \"f{place}\" {})", field.text(prefix))
                })
            }
            Named::Variant(cases) => {
                text.push_str("(variant");
                cases.iter().enumerate().try_for_each(|(place, case)| {
                    let payload = case.as_ref().map(|ty| ty.text(prefix)).unwrap_or_default();
                    write!(text, " (case \"c{place}\" {payload})")
                })
            }
            Named::Enum(cases) => {
                text.push_str("(enum");
                (0..*cases).try_for_each(|case| write!(text, " \"c{case}\""))
            }
            Named::Flags(count) => {
                text.push_str("(flags");
                (0..*count).try_for_each(|flag| write!(text, " \"l{flag}\""))
            }
        };
        written.expect("strings can be written to");
        text + ")"
    }
}

/// The parameters that make all of them be passed in memory.
const PADDING: usize = 17;

const ENCODINGS: [&str; 3] = ["utf8", "utf16", "latin1+utf16"];

/// Both components. The outer exports `run`, which passes what it gets to the inner one, and
/// returns what comes back; `relay`, which passes what is in its memory and returns what comes
/// back; and `get`, which returns it at once. `memory` is what is in its memory from the start.
fn component(ty: &Ty, named: &[Named], caller: &str, callee: &str, memory: &[u8]) -> String {
    let definitions = |export: fn(usize) -> String| -> String {
        named
            .iter()
            .enumerate()
            .map(|(place, named)| {
                format!("(type $d{place}' {})\n{}\n", named.text("d"), export(place))
            })
            .collect()
    };
    let inner = definitions(|place| format!("(export $d{place} \"d{place}\" (type $d{place}'))"));
    let imported =
        definitions(|place| format!("(export \"d{place}\" (type $d{place} (eq $d{place}')))"));
    let aliases: String = (0..named.len())
        .map(|place| format!("(alias export $c \"d{place}\" (type $e{place}))\n"))
        .collect();
    let function = |prefix: &str| {
        let padding: String =
            (0..PADDING).map(|place| format!(" (param \"p{place}\" u8)")).collect();
        let ty = ty.text(prefix);
        // Two values are not passed as one core value, whatever they are.
        format!("(param \"x\" (tuple {ty} u8)) {padding} (result (tuple {ty} u8))")
    };
    let contents =
        |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("\\{byte:02x}")).collect() };
    let libc = |memory: &[u8]| {
        let contents = contents(memory);
        format!(
            r#"
        (core module $Libc
          (memory (export "mem") 1 {MOST_PAGES})
          (data (i32.const {PLACE}) "{contents}")
          (global $next (mut i32) (i32.const 8192))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and
              (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
              (i32.sub (i32.const 0) (local.get 2))))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (block $enough
              (loop $more
                (br_if $enough (i32.le_u (global.get $next)
                  (i32.mul (memory.size) (i32.const 65536))))
                (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
                (br $more)))
            (memory.copy (local.get $at) (local.get 0)
              (select (local.get 1) (local.get 3) (i32.lt_u (local.get 1) (local.get 3))))
            (local.get $at)))
        (core instance $libc (instantiate $Libc))"#
        )
    };
    let (inner_libc, outer_libc) = (libc(&[]), libc(memory));
    let result = format!("(result (tuple {} u8))", ty.text("e"));
    let options = |encoding: &str| {
        format!(
            "string-encoding={encoding} (memory (core memory $libc \"mem\")) \
             (realloc (core func $libc \"realloc\"))"
        )
    };
    format!(
        r#"(component
  (component $C
    {inner} {inner_libc}
    (core module $M (func (export "f") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $M))
    (func (export "f") {} (canon lift (core func $m "f") {})))
  (component $D
    (import "c" (instance $c {imported} (export "f" (func {}))))
    {aliases} {outer_libc}
    (core func $f (canon lower (func $c "f") {}))
    (core module $M
      (import "" "f" (func $f (param i32 i32)))
      (import "" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (func $run (export "run") (param i32) (result i32)
        (local $to i32)
        (local.set $to (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 4096)))
        (call $f (local.get 0) (local.get $to))
        (local.get $to))
      (func (export "relay") (result i32) (call $run (i32.const {PLACE})))
      (func (export "get") (result i32) (i32.const {PLACE})))
    (core instance $m (instantiate $M (with "" (instance
      (export "f" (func $f)) (export "realloc" (func $libc "realloc"))))))
    (func (export "run") {} (canon lift (core func $m "run") {}))
    (func (export "relay") {result} (canon lift (core func $m "relay") {}))
    (func (export "get") {result} (canon lift (core func $m "get") {})))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "c" (instance $c))))
  (export "c" (instance $c))
  (export "d" (instance $d)))"#,
        function("d"),
        options(callee),
        function("d"),
        options(caller),
        function("e"),
        options(caller),
        options(caller),
        options(caller),
    )
}

/// Both components, with types of all kinds.
#[must_use]
pub fn example() -> String {
    let named = [
        Named::Record(vec![Ty::Simple("string"), Ty::Simple("f64")]),
        Named::Variant(vec![Some(Ty::Named(0)), None, Some(Ty::Simple("char"))]),
        Named::Enum(3),
        Named::Flags(9),
    ];
    let list = Ty::List(Box::new(Ty::Named(1)));
    let result = Ty::Result(Some(Box::new(Ty::Simple("u64"))), Some(Box::new(Ty::Named(2))));
    let ty = Ty::Tuple(vec![list, result, Ty::Option(Box::new(Ty::Named(3)))]);
    component(&ty, &named, "utf8", "latin1+utf16", &[])
}

/// The most pages that the memories have: what is passed is not more.
const MOST_PAGES: usize = 32;

/// Where the value is in the memory of the outer component.
const PLACE: usize = 64;

/// A function that the outer component exports.
fn exported(store: &mut Store<()>, instance: Instance, name: &str) -> Func {
    let outer = instance.get_export_index(&mut *store, None, "d");
    let index = instance.get_export_index(&mut *store, outer.as_ref(), name);
    instance.get_func(store, index.expect("it is exported")).expect("a function")
}

/// Makes a type and values of it, and two components, and compares what comes back.
///
/// # Errors
///
/// If a component is refused, or traps.
///
/// # Panics
///
/// If what comes back is not what was passed in.
pub fn check(engine: &Engine, input: &[u8]) -> Result<()> {
    let mut bytes = Bytes(input);
    let (caller, callee) = (ENCODINGS[bytes.below(3)], ENCODINGS[bytes.below(3)]);
    let mut named = Vec::new();
    let ty = bytes.ty(4, &mut named);
    let text = component(&ty, &named, caller, callee, &[]);
    let component = Component::new(engine, &text)?;
    let mut store = Store::new(engine, ());
    let instance = Linker::new(engine).instantiate(&mut store, &component)?;
    let run = exported(&mut store, instance, "run");
    for _ in 0..3 {
        let value = Val::Tuple(vec![bytes.value(&ty, &named), Val::U8(7)]);
        let mut params = vec![value.clone()];
        params.extend((0..PADDING).map(|place| Val::U8(place as u8)));
        let mut results = [Val::Bool(false)];
        run.call(&mut store, &params, &mut results)?;
        assert_eq!(results[0], value, "in {caller} and {callee}: {text}");
    }
    Ok(())
}

/// Makes a type and a memory, and compares what the host makes of what is in it with what comes to
/// the host through an adapter and another component: the same value, or nothing at all.
///
/// # Errors
///
/// If a component is refused.
///
/// # Panics
///
/// If one is a value and the other is not, or is another one.
pub fn check_hostile(engine: &Engine, input: &[u8]) -> Result<()> {
    let mut bytes = Bytes(input);
    let (caller, callee) = (ENCODINGS[bytes.below(3)], ENCODINGS[bytes.below(3)]);
    let mut named = Vec::new();
    let ty = bytes.ty(3, &mut named);
    let words = std::iter::from_fn(|| match bytes.0 {
        [] => None,
        // Pointers and lengths that could be some, discriminants, and anything.
        _ => Some(match bytes.below(4) {
            0 => u32::from(bytes.byte()) * 8,
            1 => u32::from(bytes.byte()),
            2 => bytes.below(3) as u32,
            _ => bytes.bits() as u32,
        }),
    });
    let memory: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    let text = component(&ty, &named, caller, callee, &memory);
    let component = Component::new(engine, &text)?;
    let call = |name| -> Result<Result<Val>> {
        let mut store = Store::new(engine, ());
        store.set_hostcall_fuel(1 << 22);
        let instance = Linker::new(engine).instantiate(&mut store, &component)?;
        let mut results = [Val::Bool(false)];
        let called = exported(&mut store, instance, name).call(&mut store, &[], &mut results);
        Ok(called.map(|()| std::mem::replace(&mut results[0], Val::Bool(false))))
    };
    match (call("get")?, call("relay")?) {
        // Not-a-numbers have no bits of their own, so that they are shown the same.
        (Ok(at_once), Ok(relayed)) => {
            assert_eq!(format!("{at_once:?}"), format!("{relayed:?}"), "{text}");
        }
        (Err(_), Err(_)) => {}
        // What overlaps takes more room where it was copied to.
        (Ok(_), Err(error)) => {
            let no_room = error.downcast_ref() == Some(&Trap::UnreachableCodeReached);
            assert!(no_room || is_of_fuel(&error), "{error:?}: {text}");
        }
        (Err(error), Ok(relayed)) => {
            assert!(is_of_fuel(&error), "{error:?}, and not {relayed:?}: {text}");
        }
    }
    Ok(())
}

fn is_of_fuel(error: &Error) -> bool {
    error.to_string().contains("fuel allocated for hostcalls")
}
