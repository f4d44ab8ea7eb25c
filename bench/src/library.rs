//! A workload of calls in one of the two runtimes. Like `runtime.rs`, this file is compiled once
//! for each.

use std::collections::HashMap;
use std::time::Instant;

use super::api;
use crate::calls::Library;
use crate::host::World;
use api::{Func, Instance, Memory, Store, Val};

/// An instance that a workload runs in.
pub(crate) struct Run<'a> {
    store: &'a mut Store<World>,
    instance: Instance,
    memory: Memory,
    /// Functions by their names, with the numbers of their results.
    functions: HashMap<String, (Func, usize)>,
    started: Instant,
    /// What was measured so far, in seconds.
    pub(crate) time: f64,
}

impl<'a> Run<'a> {
    pub(crate) fn new(store: &'a mut Store<World>, instance: Instance) -> Self {
        let memory = instance.get_memory(&mut *store, "memory").expect("a memory");
        let functions = HashMap::new();
        Self { store, instance, memory, functions, started: Instant::now(), time: 0.0 }
    }
}

impl Library for Run<'_> {
    fn call(&mut self, function: &str, arguments: &[i32]) -> i32 {
        let known = self.functions.get(function).copied();
        let (func, results) = known.unwrap_or_else(|| {
            let func = self.instance.get_func(&mut *self.store, function);
            let func = func.unwrap_or_else(|| panic!("no function `{function}` is exported"));
            let results = func.ty(&*self.store).results().len();
            self.functions.insert(function.to_owned(), (func, results));
            (func, results)
        });
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(*argument)).collect();
        let mut result = [Val::I32(0)];
        func.call(&mut *self.store, &arguments, &mut result[..results])
            .unwrap_or_else(|error| panic!("{function} failed: {error:?}"));
        result[0].unwrap_i32()
    }

    fn global(&mut self, name: &str) -> i32 {
        let global = self.instance.get_global(&mut *self.store, name);
        global.expect("an exported global").get(&mut *self.store).unwrap_i32()
    }

    fn memory(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut *self.store)
    }

    fn start(&mut self) {
        self.started = Instant::now();
    }

    fn stop(&mut self) {
        self.time += self.started.elapsed().as_secs_f64();
    }

    fn show(&mut self, bytes: &[u8]) {
        self.store.data_mut().output.extend_from_slice(bytes);
    }
}
