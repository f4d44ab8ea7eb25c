//! Components that are damaged, or any bytes: an error, or a plan that can be read and modules that
//! compile.

use std::cell::OnceCell;

use arbitrary::Unstructured;
use wasm_runtime::Engine;
use wasm_runtime::component::Component;

use crate::components::echo;

/// How many bytes of a component are changed at most.
const MOST_CHANGES: usize = 4;

thread_local! {
    static ENGINE: Engine = Engine::default();
    static WHOLE: OnceCell<Vec<u8>> = const { OnceCell::new() };
}

/// Takes a component, or changes some bytes of one, and compiles it.
///
/// # Panics
///
/// If what is compiled can't be loaded.
pub fn check(data: &[u8]) {
    ENGINE.with(|engine| {
        let wasm = if data.starts_with(b"\0asm") { data.to_vec() } else { damaged(data) };
        let Ok(component) = Component::from_binary(engine, &wasm) else { return };
        let artifact = component.serialize().expect("what was compiled has its artifact");
        assert!(!artifact.is_empty());
        drop(component.component_type().exports(engine).count());
    });
}

/// A component with some bytes changed, most of them into small numbers, which are indices and
/// kinds that exist elsewhere.
fn damaged(data: &[u8]) -> Vec<u8> {
    WHOLE.with(|whole| {
        let whole = whole.get_or_init(|| wat::parse_str(echo::example()).expect("it is valid"));
        let mut wasm = whole.clone();
        let mut choices = Unstructured::new(data);
        for _ in 0..=choices.int_in_range(0..=MOST_CHANGES - 1).unwrap_or(0) {
            let Ok(place) = choices.choose_index(wasm.len()) else { break };
            let small = choices.ratio(3, 4).unwrap_or(true);
            let most = if small { 8 } else { u8::MAX };
            wasm[place] = choices.int_in_range(0..=most).unwrap_or(0);
        }
        wasm
    })
}
