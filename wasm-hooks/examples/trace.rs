//! Draws a trace of calls between host and Wasm, indented by depth.
//!
//! `cargo run -p wasm-hooks --example trace`

use wasm_hooks::CallHook;

/// Tracks how deep the calls are nested. Works on the events of any store.
#[derive(Default)]
struct Tracer {
    depth: usize,
}

impl Tracer {
    fn event(&mut self, event: CallHook) {
        let opens = event.closed_by().is_some();
        if !opens {
            self.depth -= 1;
        }
        println!("{:indent$}{event:?}", "", indent = 2 * self.depth);
        if opens {
            self.depth += 1;
        }
    }
}

fn main() {
    // A store would report these events for: host -> Wasm -> host -> Wasm.
    let mut tracer = Tracer::default();
    for event in [
        CallHook::CallingWasm,
        CallHook::CallingHost,
        CallHook::CallingWasm,
        CallHook::ReturningFromWasm,
        CallHook::ReturningFromHost,
        CallHook::ReturningFromWasm,
    ] {
        tracer.event(event);
    }
    assert_eq!(tracer.depth, 0, "every call has returned");
}
