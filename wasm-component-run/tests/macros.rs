//! What the macros emit compiles against this crate alone, in a crate that forbids `unsafe`, and
//! its representations are those of the canonical ABI.

#![forbid(unsafe_code)]

use wasm_component_run::{ComponentType, Lift, Lower, flags};

#[derive(ComponentType, Lift, Lower, Clone, Debug)]
#[component(record)]
#[component(crate = wasm_component_run)]
struct Record<T> {
    first: u8,
    second: T,
    r#type: Option<u64>,
    #[component(name = "a-list")]
    list: Vec<String>,
}

/// What is only passed may borrow.
#[derive(ComponentType, Lower, Clone, Copy, Debug)]
#[component(record)]
#[component(crate = wasm_component_run)]
struct Borrowed<'a, T: Copy> {
    text: &'a str,
    values: &'a [T],
}

#[derive(ComponentType, Lift, Lower, Clone, Debug)]
#[component(variant)]
#[component(crate = wasm_component_run)]
enum Either<A, B> {
    Left(A),
    Right(B),
    Neither,
}

#[derive(ComponentType, Lift, Lower, Clone, Copy, Debug)]
#[component(enum)]
#[component(crate = wasm_component_run)]
enum Switch {
    On,
    Off,
}

#[derive(ComponentType, Lift, Lower, Clone, Copy, Debug)]
#[component(record)]
#[component(crate = wasm_component_run)]
struct Empty {}

flags! {
    #[component(crate = wasm_component_run)]
    Many {
        const F0; const F1; const F2; const F3; const F4; const F5; const F6; const F7; const F8;
        const F9; const F10; const F11; const F12; const F13; const F14; const F15; const F16;
        const F17; const F18; const F19; const F20; const F21; const F22; const F23; const F24;
        const F25; const F26; const F27; const F28; const F29; const F30; const F31; const F32;
    }
}

fn representation<T: ComponentType + ?Sized>() -> (usize, u32, usize) {
    (T::SIZE32, T::ALIGN32, T::FLAT_COUNT)
}

#[test]
fn representations_are_those_of_the_canonical_abi() {
    assert_eq!(representation::<Record<u16>>(), (32, 8, 6));
    assert_eq!(representation::<Borrowed<'_, u64>>(), (16, 4, 4));
    assert_eq!(representation::<Either<u8, f64>>(), (16, 8, 2));
    assert_eq!(representation::<Either<String, (u8, u8, u8)>>(), (12, 4, 4));
    assert_eq!(representation::<Switch>(), (1, 1, 1));
    assert_eq!(representation::<Empty>(), (0, 1, 0));
    assert_eq!(representation::<Many>(), (8, 4, 2));
    assert_eq!(representation::<[u16; 3]>(), (6, 2, 3));
    assert_eq!(representation::<Result<(), ()>>(), (1, 1, 1));
    assert_eq!(representation::<Option<Option<u8>>>(), (3, 1, 3));
    assert_eq!(representation::<str>(), (8, 4, 2));
    assert_eq!(representation::<Box<[u8]>>(), (8, 4, 2));
    let both = Many::F0 | Many::F32;
    assert_eq!(both.as_array(), [1, 1]);
    assert_eq!((!both).as_array(), [u32::MAX - 1, 0]);
    assert_eq!(format!("{both:?}"), "(F0|F32)");
}

const _: () = {
    // Values can be read, and borrowed ones passed.
    const fn lifts<T: Lift>() {}
    const fn lowers<T: Lower>() {}
    lifts::<Record<Either<u8, Switch>>>();
    lowers::<Borrowed<'static, u8>>();
    lowers::<&[Option<&str>]>();
    lifts::<(Box<[Many]>, std::sync::Arc<str>, Empty)>();
};

/// One world with all that bindings are made of.
macro_rules! world {
    ($name:ident, { $($options:tt)* }) => {
        mod $name {
            #![allow(dead_code, reason = "that it compiles is what is tested")]

            wasm_component_run::bindgen!({
                crate: wasm_component_run,
                inline: r#"
                    package demo:pkg@1.2.0;
                    interface types {
                        record point { x: u32, y: f64 }
                        enum color { red, green }
                        flags perms { read, write }
                        variant shape { circle(f32), poly(list<point>), none }
                        resource counter {
                            constructor(n: u32);
                            get: func() -> u32;
                            make: static func(s: string) -> result<counter, color>;
                        }
                        area: func(s: shape) -> result<f64, color>;
                        use-it: func(c: borrow<counter>, p: perms) -> counter;
                        many: func(a: list<u8>, b: tuple<u8, string>, c: option<list<string>>)
                            -> list<point>;
                    }
                    interface items {
                        use types.{point};
                        resource blob {
                            constructor(a: string);
                            size: func() -> u64;
                            join: static func(a: blob, b: borrow<blob>) -> blob;
                        }
                        translate: func(p: point, s: list<string>) -> point;
                    }
                    world w {
                        import types;
                        import log: func(message: string);
                        export items;
                        export run: func(arguments: list<string>) -> result<u32, string>;
                    }
                "#,
                $($options)*
            });
        }
    };
}

world!(plain, {});
world!(trappable, { imports: { default: trappable } });
world!(with_store, { imports: { default: store | trappable } });
world!(waiting, { imports: { default: async | trappable }, exports: { default: async } });
world!(borrowing, { ownership: Borrowing { duplicate_if_necessary: true } });
world!(with_derives, { additional_derives: [PartialEq], require_store_data_send: true });
world!(with_a_resource, { with: { "demo:pkg/types.counter": crate::MyCounter } });
world!(with_errors, {
    imports: { default: trappable },
    trappable_error_type: { "demo:pkg/types.color" => crate::MyError },
});

/// What represents a resource of the bindings.
pub struct MyCounter;

/// An error in place of that of the WIT.
pub struct MyError;
