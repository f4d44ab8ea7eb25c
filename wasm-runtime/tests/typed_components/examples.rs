//! What the documentation of Wasmtime's component API shows how to do, done here.

use wasm_runtime::component::{Component, HasSelf, Linker, Resource, ResourceTable, Val};
use wasm_runtime::{Engine, Result, Store};

use crate::echo::LIBC;

/// A component that greets whoever the host names.
fn greeter() -> String {
    format!(
        r#"(component
        (import "name" (func $name (result string)))
        {LIBC}
        (core func $name (canon lower (func $name)
            (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
        (core module $M
            (import "libc" "memory" (memory 1))
            (import "libc" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
            (import "host" "name" (func $name (param i32)))
            (data (i32.const 16) "Hello, ")
            (func (export "greet") (result i32)
                (local $text i32)
                (call $name (i32.const 0))
                (local.set $text (call $realloc (i32.const 0) (i32.const 0) (i32.const 1)
                    (i32.add (i32.load (i32.const 4)) (i32.const 8))))
                (memory.copy (local.get $text) (i32.const 16) (i32.const 7))
                (memory.copy (i32.add (local.get $text) (i32.const 7))
                    (i32.load (i32.const 0)) (i32.load (i32.const 4)))
                (i32.store8
                    (i32.add (local.get $text)
                        (i32.add (i32.load (i32.const 4)) (i32.const 7)))
                    (i32.const 33))
                (i32.store (i32.const 0) (local.get $text))
                (i32.store (i32.const 4)
                    (i32.add (i32.load (i32.const 4)) (i32.const 8)))
                (i32.const 0)))
        (core instance $m (instantiate $M
            (with "libc" (instance $libc))
            (with "host" (instance (export "name" (func $name))))))
        (func (export "greet") (result string) (canon lift (core func $m "greet")
            (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))"#
    )
}

#[test]
fn a_linker_is_configured_by_hand() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let component = Component::new(&engine, greeter())?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("name", |_store, _params: ()| Ok((String::from("Alice"),)))?;
    let instance = linker.instantiate(&mut store, &component)?;
    let func = instance.get_func(&mut store, "greet").expect("it is exported");
    let mut result = [Val::String("".into())];
    func.call(&mut store, &[], &mut result)?;
    assert_eq!(result, [Val::String("Hello, Alice!".into())]);
    // The same with static types, from an index that was looked up beforehand.
    let index = component.get_export_index(None, "greet").expect("it is exported");
    let typed = instance.get_typed_func::<(), (String,)>(&mut store, &index)?;
    assert_eq!(typed.call(&mut store, ())?.0, "Hello, Alice!");
    let typed = func.typed::<(), (String,)>(&store)?;
    assert_eq!(typed.call(&mut store, ())?.0, "Hello, Alice!");
    Ok(())
}

mod world_imports {
    //! Functions that a world imports.

    use super::*;

    wasm_runtime::component::bindgen!({
        inline: "
            package example:greeting;
            world greeter {
                import name: func() -> string;
                export greet: func() -> string;
            }
        ",
    });

    struct Host {
        name: String,
    }

    impl GreeterImports for Host {
        fn name(&mut self) -> String {
            self.name.clone()
        }
    }

    #[test]
    fn bindings_do_the_same() -> Result<()> {
        let engine = Engine::default();
        let component = Component::new(&engine, greeter())?;
        let mut linker = Linker::new(&engine);
        Greeter::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
        let mut store = Store::new(&engine, Host { name: "Bob".to_owned() });
        let bindings = Greeter::instantiate(&mut store, &component, &linker)?;
        assert_eq!(bindings.call_greet(&mut store)?, "Hello, Bob!");
        // What was looked up beforehand makes instances in any store.
        let pre = GreeterPre::new(linker.instantiate_pre(&component)?)?;
        for name in ["Carol", "Dan"] {
            let mut store = Store::new(&engine, Host { name: name.to_owned() });
            let bindings = pre.instantiate(&mut store)?;
            assert_eq!(bindings.call_greet(&mut store)?, format!("Hello, {name}!"));
        }
        // And those of an instance that was made in another way.
        let instance = linker.instantiate(&mut store, &component)?;
        let bindings = Greeter::new(&mut store, &instance)?;
        assert_eq!(bindings.call_greet(&mut store)?, "Hello, Bob!");
        Ok(())
    }
}

mod imported_resources {
    //! A resource that the host defines, in a table.

    use super::*;

    wasm_runtime::component::bindgen!({
        inline: "
            package example:resources;
            interface logging {
                enum level { debug, info, error }
                resource logger {
                    constructor(most: level);
                    most: func() -> level;
                    log: func(level: level, message: string);
                }
            }
            world program {
                import logging;
                export run: func();
            }
        ",
        with: { "example:resources/logging.logger": Logger },
        imports: { default: trappable },
    });

    use example::resources::logging::{Host, HostLogger, Level};

    #[derive(Debug)]
    pub struct Logger {
        most: Level,
        lines: Vec<String>,
    }

    #[derive(Default)]
    struct State {
        table: ResourceTable,
        dropped: Vec<Logger>,
    }

    impl Host for State {}

    impl HostLogger for State {
        fn new(&mut self, most: Level) -> Result<Resource<Logger>> {
            Ok(self.table.push(Logger { most, lines: Vec::new() })?)
        }

        fn most(&mut self, logger: Resource<Logger>) -> Result<Level> {
            Ok(self.table.get(&logger)?.most)
        }

        fn log(&mut self, logger: Resource<Logger>, level: Level, text: String) -> Result<()> {
            let logger = self.table.get_mut(&logger)?;
            if level as u8 >= logger.most as u8 {
                logger.lines.push(text);
            }
            Ok(())
        }

        fn drop(&mut self, logger: Resource<Logger>) -> Result<()> {
            self.dropped.push(self.table.delete(logger)?);
            Ok(())
        }
    }

    fn program() -> String {
        format!(
            r#"(component
            (import "example:resources/logging" (instance $logging
                (type $level-definition (enum "debug" "info" "error"))
                (export "level" (type $level (eq $level-definition)))
                (export "logger" (type $logger (sub resource)))
                (export "[constructor]logger"
                    (func (param "most" $level) (result (own $logger))))
                (export "[method]logger.most"
                    (func (param "self" (borrow $logger)) (result $level)))
                (export "[method]logger.log" (func (param "self" (borrow $logger))
                    (param "level" $level) (param "message" string)))))
            (alias export $logging "logger" (type $logger))
            {LIBC}
            (core func $new (canon lower (func $logging "[constructor]logger")))
            (core func $most (canon lower (func $logging "[method]logger.most")))
            (core func $log (canon lower (func $logging "[method]logger.log")
                (memory (core memory $libc "memory"))))
            (core func $drop (canon resource.drop $logger))
            (core module $M
                (import "libc" "memory" (memory 1))
                (import "host" "new" (func $new (param i32) (result i32)))
                (import "host" "most" (func $most (param i32) (result i32)))
                (import "host" "log" (func $log (param i32 i32 i32 i32)))
                (import "host" "drop" (func $drop (param i32)))
                (data (i32.const 16) "onetwo")
                (func (export "run")
                    (local $logger i32)
                    (local.set $logger (call $new (i32.const 1)))
                    (call $log (local.get $logger) (i32.const 0) (i32.const 16) (i32.const 3))
                    (call $log (local.get $logger) (call $most (local.get $logger))
                        (i32.const 19) (i32.const 3))
                    (call $drop (local.get $logger))))
            (core instance $m (instantiate $M
                (with "libc" (instance $libc))
                (with "host" (instance
                    (export "new" (func $new))
                    (export "most" (func $most))
                    (export "log" (func $log))
                    (export "drop" (func $drop))))))
            (func (export "run") (canon lift (core func $m "run"))))"#
        )
    }

    #[test]
    fn a_host_resource_lives_in_a_table() -> Result<()> {
        let engine = Engine::default();
        let component = Component::new(&engine, program())?;
        let mut linker = Linker::new(&engine);
        Program::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
        let mut store = Store::new(&engine, State::default());
        let program = Program::instantiate(&mut store, &component, &linker)?;
        program.call_run(&mut store)?;
        assert!(store.data().table.is_empty());
        let [logger] = &*store.data().dropped else { panic!("one logger is dropped") };
        assert_eq!(logger.lines, ["two"]);
        Ok(())
    }
}
