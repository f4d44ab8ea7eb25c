//! Instances, and the ways in which they get what they import.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{Extern, Instance, Linker, Module, Store, Trap};

use super::guest::{self, Artifacts, KINDS, Kind};
use super::host::{self, Data};
use super::local::pick;
use super::model::{Func, Made, Outcome, State, Stop, Value};
use super::side::{Side, attempt};
use super::trace;
use super::world::{EngineSide, LinkerSide, PreSide, Stored, World};
use super::wrong;

/// Whether these items are what a module of this kind imports.
pub(super) fn fits(model: &State, kind: Kind, items: [usize; 4]) -> bool {
    let [memory, funcs, values, global] = items;
    let memory = &model.memories[memory];
    let (funcs, values) = (&model.tables[funcs], &model.tables[values]);
    let size = |table: &super::model::Table| table.elements.len() as u64;
    let of_types = funcs.is_func() && matches!(model.globals[global], Value::I64(_));
    let large = memory.pages >= guest::PAGES.0 && size(funcs) >= guest::FUNCS.0;
    match kind {
        Kind::Owner => true,
        Kind::User => of_types && !values.is_func() && large && size(values) >= guest::VALUES.0,
        Kind::Fixed => {
            of_types
                && !values.is_func()
                && (memory.pages, memory.max) == (guest::PAGES.1, guest::PAGES.1)
                && (size(funcs), funcs.max) == (guest::FUNCS.1, guest::FUNCS.1)
                && (size(values), values.max) == (guest::VALUES.1, guest::VALUES.1)
        }
        Kind::Failing => funcs.is_func() && large,
    }
}

/// The outcome of an instantiation with these items as imports; `None` if one is missing.
fn expected(side: &Side, kind: Kind, items: Option<[usize; 4]>) -> Outcome<()> {
    match (kind, items) {
        (Kind::Owner, _) => {
            let (pages, elements) = (side.model.most_pages, side.model.most_elements);
            let room = pages >= guest::PAGES.0 && elements >= guest::FUNCS.0;
            if room { Ok(()) } else { Err(Stop::Error) }
        }
        (_, Some(items)) if fits(&side.model, kind, items) => match kind {
            Kind::Failing => Err(Stop::Trap(Trap::UnreachableCodeReached)),
            _ => Ok(()),
        },
        _ => Err(Stop::Error),
    }
}

/// Compares the outcome of an instantiation, and takes over what was made.
fn made(
    store: &mut Store<Data>,
    side: &mut Side,
    kind: Kind,
    items: Option<[usize; 4]>,
    found: Outcome<Instance>,
) {
    let expected = expected(side, kind, items);
    let outcome = found.clone().map(|_| ());
    assert_eq!(outcome, expected, "instantiating {kind:?}: found first, expected second");
    match (found, items) {
        (Ok(instance), _) => add(store, side, kind, items, instance),
        (Err(Stop::Trap(_)), Some([memory, funcs, ..])) => {
            let orphan = side.model.orphans.len();
            side.model.orphans.push([memory, funcs]);
            side.model.made.push(Made::Orphan(orphan));
            let (at, byte) = guest::FAILED;
            side.model.store(memory, at, &[byte]).expect("the memory has a page");
            side.model.tables[funcs].elements[3] = Value::Func(Some(Func::Orphan(orphan)));
        }
        _ => {}
    }
}

/// Adds a new instance.
fn add(
    store: &mut Store<Data>,
    side: &mut Side,
    kind: Kind,
    items: Option<[usize; 4]>,
    real: Instance,
) {
    let get_global = |store: &mut Store<Data>, name| {
        real.get_global(&mut *store, name).expect("all export these")
    };
    let instance = match (kind, items) {
        (Kind::Owner, _) | (_, None) => {
            side.memories.push(real.get_memory(&mut *store, "m").expect("all export it"));
            for name in ["t", "x"] {
                side.tables.push(real.get_table(&mut *store, name).expect("all export these"));
            }
            side.globals.push(get_global(store, "g"));
            side.model.add_owner()
        }
        (_, Some(items)) => side.model.instance(kind, items),
    };
    side.globals.push(get_global(store, "id"));
    side.globals.push(get_global(store, "f"));
    side.model.instances.push(instance);
    side.instances.push(real);
    side.model.made.push(Made::Instance(side.instances.len() - 1));
    number(store, side, side.instances.len() - 1);
}

/// Gives an instance a number of its own.
pub(super) fn number(store: &mut Store<Data>, side: &mut Side, place: usize) {
    let number = Value::I32((side.uid * 1000 + place + 1) as i32);
    let global = side.model.instances[place].number;
    side.model.globals[global] = number;
    let val = side.val(store, number);
    side.globals[global].set(store, val).expect("it is a number");
}

/// Instantiates with a list of items of the store. Some of them may not fit.
pub(super) fn by_list(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
    engine: &mut EngineSide,
    artifacts: &Artifacts,
) -> Result<()> {
    let full = side.model.instances.iter().rposition(|of| {
        fits(&side.model, Kind::Fixed, [of.memory, of.funcs, of.values, of.global])
    });
    let kind = match full {
        // This kind can rarely be instantiated.
        Some(_) if u.ratio(1, 3)? => Kind::Fixed,
        _ if side.instances.is_empty() => Kind::Owner,
        _ => *u.choose(&KINDS)?,
    };
    let module = engine.module(u, artifacts, kind)?;
    let host = engine.base.get(&mut *store, "host", "call").expect("it is defined");
    let mut items = None;
    let mut list = vec![host];
    if kind != Kind::Owner {
        // Mostly the items of one instance.
        let Some(mut i) = pick(u, side.instances.len())? else { return Ok(()) };
        if let (Kind::Fixed, Some(full)) = (kind, full) {
            i = full;
        }
        let of = &side.model.instances[i];
        let mut chosen = [of.memory, of.funcs, of.values, of.global];
        if u.ratio(1, 4)? {
            chosen[0] = u.choose_index(side.memories.len())?;
        }
        if u.ratio(1, 6)? {
            let place = u.int_in_range(1..=2_usize)?;
            chosen[place] = u.choose_index(side.tables.len())?;
        }
        let [memory, funcs, values, global] = chosen;
        list.push(side.memories[memory].into());
        list.push(side.tables[funcs].into());
        if kind != Kind::Failing {
            list.push(side.tables[values].into());
            list.push(side.globals[global].into());
        }
        items = Some(chosen);
    }
    trace::step(|| format!("instantiate {kind:?} in store {} with {items:?}", side.uid));
    let found = attempt(|| Instance::new(&mut *store, &module, &list));
    made(store, side, kind, items, found);
    Ok(())
}

/// Instantiates in one of the possible ways.
pub(super) fn instantiate(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(place) = pick(u, world.stores.len())? else { return Ok(()) };
    let Stored { store, side } = &mut world.stores[place];
    if side.instances.len() >= 8 {
        return Ok(());
    }
    match u.int_in_range(0..=3_u32)? {
        0 | 1 => by_list(u, store, side, &mut world.engines[side.engine], world.artifacts),
        2 => {
            let Some(l) = pick(u, world.linkers.len())? else { return Ok(()) };
            let kind = *u.choose(&KINDS)?;
            // The module belongs to the store's engine. The linker may belong to another.
            let module = world.engines[side.engine].module(u, world.artifacts, kind)?;
            by_linker(store, side, &world.linkers[l], l, &module, kind);
            Ok(())
        }
        _ => {
            let Some(p) = pick(u, world.pres.len())? else { return Ok(()) };
            let PreSide { pre, engine, kind, owner } = &world.pres[p];
            trace::step(|| format!("instantiate in store {} what was looked up {p}", side.uid));
            let of_others = owner.is_some_and(|(uid, _)| uid != side.uid && *kind != Kind::Owner);
            if *engine != side.engine || of_others {
                wrong::refused(|| pre.instantiate(&mut *store));
                return Ok(());
            }
            let items = owner.map(|(_, items)| items).filter(|_| *kind != Kind::Owner);
            let found = attempt(|| pre.instantiate(&mut *store));
            made(store, side, *kind, items, found);
            Ok(())
        }
    }
}

fn by_linker(
    store: &mut Store<Data>,
    side: &mut Side,
    linker: &LinkerSide,
    l: usize,
    module: &Module,
    kind: Kind,
) {
    trace::step(|| format!("instantiate {kind:?} in store {} by linker {l}", side.uid));
    let of_others = linker.owner.is_some_and(|(uid, _)| uid != side.uid && kind != Kind::Owner);
    if linker.engine != side.engine || of_others {
        wrong::refused(|| linker.linker.instantiate(&mut *store, module));
        return;
    }
    let items = linker.owner.map(|(_, items)| items).filter(|_| kind != Kind::Owner);
    let found = attempt(|| linker.linker.instantiate(&mut *store, module));
    made(store, side, kind, items, found);
}

/// Makes a linker.
pub(super) fn linker(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let engine = u.choose_index(world.engines.len())?;
    trace::step(|| format!("linker {} of engine {engine}", world.linkers.len()));
    let mut linker = Linker::new(&world.engines[engine].engine);
    linker.allow_shadowing(true);
    host::define(&mut linker).expect("the names are free");
    world.linkers.push(LinkerSide { linker, engine, owner: None });
    Ok(())
}

/// Defines the exports of an instance in a linker.
pub(super) fn name(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(l) = pick(u, world.linkers.len())? else { return linker(u, world) };
    let Some(s) = pick(u, world.stores.len())? else { return Ok(()) };
    let Stored { store, side } = &mut world.stores[s];
    let Some(i) = pick(u, side.instances.len())? else { return Ok(()) };
    let linker = &mut world.linkers[l];
    trace::step(|| format!("name instance {i} of store {} in linker {l}", side.uid));
    if linker.engine != side.engine {
        wrong::refused(|| linker.linker.instance(&mut *store, "o", side.instances[i]).map(|_| ()));
        return Ok(());
    }
    if u.arbitrary()? {
        linker.linker.instance(&mut *store, "o", side.instances[i]).expect("names may be taken");
    } else {
        for name in ["m", "t", "x", "g"] {
            let item: Extern =
                side.instances[i].get_export(&mut *store, name).expect("all export these");
            linker.linker.define(&*store, "o", name, item).expect("names may be taken");
        }
    }
    let of = &side.model.instances[i];
    linker.owner = Some((side.uid, [of.memory, of.funcs, of.values, of.global]));
    Ok(())
}

/// Looks up the imports of a module.
pub(super) fn look_up(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(l) = pick(u, world.linkers.len())? else { return linker(u, world) };
    let kind = *u.choose(&KINDS)?;
    let engine = u.choose_index(world.engines.len())?;
    let module = world.engines[engine].module(u, world.artifacts, kind)?;
    let linker = &world.linkers[l];
    trace::step(|| format!("look up what {kind:?} of engine {engine} imports in linker {l}"));
    if engine != linker.engine || (linker.owner.is_none() && kind != Kind::Owner) {
        wrong::refused(|| linker.linker.instantiate_pre(&module));
        return Ok(());
    }
    // The sizes are only known at instantiation. Here the sizes may be earlier ones.
    if let Ok(pre) = attempt(|| linker.linker.instantiate_pre(&module)) {
        world.pres.push(PreSide { pre, engine, kind, owner: linker.owner });
    } else {
        assert_ne!(kind, Kind::Owner, "it imports what every linker has");
    }
    Ok(())
}
