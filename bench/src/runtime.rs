//! One of the two runtimes. This file is compiled once for each, and `api` is the runtime's crate.

use std::path::Path;
use std::time::Instant;

use super::api;
use super::library::Run;
use crate::calls;
use crate::host::{self, World};
use crate::programs::Entry;
use api::{
    Caller, Config, Engine, Error, ExternType, Func, FuncType, Instance,
    InstanceAllocationStrategy, Linker, Memory, Module, OptLevel, PoolingAllocationConfig, Result,
    Store, TypedFunc, Val, ValType,
};

/// More fuel than any program uses.
const PLENTY: u64 = 1 << 60;

/// An engine with default settings. All times are in seconds.
pub(crate) struct Runtime {
    engine: Engine,
    /// Whether stores need a deadline.
    deadline: bool,
}

/// A module that is ready to run.
pub(crate) struct Ready(Module);

impl Ready {
    /// The module.
    pub(crate) fn module(&self) -> &Module {
        &self.0
    }
}

impl Runtime {
    /// Compiles functions on several threads or on one.
    pub(crate) fn new(parallel: bool) -> Self {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed).parallel_compilation(parallel);
        Self { engine: Engine::new(&config).expect("default settings"), deadline: false }
    }

    /// Allows references to objects, and exceptions.
    pub(crate) fn with_objects() -> Self {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        config.wasm_function_references(true).wasm_gc(true).wasm_exceptions(true);
        Self::with(&config)
    }

    /// Uses an engine with this configuration.
    pub(crate) fn with(config: &Config) -> Self {
        Self { engine: Engine::new(config).expect("the settings are valid"), deadline: false }
    }

    /// Sets whether stores get a deadline, which is never reached.
    pub(crate) fn with_deadline(self, deadline: bool) -> Self {
        Self { deadline, ..self }
    }

    /// Reserves everything that instances need up front, within the default limits.
    pub(crate) fn pooling() -> Self {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed).allocation_strategy(
            InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::default()),
        );
        Self { engine: Engine::new(&config).expect("default limits"), deadline: false }
    }

    pub(crate) fn compile(&self, wasm: &[u8]) -> (f64, Ready) {
        let start = Instant::now();
        let module = Module::new(&self.engine, wasm).expect("a valid module");
        (start.elapsed().as_secs_f64(), Ready(module))
    }

    /// How many bytes of machine code a module has, including what lies between its functions.
    pub(crate) fn code_size(&self, module: &Ready) -> usize {
        module.0.text().len()
    }

    pub(crate) fn artifact(&self, wasm: &[u8]) -> Vec<u8> {
        self.engine.precompile_module(wasm).expect("a valid module")
    }

    /// Loads an artifact. Returns the time from its path to the module.
    pub(crate) fn load(&self, file: &Path) -> f64 {
        let start = Instant::now();
        // SAFETY: the file was written by the same runtime in the same run of this program.
        let module = unsafe { Module::deserialize_file(&self.engine, file) };
        let time = start.elapsed().as_secs_f64();
        drop(module.expect("an artifact of this engine"));
        time
    }

    /// Runs a program in a new instance. Returns the time of the run without the instantiation.
    pub(crate) fn run(&self, module: &Ready, name: &str, entry: &Entry) -> (f64, Vec<u8>) {
        let (time, mut store) = self.run_in_store(module, name, entry);
        (time, std::mem::take(&mut store.data_mut().output))
    }

    /// How much fuel a program uses, including its instantiation.
    pub(crate) fn fuel_used(&self, module: &Ready, name: &str, entry: &Entry) -> u64 {
        let (_, store) = self.run_in_store(module, name, entry);
        PLENTY - store.get_fuel().expect("fuel is counted")
    }

    fn run_in_store(&self, module: &Ready, name: &str, entry: &Entry) -> (f64, Store<World>) {
        let arguments = match entry {
            Entry::Start(arguments) => arguments,
            Entry::JavaScript(_) | Entry::Calls(_) | Entry::None => &[][..],
        };
        let mut linker = wasi(&self.engine, &module.0).expect("definitions for each import");
        linker.allow_shadowing(true);
        let mut store = Store::new(&self.engine, World::new(name, arguments));
        // Without counting, this fails, and no fuel is needed.
        let _ = store.set_fuel(PLENTY);
        if self.deadline {
            store.set_epoch_deadline(1);
        }
        let instance = linker.instantiate(&mut store, &module.0).expect("an instance");
        let time = match entry {
            Entry::Start(_) => start(&mut store, instance),
            Entry::JavaScript(script) => javascript(&mut store, instance, script),
            Entry::Calls(workload) => {
                let mut run = Run::new(&mut store, instance);
                calls::run(&calls::parse(workload), &mut run);
                Ok(run.time)
            }
            Entry::None => Ok(0.0),
        };
        let time = time.unwrap_or_else(|error| panic!("{name} failed: {error:?}"));
        (time, store)
    }

    /// A store with an instance of the module with all kinds of calls.
    pub(crate) fn calls(&self) -> Calls {
        let module = Module::new(&self.engine, CALLS).expect("a valid module");
        let mut linker = Linker::new(&self.engine);
        linker.func_wrap("host", "typed", |a: i32| a).expect("a new name");
        linker
            .func_wrap("host", "caller", |caller: Caller<'_, u64>, a: i32, b: i64| {
                a.wrapping_add(*caller.data() as i32).wrapping_add(b as i32)
            })
            .expect("a new name");
        let ty = FuncType::new(&self.engine, [ValType::I32, ValType::I64], [ValType::I32]);
        linker
            .func_new("host", "untyped", ty, |_, arguments, results| {
                results[0] = Val::I32(arguments[0].unwrap_i32());
                Ok(())
            })
            .expect("a new name");
        let mut store = Store::new(&self.engine, 1);
        let instance = linker.instantiate(&mut store, &module).expect("an instance");
        let func = |store: &mut Store<u64>, name: &str| {
            instance.get_func(store, name).expect("an export of this name")
        };
        Calls {
            nop: func(&mut store, "nop").typed(&store).expect("this type"),
            add: func(&mut store, "add").typed(&store).expect("this type"),
            many: func(&mut store, "many").typed(&store).expect("this type"),
            untyped_nop: func(&mut store, "nop"),
            untyped_add: func(&mut store, "add"),
            loops: ["loop_typed", "loop_caller", "loop_untyped"]
                .map(|name| func(&mut store, name).typed(&store).expect("this type")),
            store,
        }
    }

    /// The time of making one of `count` instances. The function `touch` of each writes to this
    /// many pages; the time of that call is not included.
    pub(crate) fn touched(&self, module: &Ready, pages: i32, count: u32) -> f64 {
        let pre = Linker::new(&self.engine).instantiate_pre(&module.0).expect("it imports nothing");
        let mut time = 0.0;
        for _ in 0..count {
            let start = Instant::now();
            let mut store = Store::new(&self.engine, ());
            let instance = pre.instantiate(&mut store).expect("an instance");
            time += start.elapsed().as_secs_f64();
            let touch = instance.get_typed_func::<i32, i32>(&mut store, "touch");
            touch.and_then(|touch| touch.call(&mut store, pages)).expect("it returns");
            let start = Instant::now();
            drop(store);
            time += start.elapsed().as_secs_f64();
        }
        time / f64::from(count)
    }

    /// The time of a call of a function that takes a number, in a new instance.
    pub(crate) fn timed(&self, module: &Ready, function: &str, argument: i32) -> f64 {
        let mut store = Store::new(&self.engine, ());
        let instance = Instance::new(&mut store, &module.0, &[]).expect("an instance");
        let function = instance.get_typed_func::<i32, ()>(&mut store, function).expect("this type");
        let start = Instant::now();
        function.call(&mut store, argument).expect("it returns");
        start.elapsed().as_secs_f64()
    }

    /// What the exported global `sum` is after a call of a function that takes a number.
    pub(crate) fn sum(&self, module: &Ready, function: &str, argument: i32) -> i32 {
        let mut store = Store::new(&self.engine, ());
        let instance = Instance::new(&mut store, &module.0, &[]).expect("an instance");
        let function = instance.get_typed_func::<i32, ()>(&mut store, function).expect("this type");
        function.call(&mut store, argument).expect("it returns");
        let sum = instance.get_global(&mut store, "sum").expect("it is exported");
        sum.get(&mut store).unwrap_i32()
    }

    /// The time of making an instance and calling its `init`.
    pub(crate) fn initialized(&self, module: &Ready) -> f64 {
        let start = Instant::now();
        let mut store = Store::new(&self.engine, ());
        let instance = Instance::new(&mut store, &module.0, &[]).expect("an instance");
        let init = instance.get_typed_func::<(), ()>(&mut store, "init");
        init.and_then(|init| init.call(&mut store, ())).expect("it returns");
        start.elapsed().as_secs_f64()
    }

    /// The time of loading an artifact, making an instance and writing to ten pages.
    pub(crate) fn boot(&self, file: &Path) -> f64 {
        let start = Instant::now();
        // SAFETY: the file was written by the same runtime in the same run of this program.
        let module = unsafe { Module::deserialize_file(&self.engine, file) }.expect("an artifact");
        let mut store = Store::new(&self.engine, ());
        let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
        let touch = instance.get_typed_func::<i32, i32>(&mut store, "touch");
        let ready = touch.and_then(|touch| touch.call(&mut store, 10)).expect("it returns");
        assert_eq!(ready, 1, "it is initialised");
        start.elapsed().as_secs_f64()
    }

    /// The time of one instantiation in a store of its own, and of dropping both, on each of this
    /// many threads at once. If `written` is set, a page of the memory is written in between.
    pub(crate) fn instantiate(
        &self,
        module: &Ready,
        threads: usize,
        written: bool,
        count: u32,
    ) -> f64 {
        let linker = wasi(&self.engine, &module.0).expect("definitions for each import");
        let pre = linker.instantiate_pre(&module.0).expect("definitions for each import");
        let one_after_the_other = || {
            for _ in 0..count {
                let mut store = Store::new(&self.engine, World::new("", &[]));
                let instance = pre.instantiate(&mut store).expect("an instance");
                if written {
                    let memory = instance.get_memory(&mut store, "memory").expect("a memory");
                    memory.write(&mut store, 1 << 16, &[1]).expect("two pages");
                }
            }
        };
        let start = Instant::now();
        std::thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(one_after_the_other)));
            one_after_the_other();
        });
        start.elapsed().as_secs_f64() / f64::from(count)
    }
}

/// The functions whose calls are measured.
pub(crate) struct Calls {
    store: Store<u64>,
    nop: TypedFunc<(), ()>,
    add: TypedFunc<(i32, i32), i32>,
    many: TypedFunc<(i32, i64, f32, f64, i32, i64), f64>,
    untyped_nop: Func,
    untyped_add: Func,
    loops: [TypedFunc<i32, i32>; 3],
}

impl Calls {
    /// The time of one call of this kind, which is an index in `sections::CALLS`.
    pub(crate) fn measure(&mut self, kind: usize, count: i32) -> f64 {
        let store = &mut self.store;
        let start = Instant::now();
        match kind {
            0 => (0..count).for_each(|_| self.nop.call(&mut *store, ()).expect("no trap")),
            1 => {
                let mut sum = 0;
                for i in 0..count {
                    sum = self.add.call(&mut *store, (sum, i)).expect("no trap");
                }
                std::hint::black_box(sum);
            }
            2 => {
                for i in 0..count {
                    let values = (i, 2, 3.0, 4.0, 5, 6);
                    std::hint::black_box(self.many.call(&mut *store, values).expect("no trap"));
                }
            }
            3 => {
                for _ in 0..count {
                    self.untyped_nop.call(&mut *store, &[], &mut []).expect("no trap");
                }
            }
            4 => {
                let mut results = [Val::I32(0)];
                for i in 0..count {
                    let arguments = [results[0], Val::I32(i)];
                    self.untyped_add.call(&mut *store, &arguments, &mut results).expect("no trap");
                }
            }
            _ => {
                self.loops[kind - 5].call(&mut *store, count).expect("no trap");
            }
        }
        start.elapsed().as_secs_f64() / f64::from(count)
    }
}

fn start(store: &mut Store<World>, instance: Instance) -> Result<f64> {
    let entry = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
    let start = Instant::now();
    let result = entry.call(&mut *store, ());
    let time = start.elapsed().as_secs_f64();
    match result {
        Err(error) if error.downcast_ref::<Exit>().is_none_or(|exit| exit.0 != 0) => Err(error),
        _ => Ok(time),
    }
}

/// The program exits with this code.
#[derive(Debug)]
struct Exit(i32);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "left with {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// Evaluates a script with the JavaScript engine. Its value becomes the output.
fn javascript(store: &mut Store<World>, instance: Instance, script: &str) -> Result<f64> {
    let call = |store: &mut Store<World>, name: &str, arguments: &[i32]| -> Result<i32> {
        let func = instance.get_func(&mut *store, name).expect("an export of this name");
        let arguments: Vec<_> = arguments.iter().map(|&argument| Val::I32(argument)).collect();
        let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
        func.call(&mut *store, &arguments, &mut results)?;
        Ok(results.first().map_or(0, Val::unwrap_i32))
    };
    let memory = instance.get_memory(&mut *store, "memory").expect("a memory");
    call(store, "_initialize", &[])?;
    call(store, "qjs_init", &[])?;
    let source = call(store, "malloc", &[script.len() as i32 + 1])?;
    host::put(memory.data_mut(&mut *store), source, script.as_bytes());
    host::put(memory.data_mut(&mut *store), source + script.len() as i32, &[0]);
    let file = call(store, "malloc", &[8])?;
    host::put(memory.data_mut(&mut *store), file, b"bench\0");
    let start = Instant::now();
    let value = call(store, "qjs_eval", &[source, script.len() as i32, file, 0])?;
    let time = start.elapsed().as_secs_f64();
    let text = call(store, "qjs_get_string", &[value])?;
    let data = &memory.data(&*store)[text as usize..];
    let output = data.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
    store.data_mut().output = output;
    Ok(time)
}

/// A linker with what the programs import: the small WASI, and functions that do nothing.
fn wasi(engine: &Engine, module: &Module) -> Result<Linker<World>> {
    const WASI: &str = "wasi_snapshot_preview1";
    let mut linker: Linker<World> = Linker::new(engine);
    linker.allow_shadowing(true);
    for import in module.imports() {
        if let ExternType::Func(ty) = import.ty() {
            let results: Vec<_> = ty.results().map(|ty| default(&ty)).collect();
            let number = if import.module() == WASI { host::NOT_SUPPORTED } else { 0 };
            linker.func_new(import.module(), import.name(), ty, move |_, _, out| {
                out.copy_from_slice(&results);
                if let Some(first @ Val::I32(_)) = out.first_mut() {
                    *first = Val::I32(number);
                }
                Ok(())
            })?;
        }
    }
    linker.func_wrap(WASI, "args_sizes_get", |mut caller: Caller<'_, World>, a: i32, b: i32| {
        let (memory, world) = memory(&mut caller);
        world.args_sizes(memory, a, b)
    })?;
    linker.func_wrap(WASI, "args_get", |mut caller: Caller<'_, World>, a: i32, b: i32| {
        let (memory, world) = memory(&mut caller);
        world.args(memory, a, b)
    })?;
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |mut caller: Caller<'_, World>, a: i32, b: i32| {
            let (memory, _) = memory(&mut caller);
            host::put(memory, a, &[0; 4]);
            host::put(memory, b, &[0; 4]);
            host::SUCCESS
        },
    )?;
    linker.func_wrap(WASI, "environ_get", |_: i32, _: i32| host::SUCCESS)?;
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |mut caller: Caller<'_, World>, _: i32, _: i64, result: i32| {
            host::clock_time(memory(&mut caller).0, result)
        },
    )?;
    linker.func_wrap(
        WASI,
        "fd_write",
        |mut caller: Caller<'_, World>, _: i32, vectors: i32, count: i32, written: i32| {
            let (memory, world) = memory(&mut caller);
            world.fd_write(memory, vectors, count, written)
        },
    )?;
    linker.func_wrap(WASI, "fd_close", |_: i32| host::SUCCESS)?;
    linker.func_wrap(WASI, "fd_seek", |_: i32, _: i64, _: i32, _: i32| host::NOT_SEEKABLE)?;
    linker.func_wrap(WASI, "fd_fdstat_get", |mut caller: Caller<'_, World>, _: i32, at: i32| {
        host::fdstat(memory(&mut caller).0, at)
    })?;
    linker.func_wrap(WASI, "fd_prestat_get", |_: i32, _: i32| host::BAD_DESCRIPTOR)?;
    linker.func_wrap(
        WASI,
        "random_get",
        |mut caller: Caller<'_, World>, at: i32, length: i32| {
            host::random(memory(&mut caller).0, at, length)
        },
    )?;
    linker
        .func_wrap(WASI, "proc_exit", |code: i32| -> Result<()> { Err(Error::new(Exit(code))) })?;
    Ok(linker)
}

fn memory<'a>(caller: &'a mut Caller<'_, World>) -> (&'a mut [u8], &'a mut World) {
    let memory: Memory = caller
        .get_export("memory")
        .and_then(|item| item.into_memory())
        .expect("every program exports its memory");
    memory.data_and_store_mut(caller)
}

fn default(ty: &ValType) -> Val {
    match ty {
        ValType::I64 => Val::I64(0),
        ValType::F32 => Val::F32(0),
        ValType::F64 => Val::F64(0),
        _ => Val::I32(0),
    }
}

/// Calls of all kinds.
const CALLS: &str = r#"
(module
  (import "host" "typed" (func $typed (param i32) (result i32)))
  (import "host" "caller" (func $caller (param i32 i64) (result i32)))
  (import "host" "untyped" (func $untyped (param i32 i64) (result i32)))
  (func (export "nop"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "many") (param i32 i64 f32 f64 i32 i64) (result f64)
    (f64.add (f64.convert_i32_s (local.get 0)) (local.get 3)))
  (func (export "loop_typed") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $typed (local.get $count))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func (export "loop_caller") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $caller (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func (export "loop_untyped") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $untyped (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum)))
"#;
