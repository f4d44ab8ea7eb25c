//! Components: values of random types go from the host to a component, from there through an
//! adapter to another, and all the way back.

#[path = "../../tests/src/echo.rs"]
pub(crate) mod echo;

use wasm_runtime::Engine;

thread_local! {
    static ENGINE: Engine = Engine::default();
}

/// Makes components, and compares what comes back with what was passed in.
///
/// # Panics
///
/// If a component is refused or traps, or if another value comes back.
pub fn check(data: &[u8]) {
    ENGINE.with(|engine| {
        if let Err(error) = echo::check(engine, data) {
            panic!("{error:?}");
        }
    });
}
