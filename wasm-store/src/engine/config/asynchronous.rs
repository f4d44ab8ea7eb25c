//! Settings for calls that may wait. Most of Wasmtime's are accepted, and there is nothing to set.

use super::Config;
use crate::engine::Engine;

impl Config {
    /// Has no effect, as in Wasmtime 48: a store finds out by itself whether its calls may wait.
    pub fn async_support(&mut self, _enable: bool) -> &mut Self {
        self
    }

    /// Has no effect. In Wasmtime it is the size of the stacks that Wasm and host functions of
    /// calls that may wait run on, in bytes. Here Wasm runs on the same stack in all calls, whose
    /// size is [`Config::max_wasm_stack`], and host functions run on the thread's.
    pub fn async_stack_size(&mut self, _size: usize) -> &mut Self {
        self
    }

    /// Has no effect. In Wasmtime it decides whether stacks are cleared before they are used again.
    /// Here only compiled code runs on them, which reads nothing that it has not written before.
    pub fn async_stack_zeroing(&mut self, _enable: bool) -> &mut Self {
        self
    }

    /// Whether code that counts fuel ([`Config::consume_fuel`]) can go on where it finds too
    /// little: then [`Store::fuel_async_yield_interval`](crate::Store::fuel_async_yield_interval)
    /// can have it give way to others.
    ///
    /// Default: no. Wasmtime has no such setting: all its code that counts fuel can. Here code that
    /// can reads what is left from memory at the head of each loop, and is a little larger and
    /// slower for it. It runs in engines without this setting, too; an engine with it refuses code
    /// that counts fuel and can't go on.
    pub fn fuel_async_yield(&mut self, enable: bool) -> &mut Self {
        self.request.tunables.fuel_yields = enable;
        self
    }
}

impl Engine {
    /// The size of the stack that Wasm runs on, in calls that may wait as in others:
    /// [`Config::max_wasm_stack`].
    pub fn get_async_stack_size(&self) -> usize {
        self.config().wasm_stack_size()
    }

    /// Whether stacks are cleared before they are used again: no.
    pub fn get_async_stack_zeroing(&self) -> bool {
        false
    }
}
