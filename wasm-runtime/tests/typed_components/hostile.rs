//! Guests that pass what is no value, whose `realloc` lies, which call back where they may not, and
//! which trap: each is an error, and does no harm.

use wasm_runtime::component::{Component, Lift, Linker, Lower, Resource, ResourceType, TypedFunc};
use wasm_runtime::{AsContextMut, Engine, Result, Store, StoreContextMut, Trap};

use crate::echo::LIBC;

/// A component with a function `f` that takes nothing; its core function has a body.
fn returning(result: &str, core_result: &str, body: &str) -> String {
    format!(
        r#"(component
            (core module $M
                (memory (export "memory") 1)
                (func (export "f") (result {core_result}) {body}))
            (core instance $m (instantiate $M))
            (func (export "f") (result {result})
                (canon lift (core func $m "f") (memory (core memory $m "memory")))))"#
    )
}

/// What is said of what a function returns.
fn returned<R: Lift + std::fmt::Debug>(
    result: &str,
    core_result: &str,
    body: &str,
) -> Result<String> {
    let engine = Engine::default();
    let component = Component::new(&engine, returning(result, core_result, body))?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(), (R,)>(&mut store, "f")?;
    let error = func.call(&mut store, ()).unwrap_err();
    // Whoever has broken a rule is not entered again.
    let again = func.call(&mut store, ()).unwrap_err();
    assert_eq!(again.downcast_ref::<Trap>(), Some(&Trap::CannotEnterComponent), "{again:#}");
    Ok(format!("{error:#}"))
}

/// Returns where a pair of words is.
fn pair(first: u32, second: u32) -> String {
    format!(
        "(i32.store (i32.const 8) (i32.const {first}))
         (i32.store (i32.const 12) (i32.const {second}))
         (i32.const 8)",
        first = first as i32,
        second = second as i32
    )
}

#[test]
fn pointers_out_of_bounds_or_not_aligned() -> Result<()> {
    let said = |message: Result<String>, part: &str| {
        let message = message?;
        assert!(message.contains(part), "{message}");
        Ok::<_, wasm_runtime::Error>(())
    };
    let bounds = "out of bounds";
    said(returned::<String>("string", "i32", "(i32.const 65532)"), bounds)?;
    said(returned::<String>("string", "i32", "(i32.const -8)"), bounds)?;
    said(returned::<String>("string", "i32", "(i32.const 2)"), "not aligned")?;
    said(returned::<String>("string", "i32", &pair(65536, 1)), bounds)?;
    said(returned::<String>("string", "i32", &pair(u32::MAX, u32::MAX)), bounds)?;
    said(returned::<String>("string", "i32", &pair(0, 65537)), bounds)?;
    said(returned::<Vec<u32>>("(list u32)", "i32", &pair(65536, 1)), bounds)?;
    said(returned::<Vec<u32>>("(list u32)", "i32", &pair(4, u32::MAX)), bounds)?;
    said(returned::<Vec<u32>>("(list u32)", "i32", &pair(0, 1 << 30)), bounds)?;
    said(returned::<Vec<u32>>("(list u32)", "i32", &pair(2, 1)), "not aligned")?;
    said(returned::<Vec<String>>("(list string)", "i32", &pair(0, 0x2000_0000)), bounds)?;
    Ok(())
}

#[test]
fn words_that_are_no_values() -> Result<()> {
    let invalid = |message: Result<String>, number: &str| {
        let message = message?;
        assert!(message.contains(number), "{message}");
        Ok::<_, wasm_runtime::Error>(())
    };
    invalid(returned::<char>("char", "i32", "(i32.const 0xd800)"), "0xd800")?;
    invalid(returned::<char>("char", "i32", "(i32.const 0x110000)"), "0x110000")?;
    invalid(returned::<char>("char", "i32", "(i32.const -1)"), "0xffffffff")?;
    invalid(returned::<Option<u8>>("(option u8)", "i32", &pair(2, 0)), "discriminant: 2")?;
    invalid(returned::<Result<(), ()>>("(result)", "i32", "(i32.const 2)"), "discriminant: 2")?;
    invalid(returned::<Result<(), ()>>("(result)", "i32", "(i32.const 256)"), "discriminant: 256")?;
    let text = "(i32.store8 (i32.const 0) (i32.const 0xff))";
    let message = returned::<String>("string", "i32", &format!("{text} {}", pair(0, 1)))?;
    assert!(message.contains("utf-8"), "{message}");
    Ok(())
}

#[test]
fn a_guest_that_traps_is_not_entered_again() -> Result<()> {
    let message = returned::<u32>("u32", "i32", "unreachable")?;
    assert!(message.contains("unreachable"), "{message}");
    Ok(())
}

/// A component that takes a string, and whose `realloc` has a body.
fn allocating(realloc: &str) -> String {
    format!(
        r#"(component
            (import "host" (func $host))
            (core func $lowered (canon lower (func $host)))
            (core module $M
                (import "host" "f" (func $host))
                (memory (export "memory") 1)
                (func (export "f") (param i32 i32))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc}))
            (core instance $m (instantiate $M
                (with "host" (instance (export "f" (func $lowered))))))
            (func (export "f") (param "list" (list u32))
                (canon lift
                    (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))"#
    )
}

fn allocated(realloc: &str) -> Result<String> {
    let engine = Engine::default();
    let component = Component::new(&engine, allocating(realloc))?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("host", |_: StoreContextMut<'_, ()>, (): ()| -> Result<()> {
        panic!("a guest may not call out of its `realloc`")
    })?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(&[u32],), ()>(&mut store, "f")?;
    let error = func.call(&mut store, (&[1, 2, 3],)).unwrap_err();
    Ok(format!("{error:#}"))
}

#[test]
fn reallocs_that_lie_trap_or_call_out() -> Result<()> {
    for (body, said) in [
        ("(i32.const 65532)", "beyond end of memory"),
        ("(i32.const -4)", "beyond end of memory"),
        ("(i32.const 2)", "not aligned"),
        ("unreachable", "unreachable"),
        ("(call $host) (i32.const 0)", "cannot leave component instance"),
    ] {
        let message = allocated(body)?;
        assert!(message.contains(said), "{body}: {message}");
    }
    Ok(())
}

#[test]
fn room_at_the_very_end_is_enough() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, allocating("(i32.const 65524)"))?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("host", |_: StoreContextMut<'_, ()>, (): ()| Ok(()))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(&[u32],), ()>(&mut store, "f")?;
    func.call(&mut store, (&[1, 2, 3],))?;
    Ok(())
}

#[test]
fn an_instance_in_a_call_is_not_entered() -> Result<()> {
    type Data = Option<TypedFunc<(), ()>>;
    let engine = Engine::default();
    let text = r#"(component
        (import "host" (func $host))
        (core func $lowered (canon lower (func $host)))
        (core module $M
            (import "host" "f" (func $host))
            (func (export "f") (call $host)))
        (core instance $m (instantiate $M
            (with "host" (instance (export "f" (func $lowered))))))
        (func (export "f") (canon lift (core func $m "f"))))"#;
    let component = Component::new(&engine, text)?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("host", |mut store: StoreContextMut<'_, Data>, (): ()| {
        if let Some(func) = *store.data() {
            let error = func.call(&mut store, ()).unwrap_err();
            let trap = error.downcast_ref::<Trap>();
            assert_eq!(trap, Some(&Trap::CannotEnterComponent), "{error:#}");
        }
        Ok(())
    })?;
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(), ()>(&mut store, "f")?;
    *store.data_mut() = Some(func);
    // The host has seen the error, and the call goes on.
    func.call(&mut store, ())?;
    func.call(&mut store, ())?;
    // Another instance in the same store may be entered.
    let other = linker.instantiate(&mut store, &component)?;
    *store.data_mut() = None;
    let other = other.get_typed_func::<(), ()>(&mut store, "f")?;
    other.call(store.as_context_mut(), ())
}

#[test]
fn the_error_of_a_host_function_comes_through() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(component
        (import "host" (func $host))
        (core func $lowered (canon lower (func $host)))
        (core module $M
            (import "host" "f" (func $host))
            (func (export "f") (call $host)))
        (core instance $m (instantiate $M
            (with "host" (instance (export "f" (func $lowered))))))
        (func (export "f") (canon lift (core func $m "f"))))"#;
    let component = Component::new(&engine, text)?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("host", |_: StoreContextMut<'_, ()>, (): ()| -> Result<()> {
        Err(std::io::Error::other("no such thing").into())
    })?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(), ()>(&mut store, "f")?;
    let error = func.call(&mut store, ()).unwrap_err();
    assert!(error.downcast_ref::<std::io::Error>().is_some(), "{error:?}");
    Ok(())
}

struct Thing;

/// Passes what the host gives it on to the host.
const HANDLES: &str = r#"(component
    (import "thing" (type $thing (sub resource)))
    (import "give" (func $give (result (own $thing))))
    (import "look" (func $look (param "thing" (borrow $thing)) (result u32)))
    (import "take" (func $take (param "thing" (own $thing))))
    (core func $give (canon lower (func $give)))
    (core func $look (canon lower (func $look)))
    (core func $take (canon lower (func $take)))
    (core module $M
        (import "host" "give" (func $give (result i32)))
        (import "host" "look" (func $look (param i32) (result i32)))
        (import "host" "take" (func $take (param i32)))
        (func (export "look-at-index") (param i32) (result i32) (call $look (local.get 0)))
        (func (export "give-look-take") (result i32)
            (local $thing i32)
            (local.set $thing (call $give))
            (call $look (local.get $thing))
            (call $take (local.get $thing)))
        (func (export "take-twice")
            (local $thing i32)
            (local.set $thing (call $give))
            (call $take (local.get $thing))
            (call $take (local.get $thing))))
    (core instance $m (instantiate $M (with "host" (instance
        (export "give" (func $give))
        (export "look" (func $look))
        (export "take" (func $take))))))
    (func (export "look-at-index") (param "index" u32) (result u32)
        (canon lift (core func $m "look-at-index")))
    (func (export "give-look-take") (result u32) (canon lift (core func $m "give-look-take")))
    (func (export "take-twice") (canon lift (core func $m "take-twice"))))"#;

#[test]
fn handles_that_a_guest_makes_up_are_refused() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, HANDLES)?;
    let mut linker: Linker<Vec<u32>> = Linker::new(&engine);
    let mut root = linker.root();
    root.resource("thing", ResourceType::host::<Thing>(), |mut store, rep| {
        store.data_mut().push(rep);
        Ok(())
    })?;
    root.func_wrap("give", |_, (): ()| Ok((Resource::<Thing>::new_own(7),)))?;
    root.func_wrap("look", |_, (thing,): (Resource<Thing>,)| {
        assert!(!thing.owned());
        Ok((thing.rep() + 1,))
    })?;
    root.func_wrap("take", |_, (thing,): (Resource<Thing>,)| {
        assert!(thing.owned());
        assert_eq!(thing.rep(), 7);
        Ok(())
    })?;
    let call = |name: &str, index: Option<u32>| -> Result<u32> {
        let mut store = Store::new(&engine, Vec::new());
        let instance = linker.instantiate(&mut store, &component)?;
        match index {
            Some(index) => {
                let func = instance.get_typed_func::<(u32,), (u32,)>(&mut store, name)?;
                Ok(func.call(&mut store, (index,))?.0)
            }
            None if name == "take-twice" => {
                instance.get_typed_func::<(), ()>(&mut store, name)?.call(&mut store, ())?;
                Ok(0)
            }
            None => {
                let func = instance.get_typed_func::<(), (u32,)>(&mut store, name)?;
                Ok(func.call(&mut store, ())?.0)
            }
        }
    };
    assert_eq!(call("give-look-take", None)?, 8);
    for index in [0, 1, 2, u32::MAX] {
        let error = call("look-at-index", Some(index)).unwrap_err();
        assert!(format!("{error:#}").contains("unknown handle index"), "{error:#}");
    }
    let error = call("take-twice", None).unwrap_err();
    assert!(format!("{error:#}").contains("unknown handle index"), "{error:#}");
    Ok(())
}

/// Something that is not in any memory is not asked for one.
#[test]
fn a_component_without_memory_passes_words() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(component
        (core module $M (func (export "f") (param i32) (result i32) (local.get 0)))
        (core instance $m (instantiate $M))
        (func (export "f") (param "n" u32) (result u32) (canon lift (core func $m "f"))))"#;
    let component = Component::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "f")?;
    assert_eq!(func.call(&mut store, (7,))?, (7,));
    // A function of unchecked types fails, or passes something else; nothing else can happen.
    let unchecked = TypedFunc::<(&str,), (String,)>::new_unchecked(*func.func());
    assert!(unchecked.call(&mut store, ("text",)).is_err());
    Ok(())
}

/// What is written for a value that is larger than the room is still in the memory.
#[test]
fn unchecked_types_write_nowhere_else() -> Result<()> {
    fn try_all<P: Lower + Default, R: Lift>(store: &mut Store<()>, func: TypedFunc<(), (u32,)>)
    where
        (P,): wasm_runtime::component::ComponentNamedList + Lower,
        (R,): wasm_runtime::component::ComponentNamedList + Lift,
    {
        let func = TypedFunc::<(P,), (R,)>::new_unchecked(*func.func());
        let _ = func.call(&mut *store, (P::default(),));
    }
    let engine = Engine::default();
    let text = format!(
        r#"(component {LIBC}
            (core module $M (func (export "f") (result i32) (i32.const 65532)))
            (core instance $m (instantiate $M))
            (func (export "f") (result u32)
                (canon lift (core func $m "f") (memory (core memory $libc "memory"))
                    (realloc (core func $libc "realloc")))))"#
    );
    let component = Component::new(&engine, text)?;
    for round in 0..4 {
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
        let func = instance.get_typed_func::<(), (u32,)>(&mut store, "f")?;
        match round {
            0 => try_all::<u64, u64>(&mut store, func),
            1 => try_all::<Vec<u64>, Vec<u64>>(&mut store, func),
            2 => try_all::<(u64, u64, u64), Option<String>>(&mut store, func),
            _ => try_all::<String, Result<Vec<String>, char>>(&mut store, func),
        }
    }
    Ok(())
}

mod noise {
    //! Memories full of anything, read as values of many types.

    use std::fmt::{Debug, Write};

    use proptest::prelude::*;
    use wasm_runtime::component::{Component, Lift, Linker};
    use wasm_runtime::{Engine, Result, Store};

    use crate::echo::Wit;
    use crate::types::{Color, Pair, Permissions, Shape};

    /// Reads a value wherever a guest says that it is.
    fn read<V: Wit + Lift + Debug>(engine: &Engine, memory: &[u8], places: &[u32]) -> Result<()> {
        let mut definitions = Vec::new();
        V::define(&mut definitions);
        let mut text = String::from("(component\n");
        for (name, definition) in &definitions {
            let _ = writeln!(
                text,
                "(type ${name}-definition {definition})
                 (import \"{name}\" (type ${name} (eq ${name}-definition)))"
            );
        }
        let data: String = memory.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = write!(
            text,
            r#"(core module $M
                (memory (export "memory") 1)
                (data (i32.const 0) "{data}")
                (func (export "f") (param i32) (result i32) (local.get 0)))
            (core instance $m (instantiate $M))
            (func (export "f") (param "place" u32) (result {})
                (canon lift (core func $m "f") (memory (core memory $m "memory")))))"#,
            V::wit()
        );
        let component = Component::new(engine, text)?;
        let linker = Linker::new(engine);
        for place in places {
            let mut store = Store::new(engine, ());
            let instance = linker.instantiate(&mut store, &component)?;
            let func = instance.get_typed_func::<(u32,), (V,)>(&mut store, "f")?;
            // A value or an error: nothing else, and no memory without bounds.
            let _ = func.call(&mut store, (*place,));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn any_memory_is_read_or_refused(
            // Small numbers are likely to be pointers, lengths and discriminants.
            memory in proptest::collection::vec(prop_oneof![3 => 0_u8..4, 1 => any::<u8>()], 0..300),
            near in proptest::collection::vec(0_u32..300, 6),
            far in any::<u32>(),
        ) {
            let engine = Engine::default();
            let places: Vec<u32> =
                near.iter().map(|place| place & !3).chain([far, 65532, 65536]).collect();
            let all = || -> Result<()> {
                read::<String>(&engine, &memory, &places)?;
                read::<Vec<Vec<String>>>(&engine, &memory, &places)?;
                read::<Vec<Shape>>(&engine, &memory, &places)?;
                read::<Shape>(&engine, &memory, &places)?;
                read::<Option<Pair<char, Vec<Color>>>>(&engine, &memory, &places)?;
                read::<(Permissions, Result<Vec<u64>, bool>)>(&engine, &memory, &places)
            };
            prop_assert!(all().is_ok());
        }
    }
}
