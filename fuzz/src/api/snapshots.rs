//! Snapshots, forks and transactions.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use wasm_runtime::{Error, Instance, Outside, Snapshot, Store};

use super::guest::{Artifacts, Kind};
use super::host::{Data, HostPanic};
use super::local::{self, pick};
use super::model::{self, Func, Made, NOBODYS, Value};
use super::saved::Saved;
use super::side::{Side, attempt};
use super::world::{EngineSide, Stored, World};
use super::{links, trace, wrong};

/// Takes a snapshot of a store or of some of its instances.
pub(super) fn take(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(place) = pick(u, world.stores.len())? else { return Ok(()) };
    let Stored { store, side } = &mut world.stores[place];
    let whole: bool = u.arbitrary()?;
    let include: bool = u.arbitrary()?;
    let mut chosen: Vec<usize> = (0..side.instances.len()).collect();
    if !whole {
        let mut some = Vec::new();
        for place in chosen {
            if u.ratio(2, 3)? {
                some.push(place);
            }
        }
        chosen = some;
        if u.arbitrary()? {
            chosen.reverse();
        }
    }
    trace::step(|| {
        let number = world.snapshots.len();
        format!(
            "snapshot {number} of store {}, whole {whole}, {chosen:?}, what is outside included {include}",
            side.uid
        )
    });
    let mut builder = Snapshot::builder();
    builder.outside(if include { Outside::Include } else { Outside::Refuse });
    if !whole {
        let instances: Vec<Instance> = chosen.iter().map(|place| side.instances[*place]).collect();
        builder.instances(&instances);
    }
    let taken = attempt(|| builder.take(&mut *store));
    let saved = Saved {
        engine: side.engine,
        uid: side.uid,
        state: side.model.clone(),
        made: if whole {
            side.model.made.clone()
        } else {
            chosen.iter().copied().map(Made::Instance).collect()
        },
        whole,
        chosen,
    };
    if !whole {
        let owned = |item: usize, of: fn(&model::Instance) -> usize| {
            saved.chosen.iter().any(|place| {
                let owner = &side.model.instances[*place];
                owner.kind == Kind::Owner && of(owner) == item
            })
        };
        let complete = saved.chosen.iter().all(|place| {
            let of = &side.model.instances[*place];
            owned(of.memory, |i| i.memory)
                && owned(of.funcs, |i| i.funcs)
                && owned(of.values, |i| i.values)
                && owned(of.global, |i| i.global)
        });
        assert_eq!(taken.is_ok(), !saved.chosen.is_empty() && (include || complete), "{taken:?}");
    }
    if whole {
        assert!(taken.is_ok(), "{taken:?}");
    }
    if let Ok(taken) = taken {
        world.snapshots.push((taken, Arc::new(saved)));
    }
    Ok(())
}

/// Puts a snapshot back, mostly in its own store.
pub(super) fn restore(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(s) = pick(u, world.snapshots.len())? else { return Ok(()) };
    let (snapshot, saved) = &world.snapshots[s];
    let own = world.stores.iter().position(|stored| stored.side.uid == saved.uid);
    let Some(mut place) = pick(u, world.stores.len())? else { return Ok(()) };
    if let (Some(own), true) = (own, u.ratio(3, 4)?) {
        place = own;
    }
    let Stored { store, side } = &mut world.stores[place];
    trace::step(|| format!("restore snapshot {s} in store {}", side.uid));
    if side.uid != saved.uid {
        wrong::refused(|| snapshot.restore(&mut *store));
        return Ok(());
    }
    attempt(|| snapshot.restore(&mut *store)).expect("it can be put back");
    saved.put_back(&mut side.model);
    if u.arbitrary()? {
        side.assert_all(store);
    }
    Ok(())
}

/// Makes instances from a snapshot.
pub(super) fn fork(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(target) = pick(u, world.stores.len())? else { return Ok(()) };
    let with = u.choose_index(world.engines.len())?;
    let pre = u.ratio(1, 3)?;
    if pre && u.arbitrary()? {
        let Some(s) = pick(u, world.snapshots.len())? else { return Ok(()) };
        let (snapshot, saved) = &world.snapshots[s];
        trace::step(|| format!("look up what forks of {s} import, in engine {with}"));
        if with != saved.engine {
            wrong::refused(|| snapshot.fork_pre(&world.engines[with].base));
        } else if let Ok(pre) = attempt(|| snapshot.fork_pre(&world.engines[with].base)) {
            assert!(
                saved.has_counterparts(&saved.of_instances()),
                "it has values without counterparts"
            );
            world.forks.push((pre, Arc::clone(saved)));
        }
        return Ok(());
    }
    let Stored { store, side } = &mut world.stores[target];
    let (result, saved) = if pre {
        let Some(f) = pick(u, world.forks.len())? else { return Ok(()) };
        let (pre, saved) = &world.forks[f];
        trace::step(|| format!("fork what was looked up {f} in store {}", side.uid));
        if saved.engine != side.engine {
            wrong::refused(|| pre.fork(&mut *store));
            return Ok(());
        }
        (attempt(|| pre.fork(&mut *store)), Arc::clone(saved))
    } else {
        let Some(s) = pick(u, world.snapshots.len())? else { return Ok(()) };
        let (snapshot, saved) = &world.snapshots[s];
        trace::step(|| format!("fork snapshot {s} in store {} with engine {with}", side.uid));
        let linker = &world.engines[with].base;
        if saved.engine != side.engine || with != side.engine {
            wrong::refused(|| snapshot.fork(&mut *store, linker));
            return Ok(());
        }
        (attempt(|| snapshot.fork(&mut *store, linker)), Arc::clone(saved))
    };
    match result {
        Ok(made) => {
            let must_fail = !saved.has_counterparts(&saved.of_instances()) || saved.has_halted();
            assert!(!must_fail, "what refers to something of another store was forked");
            adopt(store, side, &saved, &made);
        }
        Err(error) => {
            let may_fail = !saved.has_counterparts(&saved.items())
                || saved.has_halted()
                || side.model.most_pages < u64::MAX
                || side.settings == 2;
            assert!(may_fail, "a fork fails: {error:?}");
        }
    }
    side.assert_all(store);
    Ok(())
}

/// Takes over the instances of a fork.
fn adopt(store: &mut Store<Data>, side: &mut Side, saved: &Saved, made: &[Instance]) {
    assert_eq!(made.len(), saved.made.len());
    let first = side.instances.len();
    // The indices that they get here.
    let (mut instances, mut orphans) = (BTreeMap::new(), BTreeMap::new());
    for made in &saved.made {
        match made {
            Made::Instance(place) => instances.insert(*place, first + instances.len()),
            Made::Orphan(place) => orphans.insert(*place, side.model.orphans.len() + orphans.len()),
        };
    }
    let counterpart = |value: Value| match value {
        Value::Func(Some(Func::Guest { instance, kind })) => {
            Value::Func(Some(Func::Guest { instance: instances[&instance], kind }))
        }
        Value::Func(Some(Func::Orphan(place))) => Value::Func(Some(Func::Orphan(orphans[&place]))),
        other => other,
    };
    let (mut memories, mut tables, mut globals) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::<usize, usize>::new());
    for (real, saved_as) in made.iter().zip(&saved.made) {
        let Made::Instance(place) = saved_as else { continue };
        let of = &saved.state.instances[*place];
        let memory = *memories.entry(of.memory).or_insert_with(|| {
            side.memories.push(real.get_memory(&mut *store, "m").expect("all export it"));
            side.model.memories.push(saved.state.memories[of.memory].clone());
            side.memories.len() - 1
        });
        let mut table = |side: &mut Side, old: usize, name: &str| {
            *tables.entry(old).or_insert_with(|| {
                side.tables.push(real.get_table(&mut *store, name).expect("all export these"));
                let mut table = saved.state.tables[old].clone();
                table.elements.iter_mut().for_each(|element| *element = counterpart(*element));
                side.model.tables.push(table);
                side.tables.len() - 1
            })
        };
        let funcs = table(side, of.funcs, "t");
        let values = table(side, of.values, "x");
        let mut global = |side: &mut Side, old: usize, name: &str| {
            *globals.entry(old).or_insert_with(|| {
                side.globals.push(real.get_global(&mut *store, name).expect("all export these"));
                side.model.globals.push(counterpart(saved.state.globals[old]));
                side.globals.len() - 1
            })
        };
        let instance = model::Instance {
            memory,
            funcs,
            values,
            global: global(side, of.global, "g"),
            number: global(side, of.number, "id"),
            held: global(side, of.held, "f"),
            ..of.clone()
        };
        side.model.instances.push(instance);
        side.instances.push(*real);
    }
    // A store makes them in the order of those that they are of, whatever order they are given in.
    for saved_as in saved.state.made.iter().filter(|made| saved.made.contains(made)) {
        side.model.made.push(match saved_as {
            Made::Instance(place) => Made::Instance(instances[place]),
            Made::Orphan(place) => {
                // Nobody else imports this, so nobody makes it smaller here.
                let [memory, funcs] = saved.state.orphans[*place];
                let items = memories.get(&memory).zip(tables.get(&funcs));
                side.model.orphans.push(items.map_or(NOBODYS, |(memory, funcs)| [*memory, *funcs]));
                Made::Orphan(orphans[place])
            }
        });
    }
    for place in first..side.instances.len() {
        links::number(store, side, place);
    }
}

/// A transaction in which something happens, and which ends in one of the possible ways.
pub(super) fn transaction(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
    engine: &mut EngineSide,
    artifacts: &Artifacts,
    depth: usize,
) -> Result<()> {
    let before = side.model.clone();
    let how = u.int_in_range(0..=5_u32)?;
    trace::step(|| format!("begin in store {} (ends by {how})", side.uid));
    let mut inside = |store: &mut Store<Data>, side: &mut Side| -> Result<()> {
        for _ in 0..u.int_in_range(1..=6_u32)? {
            match u.int_in_range(0..=9_u32)? {
                0 | 1 if side.instances.len() < 8 => {
                    links::by_list(u, store, side, engine, artifacts)?;
                }
                2 if depth < 2 => {
                    transaction(u, store, side, engine, artifacts, depth + 1)?;
                }
                _ => local::step(u, store, side)?,
            }
            side.assert_sizes(store);
        }
        Ok(())
    };
    let mut outcome = Ok(());
    match how {
        0 => {
            let mut tx = store.begin().expect("nothing is running");
            outcome = inside(&mut tx, side);
            tx.commit();
        }
        1 => {
            let mut tx = store.begin().expect("nothing is running");
            outcome = inside(&mut tx, side);
            tx.rollback().expect("it can be put back");
        }
        2 => {
            let mut tx = store.begin().expect("nothing is running");
            outcome = inside(&mut tx, side);
            drop(tx);
        }
        3 => {
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let mut tx = store.begin().expect("nothing is running");
                outcome = inside(&mut tx, side);
                resume_unwind(Box::new(HostPanic));
            }));
            match unwound {
                Err(payload) if payload.is::<HostPanic>() => {}
                Err(payload) => resume_unwind(payload),
                Ok(()) => unreachable!("it unwinds"),
            }
        }
        4 => {
            let result = store.transaction(|store| {
                outcome = inside(store, side);
                Err::<(), _>(Error::msg("undo it"))
            });
            assert_eq!(result.expect_err("it fails").to_string(), "undo it");
        }
        _ => {
            let result = store.transaction(|store| {
                outcome = inside(store, side);
                Ok(())
            });
            assert!(result.is_ok(), "{result:?}");
        }
    }
    if how != 0 && how != 5 {
        trace::step(|| "roll back".to_owned());
        let chosen = (0..before.instances.len()).collect();
        let (engine, uid) = (side.engine, side.uid);
        let saved = Saved { engine, uid, state: before, chosen, made: Vec::new(), whole: true };
        saved.put_back(&mut side.model);
        side.assert_all(store);
    }
    outcome
}
