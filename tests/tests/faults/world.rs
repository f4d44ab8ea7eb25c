//! What scenarios work on: artifacts in files, and an engine, a store and an instance.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_artifact::{Artifact, WriteOptions, write_component};
use wasm_runtime::sign::{MacKey, TrustPolicy, authenticate};
use wasm_runtime::{
    Config, Engine, Instance, Module, ProfilingStrategy, Result, Snapshot, Store, Trap,
};

/// A module with what each scenario needs. Each function takes a number and returns one.
pub(crate) const GUEST: &str = r#"(module
    (memory (export "memory") 2 100)
    (data (i32.const 10) "abc")
    (data (i32.const 53253) "x")
    (table $t (export "table") 4 100 funcref)
    (elem (i32.const 1) $seven)
    (global $g (mut i32) (i32.const 5))
    (func $seven (result i32) (i32.const 7))
    ;; Writes to this many pages of the host.
    (func (export "write") (param $n i32) (result i32)
        (global.set $g (i32.add (global.get $g) (local.get $n)))
        (loop $pages
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (i32.store8 offset=5 (i32.shl (local.get $n) (i32.const 12)) (global.get $g))
            (br_if $pages (local.get $n)))
        (global.get $g))
    ;; Depends on everything that can change.
    (func (export "look") (param $sum i32) (result i32) (local $place i32)
        (local.set $place (i32.shl (memory.size) (i32.const 16)))
        (loop $pages
            (local.set $place (i32.sub (local.get $place) (i32.const 4096)))
            (local.set $sum (i32.add
                (i32.mul (local.get $sum) (i32.const 31))
                (i32.add
                    (i32.load8_u offset=5 (local.get $place))
                    (i32.load8_u offset=10 (local.get $place)))))
            (br_if $pages (local.get $place)))
        (i32.add
            (i32.add (local.get $sum) (call_indirect (result i32) (i32.const 1)))
            (i32.add
                (i32.shl (table.size $t) (i32.const 16))
                (i32.add (global.get $g) (memory.size)))))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param i32) (result i32)
        (table.grow $t (ref.null func) (local.get 0)))
    (func (export "unreachable") (param i32) (result i32) (unreachable))
    (func (export "outside") (param i32) (result i32) (i32.load (i32.const -4)))
    (func $deep (export "deep") (param i32) (result i32)
        (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "endless") (param i32) (result i32) (loop (br 0)) (unreachable)))"#;

/// The settings of an engine, by the name of the artifact that was compiled for them, or of what it
/// does besides.
pub(crate) fn config(name: &str) -> Config {
    let mut config = Config::new();
    config.parallel_compilation(false);
    match name {
        "checked" => {
            config.memory_reservation(0).memory_guard_size(1 << 16);
            config.memory_reservation_for_growth(1 << 17);
        }
        "timed" => {
            config.interruption(true);
        }
        "profiled" => {
            config.profiler(ProfilingStrategy::JitDump);
        }
        "verified" => {
            let policy = TrustPolicy::new().mac_key(key());
            // SAFETY: the artifact is one that this test has compiled.
            unsafe { config.trust(policy) };
        }
        _ => {}
    }
    config
}

fn key() -> MacKey {
    MacKey::from_bytes([7; 32])
}

/// Writes all artifacts to a folder.
pub(crate) fn write_artifacts(folder: &Path) -> Result<()> {
    for name in ["usual", "checked", "timed", "verified"] {
        let mut artifact = Engine::new(&config(name))?.precompile_module(GUEST.as_bytes())?;
        if name == "verified" {
            authenticate(&mut artifact, &key())?;
        }
        fs::write(folder.join(name), artifact)?;
    }
    let module = fs::read(folder.join("usual"))?;
    for (name, count) in [("component", 3), ("component-of-many", 30)] {
        fs::write(folder.join(name), component(&module, count)?)?;
    }
    Ok(())
}

/// An artifact of a component with so many modules.
fn component(module: &[u8], count: usize) -> Result<Vec<u8>> {
    let read = Artifact::parse(module)?;
    let (target, tunables) = (read.target(), read.tunables());
    let options = WriteOptions::new();
    Ok(write_component(b"", &vec![module; count], target, &tunables, &options)?)
}

/// A module that takes several threads to compile, if there are several.
pub(crate) fn large() -> String {
    let mut text = GUEST.strip_suffix(')').expect("a module").to_owned();
    for number in 0..400 {
        let _ = write!(
            text,
            "(func (param i32) (result i32)
                (i32.mul (i32.add (local.get 0) (local.get 0)) (i32.const {number}00000)))"
        );
    }
    text + ")"
}

/// An instance and its store.
pub(crate) struct Guest {
    pub(crate) store: Store<()>,
    pub(crate) instance: Instance,
}

impl Guest {
    pub(crate) fn new(module: &Module) -> Result<Self> {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[])?;
        Ok(Self { store, instance })
    }

    /// Calls an exported function.
    pub(crate) fn call(&mut self, name: &str, argument: i32) -> Result<i32> {
        let function = self.instance.get_typed_func::<i32, i32>(&mut self.store, name)?;
        function.call(&mut self.store, argument)
    }

    /// A number that depends on the whole state of the instance.
    pub(crate) fn look(&mut self) -> Result<i64> {
        self.call("look", 0).map(i64::from)
    }

    /// Calls a function that must trap.
    pub(crate) fn trap(&mut self, name: &str, expected: Trap) -> Result<()> {
        match self.call(name, 0) {
            Err(error) if error.downcast_ref::<Trap>() == Some(&expected) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => panic!("`{name}` returns"),
        }
    }
}

/// Everything that the steps of a scenario hand on.
pub(crate) struct World {
    /// Where the artifacts are.
    pub(crate) folder: PathBuf,
    /// The usual one.
    pub(crate) bytes: Vec<u8>,
    /// A folder that nobody else has.
    pub(crate) own_folder: PathBuf,
    pub(crate) engine: Option<Engine>,
    pub(crate) module: Option<Module>,
    pub(crate) guests: Vec<Guest>,
    pub(crate) snapshots: Vec<Snapshot>,
}

impl World {
    pub(crate) fn new(folder: PathBuf, own_folder: PathBuf) -> Self {
        let bytes = fs::read(folder.join("usual")).expect("an artifact");
        let (engine, module, guests, snapshots) = (None, None, Vec::new(), Vec::new());
        Self { folder, bytes, own_folder, engine, module, guests, snapshots }
    }

    pub(crate) fn artifact(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The engine, which is made if there is none.
    pub(crate) fn engine(&mut self, config: &Config) -> Result<Engine> {
        if let Some(engine) = &self.engine {
            return Ok(engine.clone());
        }
        Ok(self.engine.insert(Engine::new(config)?).clone())
    }

    pub(crate) fn module(&self) -> &Module {
        self.module.as_ref().expect("a step before has loaded it")
    }

    pub(crate) fn guest(&mut self) -> &mut Guest {
        self.guests.last_mut().expect("a step before has made it")
    }

    pub(crate) fn snapshot(&self, number: usize) -> &Snapshot {
        &self.snapshots[number]
    }
}
