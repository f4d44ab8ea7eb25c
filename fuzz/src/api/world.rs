//! Everything that a sequence has made: engines, stores, linkers, lookups, snapshots.

#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use wasm_runtime::{
    Engine, Extern, ForkPre, FuncType, InstancePre, Linker, Module, Snapshot, Store, StoreLimits,
    ValType,
};

use super::guest::{self, Artifacts, KINDS, Kind};
use super::host::{self, Data};
use super::local::{FUEL, TICKS};
use super::model::State;
use super::saved::Saved;
use super::side::Side;
use super::trace;

/// An engine with what belongs to it.
pub(super) struct EngineSide {
    pub(super) engine: Engine,
    pub(super) settings: usize,
    /// A linker with the host's function, and nothing else.
    pub(super) base: Linker<Data>,
    /// The modules of this sequence, by kind.
    modules: [Option<Module>; KINDS.len()],
    /// What was loaded so far, by kind and the settings that it was compiled for; `None` for what
    /// the engine refuses.
    loaded: HashMap<(usize, usize), Option<Module>>,
    /// Keeps types alive, so that the same types of modules have other numbers in each engine.
    types: Vec<FuncType>,
    /// How many sequences have used it.
    uses: u32,
}

/// After how many sequences an engine is dropped.
const USES: u32 = 50;

thread_local! {
    /// Engines that the next sequences use. Mostly they have what earlier stores have left, as in
    /// most programs; and to make engines would take longer than all else.
    static USED: RefCell<Vec<EngineSide>> = const { RefCell::new(Vec::new()) };
}

impl EngineSide {
    fn new(settings: usize, number: usize) -> Self {
        let engine = Engine::new(&guest::config(settings)).expect("the settings are valid");
        let types = (0..number).map(|n| FuncType::new(&engine, vec![ValType::F32; n + 1], []));
        let types = types.collect();
        let mut base = Linker::new(&engine);
        host::define(&mut base).expect("the names are free");
        let (modules, loaded) = Default::default();
        Self { engine, settings, base, modules, loaded, types, uses: 0 }
    }

    /// An engine that another sequence has used, or else a new one.
    fn used(settings: usize, number: usize) -> Self {
        let fits = |it: &EngineSide| it.settings == settings && it.types.len() == number;
        let used = USED.with_borrow_mut(|used| {
            used.iter().position(fits).map(|place| used.swap_remove(place))
        });
        let mut engine = used.unwrap_or_else(|| Self::new(settings, number));
        engine.modules = Default::default();
        engine.uses += 1;
        engine
    }

    /// A module of the engine. It may be an artifact that was made for other settings.
    pub(super) fn module(
        &mut self,
        u: &mut Unstructured<'_>,
        artifacts: &Artifacts,
        kind: Kind,
    ) -> Result<Module> {
        let place = KINDS.iter().position(|other| *other == kind).expect("all are listed");
        if let Some(module) = &self.modules[place] {
            return Ok(module.clone());
        }
        let mut load = |settings| {
            // SAFETY: the compiler has made these bytes.
            let load =
                || unsafe { Module::deserialize(&self.engine, artifacts.get(settings, kind)).ok() };
            self.loaded.entry((place, settings)).or_insert_with(load).clone()
        };
        let mut module = None;
        if u.ratio(1, 6)? {
            let other = u.choose_index(guest::SETTINGS)?;
            // It must be possible to end calls in the way that the engine's settings require.
            let serves = guest::interruptible(other) >= guest::interruptible(self.settings)
                && guest::epochs(other) >= guest::epochs(self.settings)
                && guest::fuel(other) >= guest::fuel(self.settings);
            if serves {
                trace::step(|| format!("take {kind:?} as compiled for settings {other}"));
                module = load(other);
            }
        }
        let module = module
            .or_else(|| load(self.settings))
            .expect("what was made for these settings is accepted");
        self.modules[place] = Some(module.clone());
        Ok(module)
    }
}

/// A store with its model.
pub(super) struct Stored {
    pub(super) store: Store<Data>,
    pub(super) side: Side,
}

/// A linker, and the items it has under `o`: their store, and the indices of the memory, functions,
/// values and global.
pub(super) struct LinkerSide {
    pub(super) linker: Linker<Data>,
    pub(super) engine: usize,
    pub(super) owner: Option<(usize, [usize; 4])>,
}

/// The result of looking up imports.
pub(super) struct PreSide {
    pub(super) pre: InstancePre<Data>,
    pub(super) engine: usize,
    pub(super) kind: Kind,
    pub(super) owner: Option<(usize, [usize; 4])>,
}

/// Everything that exists.
pub(super) struct World<'a> {
    pub(super) artifacts: &'a Artifacts,
    pub(super) engines: Vec<EngineSide>,
    pub(super) stores: Vec<Stored>,
    pub(super) linkers: Vec<LinkerSide>,
    pub(super) pres: Vec<PreSide>,
    pub(super) snapshots: Vec<(Snapshot, Arc<Saved>)>,
    pub(super) forks: Vec<(ForkPre<Data>, Arc<Saved>)>,
    /// Items whose stores are gone.
    pub(super) strays: Vec<Extern>,
    uids: usize,
}

impl<'a> World<'a> {
    pub(super) fn new(u: &mut Unstructured<'_>, artifacts: &'a Artifacts) -> Result<Self> {
        let mut engines = Vec::new();
        let used = u.ratio(7, 8)?;
        for number in 0..u.int_in_range(1..=3_usize)? {
            let settings = guest::settings(u)?;
            trace::step(|| format!("engine {number} with settings {settings}"));
            engines.push(match used {
                true => EngineSide::used(settings, number),
                false => EngineSide::new(settings, number),
            });
        }
        let mut world = Self {
            artifacts,
            engines,
            stores: Vec::new(),
            linkers: Vec::new(),
            pres: Vec::new(),
            snapshots: Vec::new(),
            forks: Vec::new(),
            strays: Vec::new(),
            uids: 0,
        };
        world.add_store(u)?;
        Ok(world)
    }

    pub(super) fn add_store(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let engine = u.choose_index(self.engines.len())?;
        let uid = self.uids;
        self.uids += 1;
        trace::step(|| format!("store {uid} of engine {engine}"));
        let of = &self.engines[engine];
        let stored = Stored {
            store: new_store(of),
            side: Side {
                uid,
                engine,
                settings: of.settings,
                model: State::new(),
                memories: Vec::new(),
                tables: Vec::new(),
                globals: Vec::new(),
                instances: Vec::new(),
                funcs: Vec::new(),
            },
        };
        self.stores.push(stored);
        Ok(())
    }

    /// Compares everything, and drops it in some order.
    pub(super) fn end(mut self, u: &mut Unstructured<'_>) -> Result<()> {
        trace::step(|| "(the end: all is compared)".to_owned());
        for Stored { store, side } in &mut self.stores {
            side.assert_all(store);
        }
        let mut left: Vec<Box<dyn FnOnce() + 'a>> = Vec::new();
        for stored in self.stores {
            left.push(Box::new(move || drop(stored)));
        }
        left.push(Box::new(move || {
            let used = self.engines.into_iter().filter(|it| (1..USES).contains(&it.uses));
            USED.with_borrow_mut(|all| all.extend(used));
        }));
        left.push(Box::new(move || drop(self.linkers)));
        left.push(Box::new(move || drop(self.pres)));
        left.push(Box::new(move || drop(self.snapshots)));
        left.push(Box::new(move || drop(self.forks)));
        while !left.is_empty() {
            let next = u.choose_index(left.len())?;
            left.swap_remove(next)();
        }
        Ok(())
    }
}

/// A store whose calls are not ended by the limits that its engine counts.
pub(super) fn new_store(of: &EngineSide) -> Store<Data> {
    let mut store = Store::new(&of.engine, Data { limits: StoreLimits::default() });
    if guest::fuel(of.settings) {
        store.set_fuel(FUEL).expect("fuel is counted");
    }
    if guest::epochs(of.settings) {
        store.set_epoch_deadline(TICKS);
    }
    store
}
