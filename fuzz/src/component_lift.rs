//! Components whose memories have anything in them: what the host makes of it is what an adapter
//! makes of it.

use wasm_runtime::Engine;

use crate::components::echo;

thread_local! {
    static ENGINE: Engine = Engine::default();
}

/// Makes components, and compares what the host and another component get.
///
/// # Panics
///
/// If they get different values, or only one of them gets a value.
pub fn check(data: &[u8]) {
    ENGINE.with(|engine| {
        if let Err(error) = echo::check_hostile(engine, data) {
            panic!("{error:?}");
        }
    });
}
