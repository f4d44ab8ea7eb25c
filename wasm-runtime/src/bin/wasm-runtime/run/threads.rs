//! Programs that start threads.

use std::sync::Arc;

use wasm_runtime::wasi::threads::{self, WasiThreadsCtx};
use wasm_runtime::{Linker, Module, Result, Store, bail};

use super::{Host, Run};

/// Instantiates a program, and runs it with its threads.
pub(super) fn run(
    run: &Run,
    store: &mut Store<Host>,
    mut linker: Linker<Host>,
    modules: &[(Option<String>, Module)],
) -> Result<()> {
    let [(_, module)] = modules else {
        bail!(
            "-S threads: a program with threads has an instance for each, so that it can import \
             nothing from another module: leave out --preload, or link the modules to one"
        );
    };
    threads::add_to_linker(&mut linker, store, module, |host: &mut Host| {
        host.threads.as_ref().expect("it is there before the program runs")
    })?;
    run.imports.define_unknown(&mut linker, store, module)?;
    let bounds = run.bounds.clone();
    let all = WasiThreadsCtx::new(module.clone(), Arc::new(linker))?;
    let all = Arc::new(all.prepare(move |store| bounds.set(store)));
    store.data_mut().threads = Some(Arc::clone(&all));
    all.run(store, |store| {
        let instance = all.instance_pre().instantiate(&mut *store);
        let instance = run.explain_instantiation(instance, store)?;
        run.start(store, module, &instance)
    })
}
