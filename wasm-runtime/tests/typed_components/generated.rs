//! Options of `bindgen!` that change what bindings do when they run.

use std::fmt::Write;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};
use wasm_runtime::component::{Component, HasSelf, Linker};
use wasm_runtime::{Config, Engine, Result, Store};

use crate::bindings::component;

mod named {
    wasm_runtime::component::bindgen!({
        inline: "
            package foo:foo@1.2.0;
            interface handler { handle: func(x: u32) -> u32; }
            world named {
                import handler;
                export run: func(x: u32) -> u32;
            }
        ",
        named_imports: { "foo:foo/handler@1.2.0": String },
    });
}

struct Host(String);

impl named::foo::foo::handler::Host for Host {
    fn handle(&mut self, x: u32) -> u32 {
        x
    }
}

impl named::named_imports::foo::foo::handler::Host for Host {
    fn handle(&mut self, id: String, x: u32) -> u32 {
        let _ = write!(self.0, "{id}({x}) ");
        x * 10
    }
}

/// One implementation serves all imports of an interface, and knows which one is called.
#[test]
fn imports_of_one_interface_are_told_apart() -> Result<()> {
    let engine = Engine::new(Config::new().wasm_component_model_implements(true))?;
    let component = Component::new(
        &engine,
        r#"(component
            (import "first" (implements "foo:foo/handler@1.2.0") (instance $a
                (export "handle" (func (param "x" u32) (result u32)))))
            (import "second" (implements "foo:foo/handler@1.2.0") (instance $b
                (export "handle" (func (param "x" u32) (result u32)))))
            (import "other" (instance))
            (alias export $a "handle" (func $a))
            (alias export $b "handle" (func $b))
            (core func $a (canon lower (func $a)))
            (core func $b (canon lower (func $b)))
            (core module $m
                (import "" "a" (func $a (param i32) (result i32)))
                (import "" "b" (func $b (param i32) (result i32)))
                (func (export "run") (param i32) (result i32)
                    (i32.add (call $a (local.get 0)) (call $b (i32.const 5)))))
            (core instance $i (instantiate $m (with "" (instance
                (export "a" (func $a)) (export "b" (func $b))))))
            (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run"))))"#,
    )?;
    let mut linker = Linker::<Host>::new(&engine);
    named::named_imports::foo::foo::handler::add_to_linker::<_, HasSelf<_>>(
        &mut linker,
        &component,
        |name| Ok(format!("<{name}>")),
        |host| host,
    )?;
    let mut store = Store::new(&engine, Host(String::new()));
    let bindings = named::Named::instantiate(&mut store, &component, &linker)?;
    assert_eq!(bindings.call_run(&mut store, 3)?, 80);
    assert_eq!(store.data().0, "<first>(3) <second>(5) ");
    let ty = component.component_type();
    let implements = |name| ty.get_import(&engine, name).and_then(|item| item.implements);
    assert_eq!(implements("first"), Some("foo:foo/handler@1.2.0"));
    assert_eq!(implements("other"), None);
    Ok(())
}

mod traced {
    wasm_runtime::component::bindgen!({
        inline: "
            package foo:foo;
            world traced {
                import double: func(x: u32) -> u32;
                export run: func(x: u32) -> u32;
            }
        ",
        imports: { default: tracing | trappable },
        include_component_type: true,
    });
}

struct Double;

impl traced::TracedImports for Double {
    fn double(&mut self, x: u32) -> Result<u32> {
        Ok(2 * x)
    }
}

/// Keeps what events say.
struct Events;

static SAID: Mutex<String> = Mutex::new(String::new());

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(&mut SAID.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(&mut SAID.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const WIT: &str = "
    package foo:foo;
    world traced {
        import double: func(x: u32) -> u32;
        export run: func(x: u32) -> u32;
    }
";

#[test]
fn calls_of_the_host_are_events() -> Result<()> {
    let module = r#"(module
        (import "$root" "double" (func $double (param i32) (result i32)))
        (func (export "run") (param i32) (result i32) (call $double (local.get 0))))"#;
    let engine = Engine::default();
    let component = Component::new(&engine, component(WIT, module))?;
    let mut linker = Linker::new(&engine);
    traced::Traced::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
    let mut store = Store::new(&engine, Double);
    let bindings = traced::Traced::instantiate(&mut store, &component, &linker)?;
    let _ = tracing::dispatcher::set_global_default(Dispatch::new(Events));
    assert_eq!(bindings.call_run(&mut store, 21)?, 42);
    let events = SAID.lock().unwrap().clone();
    for part in ["x=21", "double", "42"] {
        assert!(events.contains(part), "{part}: {events}");
    }
    Ok(())
}

/// What the bindings were made of can be read back from them.
#[test]
fn bindings_can_have_their_wit() {
    let decoded = wit_parser::decoding::decode_world(traced::COMPONENT_TYPE);
    let (resolve, world) = decoded.expect("a world");
    let world = &resolve.worlds[world];
    assert_eq!((&*world.name, world.imports.len(), world.exports.len()), ("traced", 1, 1));
}
