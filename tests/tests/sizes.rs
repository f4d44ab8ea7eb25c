//! Random sequences of growth, imports, snapshots, restores, forks and transactions that are
//! undone. A plain model has the size of each table and memory. No instance gets less than its
//! imports require, and instances for which something has become too small do not run.

use proptest::prelude::*;
use wasm_runtime::{
    Engine, ExternRef, Instance, InstancePre, Linker, Module, Result, Rooted, Snapshot, Store,
    Table, Trap,
};

/// How large the tables and the memory of the owner may become. Sizes are in elements and pages.
const MAXIMA: [u64; 3] = [6, 900, 3];
const FIRST: u64 = 1;

const OWNER: &str = r#"(module
    (table (export "0") 1 6 externref) (table (export "1") 1 900 externref) (memory (export "2") 1 3))"#;

/// An importer of one of them. `minimum` may be its maximum; then it is a constant of the code.
fn user(number: usize, minimum: u64) -> String {
    let maximum = MAXIMA[number];
    match number {
        2 => format!(
            r#"(module (import "o" "2" (memory {minimum} {maximum}))
                (func (export "size") (result i32) (memory.size))
                (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
                (func (export "set") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"#
        ),
        _ => format!(
            r#"(module (import "o" "{number}" (table {minimum} {maximum} externref))
                (func (export "size") (result i32) (table.size))
                (func (export "get") (param i32) (result externref) (table.get (local.get 0)))
                (func (export "set") (param i32 externref) (table.set (local.get 0) (local.get 1))))"#
        ),
    }
}

#[derive(Clone, Debug)]
enum Op {
    /// Grows one to a part of its maximum.
    Grow(usize, Part),
    /// Writes to one, from the host or from one of its importers.
    Set(usize, Part, Option<usize>, u8),
    /// Makes an importer.
    Import(usize, Part),
    /// Looks up the imports of an importer.
    LookUp(usize, Part),
    /// Makes an importer whose imports were looked up before.
    ImportLookedUp(usize),
    Snapshot,
    Restore(usize),
    /// Makes new instances of a snapshot, in another store.
    Fork(usize),
    /// Does something in a transaction, which is committed or undone.
    Transaction(Vec<Op>, bool),
}

/// A part of a maximum, in quarters.
type Part = u64;

fn of(number: usize, part: Part) -> u64 {
    (MAXIMA[number] * part).div_ceil(4)
}

fn any_op() -> impl Strategy<Value = Op> {
    let number = || 0..MAXIMA.len();
    let leaf = prop_oneof![
        3 => (number(), 1_u64..=4).prop_map(|(number, part)| Op::Grow(number, part)),
        2 => (number(), 0_u64..=4, any::<Option<usize>>(), any::<u8>())
            .prop_map(|(number, part, by, value)| Op::Set(number, part, by, value)),
        4 => (number(), 1_u64..=4).prop_map(|(number, part)| Op::Import(number, part)),
        1 => (number(), 1_u64..=4).prop_map(|(number, part)| Op::LookUp(number, part)),
        1 => any::<usize>().prop_map(Op::ImportLookedUp),
        1 => Just(Op::Snapshot),
        2 => any::<usize>().prop_map(Op::Restore),
        1 => any::<usize>().prop_map(Op::Fork),
    ];
    leaf.prop_recursive(2, 12, 6, |op| {
        (prop::collection::vec(op, 1..6), any::<bool>())
            .prop_map(|(ops, commit)| Op::Transaction(ops, commit))
    })
}

/// The model's contents of the items: a value for each element of a table and for the first byte of
/// each page, 0 for null.
type Items = [Vec<u8>; 3];

#[derive(Clone, Copy)]
struct User {
    instance: Instance,
    number: usize,
    minimum: u64,
}

struct Machine {
    modules: Vec<Vec<Module>>,
    owner: Instance,
    items: Items,
    users: Vec<User>,
    snapshots: Vec<(Snapshot, Items, usize)>,
    looked_up: Vec<(InstancePre<()>, usize, u64)>,
}

impl Machine {
    fn new(engine: &Engine, store: &mut Store<()>) -> Result<Self> {
        let owner = Instance::new(store, &Module::new(engine, OWNER)?, &[])?;
        let compile = |number, part| Module::new(engine, user(number, of(number, part)));
        let modules = (0..MAXIMA.len())
            .map(|number| (1..=4).map(|part| compile(number, part)).collect())
            .collect::<Result<_>>()?;
        let items = MAXIMA.map(|_| vec![0; FIRST as usize]);
        let (users, snapshots, looked_up) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { modules, owner, items, users, snapshots, looked_up })
    }

    fn module(&self, number: usize, part: Part) -> &Module {
        &self.modules[number][part as usize - 1]
    }

    fn linker(&self, store: &mut Store<()>) -> Result<Linker<()>> {
        let mut linker = Linker::new(store.engine());
        linker.instance(store, "o", self.owner)?;
        Ok(linker)
    }

    fn run(&mut self, store: &mut Store<()>, op: &Op) -> Result<()> {
        match *op {
            Op::Grow(number, part) => {
                let size = self.items[number].len();
                let more = (of(number, part) as usize).saturating_sub(size);
                match number {
                    2 => drop(memory(self.owner, store).grow(&mut *store, more as u64)?),
                    _ => {
                        let table = table(self.owner, store, number);
                        table.grow(&mut *store, more as u64, wasm_runtime::Ref::Extern(None))?;
                    }
                }
                self.items[number].resize(size + more, 0);
            }
            Op::Set(number, part, by, value) => self.set(store, number, part, by, value)?,
            Op::Import(number, part) => {
                let linker = self.linker(store)?;
                let made = linker.instantiate(&mut *store, self.module(number, part));
                self.made(made, number, of(number, part));
            }
            Op::LookUp(number, part) => {
                let pre = self.linker(store)?.instantiate_pre(self.module(number, part));
                let minimum = of(number, part);
                assert_eq!(pre.is_ok(), self.items[number].len() as u64 >= minimum);
                self.looked_up.extend(pre.map(|pre| (pre, number, minimum)));
            }
            Op::ImportLookedUp(which) => {
                let Some(at) = which.checked_rem(self.looked_up.len()) else { return Ok(()) };
                let (pre, number, minimum) = &self.looked_up[at];
                let (number, minimum) = (*number, *minimum);
                let made = pre.instantiate(&mut *store);
                self.made(made, number, minimum);
            }
            Op::Snapshot => {
                let snapshot = Snapshot::of_store(&mut *store)?;
                self.snapshots.push((snapshot, self.items.clone(), self.users.len()));
            }
            Op::Restore(which) => {
                let Some(at) = which.checked_rem(self.snapshots.len()) else { return Ok(()) };
                let (snapshot, items, _) = &self.snapshots[at];
                snapshot.restore(&mut *store)?;
                self.items = items.clone();
            }
            Op::Fork(which) => {
                if let Some(at) = which.checked_rem(self.snapshots.len()) {
                    self.fork(store, at)?;
                }
            }
            Op::Transaction(ref ops, commit) => {
                let before = self.items.clone();
                let mut transaction = store.begin()?;
                for op in ops {
                    self.run(&mut transaction, op)?;
                }
                if commit {
                    transaction.commit();
                } else {
                    transaction.rollback()?;
                    self.items = before;
                }
            }
        }
        let users = self.users.clone();
        check(store, self.owner, &self.items, &users)
    }

    /// Records an importer, which must be made exactly if there is enough for it.
    fn made(&mut self, made: Result<Instance>, number: usize, minimum: u64) {
        let size = self.items[number].len() as u64;
        match made {
            Ok(instance) => {
                assert!(size >= minimum, "{minimum} of {size} were given to item {number}");
                self.users.push(User { instance, number, minimum });
            }
            Err(error) => {
                assert!(size < minimum, "{error:#}");
                let text = format!("{error:#}");
                assert!(text.contains("incompatible import type for `o::"), "{text}");
            }
        }
    }

    fn set(
        &mut self,
        store: &mut Store<()>,
        number: usize,
        part: Part,
        by: Option<usize>,
        value: u8,
    ) -> Result<()> {
        let place = of(number, part).min(MAXIMA[number]);
        let users: Vec<_> = self.users.iter().filter(|user| user.number == number).collect();
        let by = by.and_then(|by| by.checked_rem(users.len())).map(|at| *users[at]);
        let size = self.items[number].len() as u64;
        let may = place < size && by.is_none_or(|user| size >= user.minimum);
        let done = match (number, by) {
            (2, None) => {
                let memory = memory(self.owner, store);
                memory.write(&mut *store, (place as usize) << 16, &[value]).map_err(Into::into)
            }
            (2, Some(user)) => {
                let set = user.instance.get_typed_func::<(u32, u32), ()>(&mut *store, "set")?;
                set.call(&mut *store, ((place as u32) << 16, value.into()))
            }
            (_, by) => {
                let new = (value != 0).then(|| ExternRef::new(&mut *store, value)).transpose()?;
                match by {
                    None => {
                        let table = table(self.owner, store, number);
                        table.set(&mut *store, place, wasm_runtime::Ref::Extern(new))
                    }
                    Some(user) => {
                        let set =
                            user.instance.get_typed_func::<(u32, Option<Rooted<ExternRef>>), ()>(
                                &mut *store,
                                "set",
                            )?;
                        set.call(&mut *store, (place as u32, new))
                    }
                }
            }
        };
        assert_eq!(done.is_ok(), may, "{:?}", done.err());
        if may {
            self.items[number][place as usize] = value;
        }
        Ok(())
    }

    /// New instances are made exactly if each gets what it requires, and no host values prevent it.
    fn fork(&self, store: &Store<()>, at: usize) -> Result<()> {
        let (snapshot, items, count) = &self.snapshots[at];
        let fits = |user: &User| items[user.number].len() as u64 >= user.minimum;
        let is_plain = items[..2].iter().flatten().all(|value| *value == 0);
        let all_fit = self.users[..*count].iter().all(fits);
        let mut other = Store::new(store.engine(), ());
        let made = snapshot.fork(&mut other, &Linker::new(store.engine()));
        if !all_fit {
            let text = format!("{:#}", made.expect_err("an import is too small"));
            assert!(text.contains("incompatible import type for `o::"), "{text}");
            return Ok(());
        }
        if !is_plain {
            assert!(made.is_err(), "values of the host have no copies");
            return Ok(());
        }
        let made = made?;
        let mut users = self.users[..*count].to_vec();
        for (user, instance) in users.iter_mut().zip(&made[1..]) {
            user.instance = *instance;
        }
        check(&mut other, made[0], items, &users)
    }
}

/// Checks what the host and each importer find, and where each importer finds nothing any more.
fn check(store: &mut Store<()>, owner: Instance, items: &Items, users: &[User]) -> Result<()> {
    for (number, values) in items.iter().enumerate() {
        let size = match number {
            2 => memory(owner, store).size(&*store),
            _ => table(owner, store, number).size(&*store),
        };
        assert_eq!(size, values.len() as u64, "the size of item {number}");
    }
    for User { instance, number, minimum } in users {
        let (values, maximum) = (&items[*number], MAXIMA[*number]);
        let size = values.len() as u64;
        let mut places = vec![0, size - 1, size, *minimum - 1, *minimum, maximum - 1, maximum];
        places.extend([maximum + 1, u64::from(u32::MAX) >> 16]);
        places.sort_unstable();
        places.dedup();
        for place in places {
            let found = get(store, *instance, *number, place as u32);
            match found {
                _ if size < *minimum => {
                    let text = format!("{:#}", found.expect_err("its import is too small"));
                    assert!(text.contains("can't run any more"), "{text}");
                }
                Ok(found) => assert_eq!(Some(&found), values.get(place as usize), "at {place}"),
                Err(error) => {
                    assert!(place >= size, "at {place} of {size}: {error:#}");
                    let expected = match number {
                        2 => Trap::MemoryOutOfBounds,
                        _ => Trap::TableOutOfBounds,
                    };
                    assert_eq!(error.downcast::<Trap>()?, expected);
                }
            }
        }
        let reported =
            instance.get_typed_func::<(), u32>(&mut *store, "size")?.call(&mut *store, ());
        assert_eq!(reported.ok(), (size >= *minimum).then_some(size as u32));
    }
    Ok(())
}

/// What an importer finds at a position: an element, or the first byte of a page.
fn get(store: &mut Store<()>, user: Instance, number: usize, place: u32) -> Result<u8> {
    if number == 2 {
        let get = user.get_typed_func::<u32, u32>(&mut *store, "get")?;
        return Ok(get.call(store, place << 16)? as u8);
    }
    let get = user.get_typed_func::<u32, Option<Rooted<ExternRef>>>(&mut *store, "get")?;
    let Some(found) = get.call(&mut *store, place)? else { return Ok(0) };
    let value = found.data(&*store)?.and_then(|data| data.downcast_ref::<u8>());
    Ok(*value.expect("a value that was put there"))
}

fn table(owner: Instance, store: &mut Store<()>, number: usize) -> Table {
    owner.get_table(store, &number.to_string()).expect("an export")
}

fn memory(owner: Instance, store: &mut Store<()>) -> wasm_runtime::Memory {
    owner.get_memory(store, "2").expect("an export")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_runs_with_less_than_it_was_promised(ops in prop::collection::vec(any_op(), 1..24)) {
        thread_local! {
            static ENGINE: Engine = Engine::default();
        }
        let engine = ENGINE.with(Engine::clone);
        let mut store = Store::new(&engine, ());
        let mut machine = Machine::new(&engine, &mut store).unwrap();
        for op in &ops {
            machine.run(&mut store, op).unwrap();
        }
    }
}
