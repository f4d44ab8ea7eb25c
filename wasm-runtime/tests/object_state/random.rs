//! Random graphs, with collections, snapshots, restores, transactions and forks in any order.

use proptest::prelude::*;
use wasm_runtime::{Engine, Linker, Module, Result, Snapshot};

use crate::graph::{FIELDS, GUEST, Kind, Model, SLOTS, World, engines};

#[derive(Clone, Debug)]
enum Step {
    Make(usize, Kind, i32),
    Number(usize, i32),
    Segment(usize),
    Last(usize),
    Clear(usize),
    Copy(usize, usize),
    Link(usize, usize, usize),
    Set(usize, i32),
    Follow(usize, usize, usize),
    Churn(i32),
    Collect,
    Snapshot,
    /// One of the snapshots so far.
    Restore(usize),
    Fork(usize),
    /// Steps that are undone.
    Undone(Vec<Step>),
    /// Goes on in another store.
    Switch(usize),
}

fn change() -> impl Strategy<Value = Step> {
    let slot = || 0..SLOTS;
    let kind = prop_oneof![Just(Kind::Node), Just(Kind::Leaf), Just(Kind::List), Just(Kind::Bytes)];
    prop_oneof![
        6 => (slot(), kind, 0..1000).prop_map(|(a, b, c)| Step::Make(a, b, c)),
        1 => (slot(), -9..9).prop_map(|(a, b)| Step::Number(a, b)),
        1 => slot().prop_map(Step::Segment),
        1 => slot().prop_map(Step::Last),
        1 => slot().prop_map(Step::Clear),
        1 => (slot(), slot()).prop_map(|(a, b)| Step::Copy(a, b)),
        8 => (slot(), 0..FIELDS, slot()).prop_map(|(a, b, c)| Step::Link(a, b, c)),
        2 => (slot(), 0..1000).prop_map(|(a, b)| Step::Set(a, b)),
        2 => (slot(), 0..FIELDS, slot()).prop_map(|(a, b, c)| Step::Follow(a, b, c)),
        1 => (1..3000).prop_map(Step::Churn),
        1 => Just(Step::Collect),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => change(),
        1 => Just(Step::Snapshot),
        1 => (0..9usize).prop_map(Step::Restore),
        1 => (0..9usize).prop_map(Step::Fork),
        1 => (0..9usize).prop_map(Step::Switch),
        1 => prop::collection::vec(change(), 1..6).prop_map(Step::Undone),
    ]
}

/// A snapshot, the number of the store that it is of, and what the store had.
struct Taken(Snapshot, usize, Model);

fn change_one(world: &mut World, step: &Step) -> Result<()> {
    match *step {
        Step::Make(slot, kind, id) => {
            world.model.make(slot, kind, id);
            let name = match kind {
                Kind::Node => "node",
                Kind::Leaf => "leaf",
                Kind::List => "list",
                Kind::Bytes => "bytes",
            };
            world.call(name, slot, id)
        }
        Step::Number(slot, id) => {
            world.model.number(slot, id);
            world.call("number", slot, id)
        }
        Step::Segment(slot) => {
            world.model.segment(slot);
            world.call("segment", slot, 0)
        }
        Step::Last(slot) => {
            world.model.last(slot);
            world.call("last", slot, 0)
        }
        Step::Clear(slot) => {
            world.model.clear(slot);
            world.call("clear", slot, 0)
        }
        Step::Copy(slot, from) => {
            world.model.copy(slot, from);
            world.call("copy", slot, from as i32)
        }
        Step::Link(slot, field, to) => {
            world.model.link(slot, field, to);
            world.call_three("link", slot, field, to)
        }
        Step::Set(slot, id) => {
            world.model.set(slot, id);
            world.call("set", slot, id)
        }
        Step::Follow(slot, field, to) => {
            world.model.follow(slot, field, to);
            world.call_three("follow", slot, field, to)
        }
        Step::Churn(count) => world.call("churn", count as usize, 0),
        Step::Collect => world.store.gc(None),
        _ => unreachable!("the others are not made here"),
    }
}

fn run(engine: &Engine, steps: &[Step]) -> Result<()> {
    let module = Module::new(engine, GUEST)?;
    let linker = Linker::new(engine);
    let mut worlds = vec![World::new(&module)?];
    let mut taken: Vec<Taken> = Vec::new();
    let mut at = 0;
    for step in steps {
        let choose = |number: usize| number.checked_rem(taken.len());
        let count = worlds.len();
        let world = &mut worlds[at];
        match step {
            Step::Snapshot => {
                // The store of a fork has another instance.
                let snapshot = Snapshot::take(&mut world.store, &[world.instance])?;
                taken.push(Taken(snapshot, at, world.model.clone()));
            }
            Step::Restore(number) => {
                let Some(number) = choose(*number) else { continue };
                let Taken(snapshot, of, model) = &taken[number];
                snapshot.restore(&mut worlds[*of].store)?;
                worlds[*of].model = model.clone();
                at = *of;
            }
            Step::Fork(number) => {
                let Some(number) = choose(*number) else { continue };
                let Taken(snapshot, of, model) = &taken[number];
                // Into a new store, or beside the instance that is there.
                let mut world = match number % 2 {
                    0 => World::new(&module)?,
                    _ => std::mem::replace(&mut worlds[*of], World::new(&module)?),
                };
                let instance = snapshot.fork(&mut world.store, &linker)?[0];
                let mut forked = World { instance, model: model.clone(), ..world };
                forked.check()?;
                if number % 2 == 1 {
                    // The snapshots of the store that is there no more can't be restored.
                    let gone = *of;
                    taken.retain(|taken| taken.1 != gone);
                }
                worlds.push(forked);
                at = worlds.len() - 1;
            }
            Step::Undone(steps) => {
                let before = world.model.clone();
                let snapshot = Snapshot::of_store(&mut world.store)?;
                steps.iter().try_for_each(|step| change_one(world, step))?;
                world.check()?;
                snapshot.restore(&mut world.store)?;
                world.model = before;
            }
            Step::Switch(number) => at = number % count,
            step => change_one(world, step)?,
        }
        worlds[at].check()?;
    }
    worlds.iter_mut().try_for_each(|world| {
        world.store.gc(None)?;
        world.check()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]
    #[test]
    fn graphs_are_what_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        for engine in engines() {
            run(&engine, &steps).unwrap();
        }
    }
}
