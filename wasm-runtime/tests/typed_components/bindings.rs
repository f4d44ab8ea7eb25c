//! Bindings of worlds that export interfaces and resources, and of functions that may wait. The
//! components are made of core modules by `wit-component`, as toolchains do.

use wasm_runtime::component::{Access, Component, HasData, HasSelf, Linker, Resource};
use wasm_runtime::{Engine, Result, Store};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A component of a world, whose functions a core module has.
pub(crate) fn component(wit: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).expect("the WIT is valid");
    let world = resolve.select_world(&[package], None).expect("there is one world");
    let mut module = wat::parse_str(module).expect("the module is valid");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .expect("the module gets a section");
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .expect("the module is one of this world")
}

const REALLOC: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $start i32)
        (local.set $start (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $start) (local.get 3)))
        (local.get $start))"#;

mod exports {
    //! What a world exports.

    use super::*;

    const WIT: &str = "
        package example:exports@1.0.0;
        interface counters {
            record limits { least: u32, most: u32 }
            resource counter {
                constructor(start: u32);
                add: func(n: u32) -> result<u32, limits>;
                made: static func() -> u32;
            }
        }
        world program {
            export counters;
            export double: func(n: u32) -> u32;
            export environment: interface {
                get: func(name: string) -> option<string>;
            }
        }
    ";

    wasm_runtime::component::bindgen!({
        inline: "
            package example:exports@1.0.0;
            interface counters {
                record limits { least: u32, most: u32 }
                resource counter {
                    constructor(start: u32);
                    add: func(n: u32) -> result<u32, limits>;
                    made: static func() -> u32;
                }
            }
            world program {
                export counters;
                export double: func(n: u32) -> u32;
                export environment: interface {
                    get: func(name: string) -> option<string>;
                }
            }
        ",
        additional_derives: [PartialEq],
    });

    fn program() -> String {
        format!(
            r#"(module
            (import "[export]example:exports/counters@1.0.0" "[resource-new]counter"
                (func $new (param i32) (result i32)))
            {REALLOC}
            (global $made (mut i32) (i32.const 0))
            (func (export "example:exports/counters@1.0.0#[constructor]counter")
                (param i32) (result i32)
                (global.set $made (i32.add (global.get $made) (i32.const 1)))
                (i32.store (i32.const 64) (local.get 0))
                (call $new (i32.const 64)))
            (func (export "example:exports/counters@1.0.0#[method]counter.add")
                (param i32 i32) (result i32)
                (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (local.get 1)))
                (i32.store (i32.const 16) (i32.const 0))
                (i32.store (i32.const 20) (i32.load (local.get 0)))
                (if (i32.gt_u (i32.load (local.get 0)) (i32.const 100))
                    (then
                        (i32.store (i32.const 16) (i32.const 1))
                        (i32.store (i32.const 20) (i32.const 0))
                        (i32.store (i32.const 24) (i32.const 100))))
                (i32.const 16))
            (func (export "example:exports/counters@1.0.0#[static]counter.made") (result i32)
                (global.get $made))
            (func (export "example:exports/counters@1.0.0#[dtor]counter") (param i32)
                (global.set $made (i32.sub (global.get $made) (i32.const 1))))
            (func (export "double") (param i32) (result i32)
                (i32.shl (local.get 0) (i32.const 1)))
            (func (export "environment#get") (param i32 i32) (result i32)
                (i32.store (i32.const 32) (i32.ne (local.get 1) (i32.const 0)))
                (i32.store (i32.const 36) (local.get 0))
                (i32.store (i32.const 40) (local.get 1))
                (i32.const 32)))"#
        )
    }

    #[test]
    fn functions_interfaces_and_resources_are_called() -> Result<()> {
        use self::exports::example::exports::counters::Limits;

        let engine = Engine::default();
        let component = Component::new(&engine, super::component(WIT, &program()))?;
        let linker = Linker::new(&engine);
        let mut store = Store::new(&engine, ());
        let program = Program::instantiate(&mut store, &component, &linker)?;
        assert_eq!(program.call_double(&mut store, 21)?, 42);
        let environment = program.environment();
        assert_eq!(environment.call_get(&mut store, "HOME")?.as_deref(), Some("HOME"));
        assert_eq!(environment.call_get(&mut store, "")?, None);
        let counters = program.example_exports_counters();
        let counter = counters.counter().call_constructor(&mut store, 90)?;
        assert_eq!(counters.counter().call_add(&mut store, counter, 10)?, Ok(100));
        let limits = Limits { least: 0, most: 100 };
        assert_eq!(counters.counter().call_add(&mut store, counter, 1)?, Err(limits));
        assert_eq!(counters.counter().call_made(&mut store)?, 1);
        counter.resource_drop(&mut store)?;
        assert_eq!(counters.counter().call_made(&mut store)?, 0);
        // The handle is no longer one.
        assert!(counters.counter().call_add(&mut store, counter, 1).is_err());
        Ok(())
    }

    #[test]
    fn what_is_missing_is_named() -> Result<()> {
        let engine = Engine::default();
        let empty = Component::new(&engine, "(component)")?;
        let mut store = Store::new(&engine, ());
        let error = Program::instantiate(&mut store, &empty, &Linker::new(&engine)).err();
        let error = error.expect("nothing is exported").to_string();
        assert!(error.contains("example:exports/counters@1.0.0") || error.contains("double"));
        Ok(())
    }
}

mod imports {
    //! Functions that wait, that get the store, and that have errors of the host's own.

    use super::*;

    const WIT: &str = "
        package example:imports;
        interface api {
            enum failure { empty, long }
            length: func(text: string) -> result<u32, failure>;
        }
        world program {
            import api;
            import log: func(text: string);
            export run: func(text: string) -> result<u32, u8>;
        }
    ";

    fn program() -> String {
        format!(
            r#"(module
            (import "example:imports/api" "length" (func $length (param i32 i32 i32)))
            (import "$root" "log" (func $log (param i32 i32)))
            {REALLOC}
            (func (export "run") (param i32 i32) (result i32)
                (call $log (local.get 0) (local.get 1))
                (call $length (local.get 0) (local.get 1) (i32.const 16))
                (i32.const 16)))"#
        )
    }

    /// An error of the host, or a trap.
    #[derive(Debug)]
    pub enum Problem {
        Failure(&'static str),
        Trap(wasm_runtime::Error),
    }

    mod plain {
        use super::*;

        wasm_runtime::component::bindgen!({
            inline: "
                package example:imports;
                interface api {
                    enum failure { empty, long }
                    length: func(text: string) -> result<u32, failure>;
                }
                world program {
                    import api;
                    import log: func(text: string);
                    export run: func(text: string) -> result<u32, u8>;
                }
            ",
            imports: { "log": store, default: trappable },
            trappable_error_type: { "example:imports/api.failure" => Problem },
        });

        use example::imports::api::{Failure, Host};

        #[derive(Default)]
        struct State {
            lines: Vec<String>,
        }

        impl Host for State {
            fn length(&mut self, text: String) -> Result<u32, Problem> {
                match text.len() {
                    0 => Err(Problem::Failure("empty")),
                    6 => Err(Problem::Trap(wasm_runtime::format_err!("six is too much"))),
                    len => Ok(len as u32),
                }
            }

            fn convert_failure(&mut self, problem: Problem) -> Result<Failure> {
                match problem {
                    Problem::Failure("empty") => Ok(Failure::Empty),
                    Problem::Failure(_) => Ok(Failure::Long),
                    Problem::Trap(error) => Err(error),
                }
            }
        }

        struct Has;

        impl HasData for Has {
            type Data<'a> = &'a mut State;
        }

        impl ProgramImportsWithStore<State> for Has {
            fn log(mut host: Access<'_, State, Self>, text: String) {
                host.get().lines.push(text);
            }
        }

        impl ProgramImports for State {}

        #[test]
        fn errors_of_the_host_are_converted() -> Result<()> {
            let engine = Engine::default();
            let component = Component::new(&engine, component(WIT, &super::program()))?;
            let mut linker = Linker::new(&engine);
            Program::add_to_linker::<_, Has>(&mut linker, |state| state)?;
            let mut store = Store::new(&engine, State::default());
            let program = Program::instantiate(&mut store, &component, &linker)?;
            assert_eq!(program.call_run(&mut store, "four")?, Ok(4));
            assert_eq!(program.call_run(&mut store, "")?, Err(0));
            let error = program.call_run(&mut store, "sixsix").unwrap_err();
            assert!(format!("{error:#}").contains("six is too much"), "{error:#}");
            assert_eq!(store.data().lines, ["four", "", "sixsix"]);
            Ok(())
        }
    }

    mod waiting {
        use std::pin::{Pin, pin};
        use std::task::{Context, Poll, Waker};

        use super::*;

        wasm_runtime::component::bindgen!({
            inline: "
                package example:imports;
                interface api {
                    enum failure { empty, long }
                    length: func(text: string) -> result<u32, failure>;
                }
                world program {
                    import api;
                    import log: func(text: string);
                    export run: func(text: string) -> result<u32, u8>;
                }
            ",
            imports: { default: async | trappable },
            exports: { default: async },
        });

        use example::imports::api::{Failure, Host};

        #[derive(Default)]
        struct State {
            lines: Vec<String>,
        }

        /// Is ready when it is polled for the second time.
        struct Later(bool);

        impl Future for Later {
            type Output = ();

            fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
            }
        }

        impl Host for State {
            async fn length(&mut self, text: String) -> Result<Result<u32, Failure>> {
                Later(false).await;
                Ok(if text.is_empty() { Err(Failure::Empty) } else { Ok(text.len() as u32) })
            }
        }

        impl ProgramImports for State {
            async fn log(&mut self, text: String) -> Result<()> {
                Later(false).await;
                self.lines.push(text);
                Ok(())
            }
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            let mut future = pin!(future);
            loop {
                if let Poll::Ready(output) =
                    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
                {
                    return output;
                }
            }
        }

        #[test]
        fn calls_wait_for_the_host() -> Result<()> {
            let engine = Engine::default();
            let component = Component::new(&engine, component(WIT, &super::program()))?;
            let mut linker = Linker::new(&engine);
            Program::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
            let mut store = Store::new(&engine, State::default());
            block_on(async {
                let program = Program::instantiate_async(&mut store, &component, &linker).await?;
                assert_eq!(program.call_run(&mut store, "four").await?, Ok(4));
                assert_eq!(program.call_run(&mut store, "").await?, Err(0));
                Ok::<_, wasm_runtime::Error>(())
            })?;
            assert_eq!(store.data().lines, ["four", ""]);
            Ok(())
        }
    }
}

mod borrowed {
    //! Parameters that borrow what they are made of.

    use super::*;

    wasm_runtime::component::bindgen!({
        inline: "
            package example:borrowing;
            world program {
                record item { name: string, sizes: list<u32> }
                export total: func(items: list<item>) -> u32;
            }
        ",
        ownership: Borrowing { duplicate_if_necessary: false },
    });

    const WIT: &str = "
        package example:borrowing;
        world program {
            record item { name: string, sizes: list<u32> }
            export total: func(items: list<item>) -> u32;
        }
    ";

    #[test]
    fn nothing_is_copied_before_it_is_passed() -> Result<()> {
        let module = format!(
            r#"(module {REALLOC}
            (func (export "total") (param $item i32) (param $count i32) (result i32)
                (local $total i32)
                (loop $each
                    (if (local.get $count) (then
                        (local.set $total (i32.add (local.get $total)
                            (i32.add
                                (i32.load offset=4 (local.get $item))
                                (i32.load offset=12 (local.get $item)))))
                        (local.set $item (i32.add (local.get $item) (i32.const 16)))
                        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                        (br $each))))
                (local.get $total)))"#
        );
        let engine = Engine::default();
        let component = Component::new(&engine, component(WIT, &module))?;
        let mut store = Store::new(&engine, ());
        let program = Program::instantiate(&mut store, &component, &Linker::new(&engine))?;
        let (name, sizes) = ("three".to_owned(), vec![1, 2, 3]);
        let items = [
            Item { name: &name, sizes: &sizes },
            Item { name: "", sizes: &[] },
            Item { name: "a", sizes: &[7] },
        ];
        assert_eq!(program.call_total(&mut store, &items)?, 10);
        Ok(())
    }
}

/// A resource that is given away is gone.
#[test]
fn an_own_is_passed_once() {
    let own = Resource::<u8>::new_own(1);
    assert!(own.owned() && !Resource::<u8>::new_borrow(1).owned());
}
