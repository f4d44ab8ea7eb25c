//! One step of any kind after the other.

use arbitrary::{Result, Unstructured};

use super::local::{self, pick};
use super::world::{Stored, World};
use super::{links, snapshots, trace, wrong};

/// Takes a step of any kind, and then compares what it touched.
pub(super) fn step(world: &mut World<'_>, u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=39_u32)? {
        0..=17 => {
            if let Some(Stored { store, side }) = pick_store(world, u)? {
                local::step(u, store, side)?;
            }
        }
        18 | 19 if world.stores.len() < 4 => world.add_store(u)?,
        20..=24 => links::instantiate(u, world)?,
        25 => links::linker(u, world)?,
        26 => links::name(u, world)?,
        27 => links::look_up(u, world)?,
        28 | 29 => snapshots::take(u, world)?,
        30 => snapshots::restore(u, world)?,
        31 | 32 => snapshots::fork(u, world)?,
        33 | 34 => {
            let Some(place) = pick(u, world.stores.len())? else { return Ok(()) };
            let Stored { store, side } = &mut world.stores[place];
            let engine = &mut world.engines[side.engine];
            snapshots::transaction(u, store, side, engine, world.artifacts, 0)?;
        }
        35..=37 => wrong::step(u, world)?,
        _ => drop_something(world, u)?,
    }
    for Stored { store, side } in &mut world.stores {
        side.assert_sizes(store);
    }
    if u.ratio(1, 12)?
        && let Some(Stored { store, side }) = pick_store(world, u)?
    {
        trace::step(|| "(all is compared)".to_owned());
        side.assert_all(store);
    }
    Ok(())
}

fn pick_store<'w>(
    world: &'w mut World<'_>,
    u: &mut Unstructured<'_>,
) -> Result<Option<&'w mut Stored>> {
    Ok(pick(u, world.stores.len())?.map(|place| &mut world.stores[place]))
}

fn drop_something(world: &mut World<'_>, u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=5_u32)? {
        0 | 1 => {
            if let Some(place) = pick(u, world.stores.len())? {
                let mut stored = world.stores.remove(place);
                trace::step(|| format!("drop store {}", stored.side.uid));
                stored.side.assert_all(&mut stored.store);
                world.strays.extend(stored.side.items());
                world.strays.truncate(16);
            }
        }
        2 => {
            if let Some(place) = pick(u, world.linkers.len())? {
                trace::step(|| format!("drop linker {place}"));
                world.linkers.remove(place);
            }
        }
        3 => {
            if let Some(place) = pick(u, world.pres.len())? {
                trace::step(|| format!("drop what was looked up {place}"));
                world.pres.remove(place);
            }
        }
        4 => {
            if let Some(place) = pick(u, world.snapshots.len())? {
                trace::step(|| format!("drop snapshot {place}"));
                world.snapshots.remove(place);
            }
        }
        _ => {
            if let Some(place) = pick(u, world.forks.len())? {
                trace::step(|| format!("drop fork {place}"));
                world.forks.remove(place);
            }
        }
    }
    Ok(())
}
