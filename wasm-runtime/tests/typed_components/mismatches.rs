//! Types that are not those of a function are refused, with both types in the message.

use std::fmt::Debug;

use wasm_runtime::component::{
    Component, ComponentNamedList, ComponentType, Lift, Linker, Lower, Resource,
};
use wasm_runtime::{Engine, Result, Store, StoreContextMut};

use crate::echo;
use crate::types::{Color, Pair, Permissions, Point, Shape};

/// The echo component of a type, and what is said if it is used with other types.
fn refusal<V, P, R>() -> Result<String>
where
    V: echo::Wit + ComponentType + Lift + Lower + 'static,
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift + Debug,
{
    let engine = Engine::default();
    let component = Component::new(&engine, echo::component::<V>(""))?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("host", |_: StoreContextMut<'_, ()>, (value,): (V,)| Ok((value,)))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let error = instance.get_typed_func::<P, R>(&mut store, "echo").unwrap_err();
    Ok(format!("{error:#}"))
}

fn both(message: &str, expected: &str, found: &str) {
    assert!(message.contains(expected) && message.contains(found), "{message}");
}

#[test]
fn both_types_are_named() -> Result<()> {
    both(&refusal::<u32, (u64,), (u32,)>()?, "expected `u64`", "found `u32`");
    both(&refusal::<u32, (u32,), (String,)>()?, "expected `string`", "found `u32`");
    both(&refusal::<String, (&[u8],), (String,)>()?, "expected `list`", "found `string`");
    both(&refusal::<Vec<u8>, (&[i8],), (Vec<u8>,)>()?, "expected `s8`", "found `u8`");
    both(&refusal::<Option<u8>, (u8,), (Option<u8>,)>()?, "expected `u8`", "found `option`");
    both(&refusal::<Point, (Color,), (Point,)>()?, "expected `enum`", "found `record`");
    both(&refusal::<Color, (Shape,), (Color,)>()?, "expected `variant`", "found `enum`");
    both(&refusal::<Shape, (Permissions,), (Shape,)>()?, "expected `flags`", "found `variant`");
    both(&refusal::<u8, (Result<u8, u8>,), (u8,)>()?, "expected `result`", "found `u8`");
    both(&refusal::<u32, (u32,), (Resource<()>,)>()?, "expected `own` or `borrow`", "found `u32`");
    both(
        &refusal::<Pair<u8, u16>, (Pair<u8, u8>,), (Pair<u8, u16>,)>()?,
        "type mismatch for field second",
        "expected `u8` found `u16`",
    );
    both(
        &refusal::<(u8, u8), ((u8, u8, u8),), ((u8, u8),)>()?,
        "expected 3-tuple",
        "found 2-tuple",
    );
    both(
        &refusal::<Result<u8, String>, (Result<u8, ()>,), (Result<u8, String>,)>()?,
        "`err` of a result",
        "found `string`",
    );
    Ok(())
}

#[test]
fn the_number_of_values_is_compared() -> Result<()> {
    both(&refusal::<u32, (), (u32,)>()?, "expected 0 parameter(s)", "found 1");
    both(&refusal::<u32, (u32, u32), (u32,)>()?, "expected 2 parameter(s)", "found 1");
    both(&refusal::<u32, (u32,), ()>()?, "expected 0 result(s)", "found 1");
    Ok(())
}

mod other {
    //! Types of the same shape with other names.

    use wasm_runtime::component::{ComponentType, Lift, Lower, flags};

    #[derive(ComponentType, Lift, Lower, Debug)]
    #[component(record)]
    pub(crate) struct Point {
        pub x: u8,
        pub z: f64,
        pub label: String,
    }

    #[derive(ComponentType, Lift, Lower, Debug)]
    #[component(enum)]
    pub(crate) enum Color {
        #[component(name = "red")]
        Red,
        #[component(name = "yellow")]
        Yellow,
        #[component(name = "blue")]
        Blue,
    }

    #[derive(ComponentType, Lift, Lower, Debug)]
    #[component(variant)]
    pub(crate) enum Shape {
        #[component(name = "circle")]
        Circle(f32),
        #[component(name = "polygon")]
        Polygon,
        #[component(name = "empty")]
        Empty,
        #[component(name = "id")]
        Id(u64),
        #[component(name = "colored")]
        Colored(u8),
    }

    flags! {
        pub(crate) Permissions {
            #[component(name = "read")]
            const READ;
            #[component(name = "write")]
            const WRITE;
        }
    }
}

#[test]
fn names_are_compared() -> Result<()> {
    both(&refusal::<Point, (other::Point,), (Point,)>()?, "named `z`", "found `the-y`");
    both(&refusal::<Color, (other::Color,), (Color,)>()?, "named `yellow`", "found `green`");
    both(
        &refusal::<Shape, (other::Shape,), (Shape,)>()?,
        "case `polygon` has type `list`",
        "none was expected",
    );
    both(
        &refusal::<Permissions, (other::Permissions,), (Permissions,)>()?,
        "2 names",
        "found 3 names",
    );
    Ok(())
}

#[test]
fn host_functions_are_compared_when_they_are_linked() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, echo::component::<String>(""))?;
    let mut linker = Linker::new(&engine);
    linker.root().func_wrap("host", |_: StoreContextMut<'_, ()>, (value,): (u32,)| Ok((value,)))?;
    let error = linker.instantiate_pre(&component).map(|_| ()).unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains("`host`"), "{message}");
    both(&message, "expected `u32`", "found `string`");
    Ok(())
}
