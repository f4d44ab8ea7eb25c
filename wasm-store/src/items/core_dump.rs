//! The state of a store at the moment of a trap: see [`Config::coredump_on_trap`].

mod encode;

use std::collections::HashMap;
use std::fmt;

use wasm_types::{EntityIndex, GlobalIndex, MemoryIndex};

use crate::Config;
use crate::items::{Extern, FrameInfo, Global, Instance, Memory, Module, WasmBacktrace};
use crate::store::{AsContextMut, StoreOpaque};

/// What was in a store when an error left Wasm: context of the errors of calls, in engines with
/// [`Config::coredump_on_trap`].
///
/// It has handles and no copies: what they lead to goes on changing, so that a dump is best
/// [written](Self::serialize) at once.
///
/// ```
/// use wasm_store::{Store, TypedFunc, WasmCoreDump};
///
/// fn run(func: TypedFunc<(), ()>, store: &mut Store<()>) -> std::io::Result<()> {
///     if let Err(error) = func.call(&mut *store, ())
///         && let Some(dump) = error.downcast_ref::<WasmCoreDump>()
///     {
///         std::fs::write("core.wasm", dump.serialize(store, "program"))?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct WasmCoreDump {
    backtrace: WasmBacktrace,
    modules: Vec<Module>,
    instances: Vec<Instance>,
    globals: Vec<Global>,
    memories: Vec<Memory>,
    /// Of each instance: the places of its module, its memories and its globals in the lists.
    contents: Vec<Contents>,
}

/// What an instance has, as places in the lists of a dump.
#[derive(Debug)]
struct Contents {
    module: u32,
    memories: Vec<u32>,
    globals: Vec<u32>,
}

/// What the settings of an engine have if there are to be dumps: only who asks for them has the
/// code that makes them.
pub(crate) struct MakeCoreDump(pub(crate) fn(&mut StoreOpaque, WasmBacktrace) -> WasmCoreDump);

impl WasmCoreDump {
    /// The dump of a store, and a backtrace of all frames.
    pub(crate) fn new(store: &mut StoreOpaque, backtrace: WasmBacktrace) -> Self {
        let modules = store.modules.clone();
        let mut dump = Self {
            backtrace,
            modules,
            instances: Vec::new(),
            globals: Vec::new(),
            memories: Vec::new(),
            contents: Vec::new(),
        };
        let (mut memories, mut globals) = (HashMap::new(), HashMap::new());
        for number in 0..store.instances.len() {
            let Some(instance) = Instance::from_user_data(store, number + 1) else { continue };
            let module = store.instances[number].module.clone();
            let place = dump.modules.iter().position(|known| Module::same(known, &module));
            let counts = module.artifact().counts();
            let mut contents =
                Contents { module: place.unwrap_or(0) as u32, memories: vec![], globals: vec![] };
            for index in (0..counts.memories).map(MemoryIndex::new) {
                // A shared memory belongs to no store, and others may change it meanwhile.
                if let Some(Extern::Memory(memory)) =
                    instance.visible(store, EntityIndex::Memory(index))
                {
                    let place = memories.entry(memory.pointer()).or_insert_with(|| {
                        dump.memories.push(memory);
                        dump.memories.len() as u32 - 1
                    });
                    contents.memories.push(*place);
                }
            }
            for index in (0..counts.globals).map(GlobalIndex::new) {
                if let Some(Extern::Global(global)) =
                    instance.visible(store, EntityIndex::Global(index))
                {
                    let place = globals.entry(global.pointer()).or_insert_with(|| {
                        dump.globals.push(global);
                        dump.globals.len() as u32 - 1
                    });
                    contents.globals.push(*place);
                }
            }
            dump.instances.push(instance);
            dump.contents.push(contents);
        }
        dump
    }

    /// The frames, innermost first.
    pub fn frames(&self) -> &[FrameInfo] {
        self.backtrace.frames()
    }

    /// The modules of which there was code in the store.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The instances, in the order in which they were made.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The globals that instances have, each once. Those that are internal to a module can only be
    /// read, and there are none of modules that are [`Sealed`](crate::Internals::Sealed).
    pub fn globals(&self) -> &[Global] {
        &self.globals
    }

    /// The memories that instances have, each once, as with [`globals`](Self::globals). Shared
    /// memories are not among them.
    pub fn memories(&self) -> &[Memory] {
        &self.memories
    }

    /// The dump in the format of the [tool conventions], as it is now: the contents of memories,
    /// the values of globals, where references are null, and the frames, without their locals. A
    /// frame is said to be of the last instance of its module.
    ///
    /// # Panics
    ///
    /// If the store is not the one that the dump was made of.
    ///
    /// [tool conventions]: https://github.com/WebAssembly/tool-conventions/blob/main/Coredump.md
    pub fn serialize(&self, store: impl AsContextMut, name: &str) -> Vec<u8> {
        self.encode(store, name)
    }
}

impl fmt::Display for WasmCoreDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "core dump of {} modules, {} instances, {} memories and {} globals",
            self.modules.len(),
            self.instances.len(),
            self.memories.len(),
            self.globals.len()
        )
    }
}

impl Config {
    /// Whether errors that leave Wasm carry a [`WasmCoreDump`].
    ///
    /// Default: no. A dump costs time when an error leaves Wasm, and none before.
    pub fn coredump_on_trap(&mut self, enable: bool) -> &mut Self {
        self.core_dumps = enable.then_some(&MakeCoreDump(WasmCoreDump::new));
        self
    }
}
