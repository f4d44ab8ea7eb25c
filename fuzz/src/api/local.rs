//! Steps within one store: each done there and in the model, and compared.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{
    Global, GlobalType, Memory, MemoryTypeBuilder, Mutability, Ref, RefType, Store,
    StoreLimitsBuilder, Table, TableType, Trap, Val, ValType,
};

use super::guest;
use super::host::{self, Data};
use super::model::{self, Func, Outcome, Stop, Value};
use super::side::{Side, attempt};
use super::trace;

/// A step of some kind.
pub(super) fn step(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    match u.int_in_range(0..=23_u32)? {
        0..=4 => memory(u, store, side),
        5..=9 => table(u, store, side),
        10 | 11 => global(u, store, side),
        12..=14 => function(u, store, side),
        15..=17 => back_and_forth(u, store, side),
        18 => ended(u, store, side),
        19 => limits(u, store, side),
        20 if u.arbitrary()? => fill_up(u, store, side),
        20 => segments(u, store, side),
        _ => make(u, store, side),
    }
}

/// The place of one of so many things, if there are any.
pub(super) fn pick(u: &mut Unstructured<'_>, count: usize) -> Result<Option<usize>> {
    if count == 0 { Ok(None) } else { u.choose_index(count).map(Some) }
}

/// The place of one of the instances, if it can run. If not, it is seen that it can't.
fn pick_instance(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &Side,
) -> Result<Option<usize>> {
    let Some(i) = pick(u, side.instances.len())? else { return Ok(None) };
    if side.model.is_halted(i) {
        let name = *u.choose(&["size", "spin", "unreachable", "drop", "k0"])?;
        call(store, side, i, name, &[], Err(Stop::Error));
        return Ok(None);
    }
    Ok(Some(i))
}

/// Compares how something ended, without what it returned.
#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(found: Outcome<T>, expected: Outcome<T>) {
    assert_eq!(found, expected, "found first, expected second");
}

/// Compares what a call returned, or how it ended.
#[track_caller]
fn returned(
    store: &mut Store<Data>,
    side: &Side,
    found: &Outcome<Vec<Val>>,
    expected: Outcome<Vec<Value>>,
) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                side.assert_same(store, found, expected);
            }
        }
        (Err(found), Err(expected)) => assert_eq!(*found, expected, "found first, expected second"),
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

fn address(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(match u.int_in_range(0..=3_u32)? {
        0 => u.int_in_range(0..=64)?,
        1 => (u.int_in_range(1..=4_u32)? << 16).wrapping_sub(u.int_in_range(0..=9)?),
        2 => u.int_in_range(0..=5 << 16)?,
        _ => *u.choose(&[u32::MAX, 1 << 31, 40, 4096, 65536])?,
    })
}

fn memory(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    if let (true, Some(i)) = (u.ratio(2, 3)?, pick_instance(u, store, side)?) {
        return guest_memory(u, store, side, i);
    }
    let Some(m) = pick(u, side.memories.len())? else { return Ok(()) };
    let real = side.memories[m];
    let at = address(u)?;
    match u.int_in_range(0..=3_u32)? {
        0 => {
            let bytes = vec![u.arbitrary()?; u.int_in_range(0..=20)?];
            trace::step(|| format!("write {bytes:?} at {at} of memory {m}"));
            let found = real.write(&mut *store, at as usize, &bytes).map_err(|_| ());
            assert_eq!(found, side.model.store(m, at, &bytes).map_err(|_| ()));
        }
        1 => {
            trace::step(|| format!("read at {at} of memory {m}"));
            let mut byte = [0];
            let found =
                real.read(&*store, at as usize, &mut byte).map(|()| byte[0]).map_err(|_| ());
            assert_eq!(found, side.model.load(m, at).map_err(|_| ()));
        }
        2 => {
            let delta = u.int_in_range(0..=2)?;
            trace::step(|| format!("grow memory {m} by {delta}"));
            let found = real.grow(&mut *store, delta).ok();
            assert_eq!(found, side.model.grow_memory(m, delta));
        }
        _ => {
            trace::step(|| format!("write through the slice of memory {m} at {at}"));
            let byte: u8 = u.arbitrary()?;
            if let Some(place) = real.data_mut(&mut *store).get_mut(at as usize) {
                *place = byte;
                same(Ok(()), side.model.store(m, at, &[byte]));
            }
        }
    }
    Ok(())
}

fn guest_memory(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
    i: usize,
) -> Result<()> {
    let m = side.model.instances[i].memory;
    let (a, b, len) = (address(u)?, address(u)?, u.int_in_range(0..=300_u32)?);
    let int = |x: u32| Value::I32(x as i32);
    let (name, args, expected): (_, Vec<Value>, Outcome<Vec<Value>>) =
        match u.int_in_range(0..=6_u32)? {
            0 => ("load", vec![int(a)], side.model.load(m, a).map(|x| vec![int(u32::from(x))])),
            1 => {
                let done = side.model.store(m, a, &[b as u8]);
                ("store", vec![int(a), int(b)], done.map(|()| vec![]))
            }
            2 => {
                let bytes = vec![b as u8; len as usize];
                let done = side.model.store(m, a, &bytes);
                ("fill", vec![int(a), int(b), int(len)], done.map(|()| vec![]))
            }
            3 => {
                let done = side.model.copy(m, a, b, len);
                ("copy", vec![int(a), int(b), int(len)], done.map(|()| vec![]))
            }
            4 => {
                let (from, len) = (u.int_in_range(0..=9_u32)?, u.int_in_range(0..=9_u32)?);
                let dropped = side.model.instances[i].data_dropped;
                let bytes = if dropped { &[] } else { guest::PASSIVE };
                let done = match bytes.get(from as usize..(from + len) as usize) {
                    Some(bytes) => side.model.store(m, a, bytes),
                    None => Err(Stop::Trap(Trap::MemoryOutOfBounds)),
                };
                ("init", vec![int(a), int(from), int(len)], done.map(|()| vec![]))
            }
            5 => {
                let delta = u.int_in_range(0..=2_u32)?;
                let old = side.model.grow_memory(m, u64::from(delta)).map_or(-1, |old| old as i32);
                ("grow", vec![int(delta)], Ok(vec![Value::I32(old)]))
            }
            _ => ("size", vec![], Ok(vec![Value::I32(side.model.memories[m].pages as i32)])),
        };
    call(store, side, i, name, &args, expected);
    Ok(())
}

/// Calls an export and compares.
#[track_caller]
fn call(
    store: &mut Store<Data>,
    side: &Side,
    i: usize,
    name: &str,
    args: &[Value],
    expected: Outcome<Vec<Value>>,
) {
    trace::step(|| format!("call {name} of instance {i} with {args:?}, expecting {expected:?}"));
    let results = match name {
        "load" | "grow" | "size" | "tget" | "tgrow" | "tsize" | "xget" | "xgrow" | "xsize"
        | "c0" | "c1" | "c2" | "own" | "gget" | "deep" | "host" | "late" | "k0" | "k1" | "k2" => 1,
        "k3" => 2,
        _ => 0,
    };
    let found = side.call(store, i, name, args, results);
    returned(store, side, &found, expected);
}

/// A value for a table, of functions or of host values.
fn element(u: &mut Unstructured<'_>, side: &Side, funcs: bool) -> Result<Value> {
    if !funcs {
        return Ok(Value::Extern(if u.ratio(1, 3)? {
            None
        } else {
            Some(u.int_in_range(1..=99)?)
        }));
    }
    Ok(Value::Func(match u.int_in_range(0..=4_u32)? {
        0 => None,
        1 => pick(u, side.funcs.len())?.map(Func::Host),
        _ => match pick(u, side.instances.len())? {
            Some(instance) => Some(Func::Guest { instance, kind: u.choose_index(4)? }),
            None => None,
        },
    }))
}

fn table(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    if let (true, Some(i)) = (u.ratio(2, 3)?, pick_instance(u, store, side)?) {
        return guest_table(u, store, side, i);
    }
    let Some(t) = pick(u, side.tables.len())? else { return Ok(()) };
    let real = side.tables[t];
    let value = element(u, side, side.model.tables[t].is_func())?;
    let index = u.int_in_range(0..=9_usize)?;
    let reference = side.ref_(store, value);
    let size = side.model.tables[t].elements.len();
    match u.int_in_range(0..=4_u32)? {
        0 => {
            trace::step(|| format!("get {index} of table {t}"));
            match (real.get(&mut *store, index as u64), side.model.tables[t].elements.get(index)) {
                (Some(found), Some(expected)) => side.assert_same(store, &found.into(), *expected),
                (found, expected) => assert_eq!(found.is_none(), expected.is_none()),
            }
        }
        1 => {
            trace::step(|| format!("set {index} of table {t} to {value:?}"));
            let found = real.set(&mut *store, index as u64, reference).is_ok();
            assert_eq!(found, index < size);
            if found {
                side.model.tables[t].elements[index] = value;
            }
        }
        2 => {
            let delta = u.int_in_range(0..=3)?;
            trace::step(|| format!("grow table {t} by {delta} with {value:?}"));
            let found = real.grow(&mut *store, delta, reference).ok();
            assert_eq!(found, side.model.grow_table(t, delta, value));
        }
        3 => {
            let len = u.int_in_range(0..=4_usize)?;
            trace::step(|| format!("fill {len} from {index} of table {t} with {value:?}"));
            let found = real.fill(&mut *store, index as u64, reference, len as u64).is_ok();
            assert_eq!(found, index + len <= size);
            if found {
                side.model.tables[t].elements[index..index + len].fill(value);
            }
        }
        _ => {
            let Some(other) = pick(u, side.tables.len())? else { return Ok(()) };
            let (from, len) = (u.int_in_range(0..=6_usize)?, u.int_in_range(0..=4_usize)?);
            trace::step(|| {
                format!("copy {len} from {from} of table {other} to {index} of table {t}")
            });
            let (to, len64) = (index as u64, len as u64);
            let found =
                Table::copy(&mut *store, &real, to, &side.tables[other], from as u64, len64)
                    .is_ok();
            let model = &mut side.model;
            let fits = model.tables[t].is_func() == model.tables[other].is_func();
            let source = model.tables[other].elements.get(from..from + len).map(<[_]>::to_vec);
            let place = model.tables[t].elements.get_mut(index..index + len);
            match (fits, source, place) {
                (true, Some(source), Some(place)) => {
                    assert!(found, "the copy is within both");
                    place.copy_from_slice(&source);
                }
                _ => assert!(!found, "the copy is not within both"),
            }
        }
    }
    Ok(())
}

fn guest_table(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
    i: usize,
) -> Result<()> {
    const OUT: Stop = Stop::Trap(Trap::TableOutOfBounds);
    let funcs: bool = u.ratio(2, 3)?;
    let instance = side.model.instances[i].clone();
    let t = if funcs { instance.funcs } else { instance.values };
    let index = u.int_in_range(0..=9_usize)?;
    let len = u.int_in_range(0..=4_usize)?;
    let value = element(u, side, funcs)?;
    let int = |x: usize| Value::I32(x as i32);
    let name = |with_funcs: &'static str, with_values: &'static str| {
        if funcs { with_funcs } else { with_values }
    };
    let elements = &mut side.model.tables[t].elements;
    let (name, args, expected): (_, Vec<Value>, Outcome<Vec<Value>>) = match u
        .int_in_range(0..=10_u32)?
    {
        0 => {
            let element = elements.get(index).copied().ok_or(OUT);
            (name("tget", "xget"), vec![int(index)], element.map(|value| vec![value]))
        }
        1 | 2 => {
            let done = elements.get_mut(index).ok_or(OUT).map(|place| *place = value);
            (name("tset", "xset"), vec![int(index), value], done.map(|()| vec![]))
        }
        3 => {
            let delta = len.min(2);
            let old = side.model.grow_table(t, delta as u64, value).map_or(-1, |old| old as i32);
            (name("tgrow", "xgrow"), vec![value, int(delta)], Ok(vec![Value::I32(old)]))
        }
        4 => (name("tsize", "xsize"), vec![], Ok(vec![int(elements.len())])),
        5 => {
            let place = elements.get_mut(index..index + len).ok_or(OUT);
            let done = place.map(|place| place.fill(value));
            (name("tfill", "xfill"), vec![int(index), value, int(len)], done.map(|()| vec![]))
        }
        6 if funcs => {
            let from = u.int_in_range(0..=6_usize)?;
            let source = elements.get(from..from + len).map(<[_]>::to_vec).ok_or(OUT);
            let done = source.and_then(|source| {
                let place = elements.get_mut(index..index + len).ok_or(OUT)?;
                place.copy_from_slice(&source);
                Ok(())
            });
            ("tcopy", vec![int(index), int(from), int(len)], done.map(|()| vec![]))
        }
        7 if funcs => {
            let from = u.int_in_range(0..=3_usize)?;
            let segment = [2, 0].map(|kind| Value::Func(Some(Func::Guest { instance: i, kind })));
            let segment = if instance.elements_dropped { &[] } else { &segment[..] };
            let source = segment.get(from..from + len).ok_or(OUT);
            let done = source.and_then(|source| {
                elements.get_mut(index..index + len).ok_or(OUT)?.copy_from_slice(source);
                Ok(())
            });
            ("tinit", vec![int(index), int(from), int(len)], done.map(|()| vec![]))
        }
        kind => {
            let kind = kind as usize % 3;
            let (name, arg) = match kind {
                0 => ("c0", None),
                1 => ("c1", Some(Value::I64(11))),
                _ => ("c2", Some(Value::F64(11.0))),
            };
            let args = [int(index)].into_iter().chain(arg).collect();
            let t = instance.funcs;
            let func = side.model.indirect(t, index as u32, kind);
            let result = func.map(|func| vec![result_of(kind, side.model.function(func).1)]);
            (name, args, result)
        }
    };
    call(store, side, i, name, &args, expected);
    Ok(())
}

/// What a function of a kind with a number returns for 11.
fn result_of(kind: usize, number: i32) -> Value {
    match kind {
        0 => Value::I32(number),
        1 => Value::F64(11.0 + f64::from(number)),
        _ => Value::I64(11 + i64::from(number)),
    }
}

fn global(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    if let (true, Some(i)) = (u.arbitrary()?, pick_instance(u, store, side)?) {
        let place = side.model.instances[i].global;
        if u.arbitrary()? {
            let value = Value::I64(u.arbitrary()?);
            side.model.globals[place] = value;
            call(store, side, i, "gset", &[value], Ok(vec![]));
        } else {
            call(store, side, i, "gget", &[], Ok(vec![side.model.globals[place]]));
        }
        return Ok(());
    }
    let Some(g) = pick(u, side.globals.len())? else { return Ok(()) };
    let value = match side.model.globals[g] {
        // That is how the instance is told from others.
        Value::I32(_) => return Ok(()),
        Value::I64(_) => Value::I64(u.arbitrary()?),
        Value::F64(_) => Value::F64(f64::from(u.arbitrary::<i16>()?)),
        Value::Func(_) => element(u, side, true)?,
        Value::Extern(_) => element(u, side, false)?,
    };
    trace::step(|| format!("set global {g} to {value:?}"));
    let val = side.val(store, value);
    side.globals[g].set(&mut *store, val).expect("the value is of the type");
    side.model.globals[g] = value;
    Ok(())
}

/// Calls of functions by reference, and of tables that nothing changes.
fn function(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    let Value::Func(Some(func)) = element(u, side, true)? else { return Ok(()) };
    trace::step(|| format!("call {func:?}"));
    let real = side.func(store, func);
    side.assert_same(store, &Val::FuncRef(Some(real)), Value::Func(Some(func)));
    if let Func::Guest { instance, .. } = func
        && side.model.can_be_called(func)
    {
        let index = u.int_in_range(0..=5_u32)?;
        let number = side.model.function(func).1;
        let expected = match index {
            0 | 2 => Ok(vec![Value::I32(number)]),
            1 => Err(Stop::Trap(Trap::BadSignature)),
            3 => Err(Stop::Trap(Trap::IndirectCallToNull)),
            _ => Err(Stop::Trap(Trap::TableOutOfBounds)),
        };
        call(store, side, instance, "own", &[Value::I32(index as i32)], expected);
    }
    Ok(())
}

/// Calls that go to the host and come back from there.
fn back_and_forth(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    let mut arg = 0;
    for _ in 0..u.int_in_range(1..=4_u32)? {
        arg = arg << 4 | u.int_in_range(0..=13_i32)?;
    }
    if u.ratio(1, 3)? {
        let m = side.model.instances[i].memory;
        let before = side.model.load(m, 40);
        let result = side.model.host_call(i, arg).and_then(|_| {
            let after = side.model.load(m, 40)?;
            let bytes = i32::from(before?) << 8 | i32::from(after);
            Ok(vec![Value::I32((side.model.memories[m].pages as i32) << 16 | bytes)])
        });
        call(store, side, i, "late", &[Value::I32(arg)], result);
    } else {
        let result = side.model.host_call(i, arg).map(|x| vec![Value::I32(x)]);
        call(store, side, i, "host", &[Value::I32(arg)], result);
    }
    Ok(())
}

/// Calls that would not end by themselves.
fn ended(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    match u.int_in_range(0..=5_u32)? {
        0 => call(store, side, i, "deep", &[], Err(Stop::Trap(Trap::StackOverflow))),
        1 => {
            call(store, side, i, "unreachable", &[], Err(Stop::Trap(Trap::UnreachableCodeReached)))
        }
        2 if guest::fuel(side.settings) => {
            trace::step(|| "with little fuel".to_owned());
            store.set_fuel(u.int_in_range(0..=1000)?).expect("fuel is counted");
            call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::OutOfFuel)));
            store.set_fuel(FUEL).expect("fuel is counted");
        }
        3 if guest::epochs(side.settings) => {
            trace::step(|| "with a near deadline".to_owned());
            store.set_epoch_deadline(1);
            store.engine().increment_epoch();
            call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::Interrupt)));
            store.set_epoch_deadline(TICKS);
        }
        // Not often: where cores are busy, the other thread may be long in coming.
        4 if guest::interruptible(side.settings) && u.ratio(1, 16)? => {
            trace::step(|| "interrupted by another thread".to_owned());
            let handle = store.interrupt_handle().expect("calls can be interrupted");
            std::thread::scope(|scope| {
                scope.spawn(move || handle.interrupt());
                call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::Interrupt)));
            });
        }
        _ if guest::interruptible(side.settings) => {
            trace::step(|| "interrupted".to_owned());
            store.interrupt_handle().expect("calls can be interrupted").interrupt();
            call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::Interrupt)));
        }
        _ => {
            trace::step(|| "no handle to interrupt with".to_owned());
            assert!(store.interrupt_handle().is_err());
        }
    }
    Ok(())
}

/// As much fuel as no sequence uses.
pub(super) const FUEL: u64 = 1 << 60;
/// As many ticks as no sequence makes.
pub(super) const TICKS: u64 = 1 << 40;

fn limits(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    let mut limits = StoreLimitsBuilder::new();
    let (pages, elements) = (u.int_in_range(1..=5_u64)?, u.int_in_range(4..=9_u64)?);
    trace::step(|| format!("limits: {pages} pages and {elements} elements"));
    limits = limits.memory_size((pages << 16) as usize).table_elements(elements as usize);
    store.data_mut().limits = limits.build();
    store.limiter(|data| &mut data.limits);
    (side.model.most_pages, side.model.most_elements) = (pages, elements);
    Ok(())
}

fn segments(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    if u.arbitrary()? {
        side.model.instances[i].data_dropped = true;
        call(store, side, i, "drop", &[], Ok(vec![]));
    } else {
        side.model.instances[i].elements_dropped = true;
        call(store, side, i, "tdrop", &[], Ok(vec![]));
    }
    Ok(())
}

/// Has all of an instance's items grow to their largest sizes, which some modules want.
fn fill_up(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    let of = side.model.instances[i].clone();
    let model = &mut side.model;
    let memory = &model.memories[of.memory];
    let delta = memory.max - memory.pages;
    let old = model.grow_memory(of.memory, delta).map_or(-1, |old| old as i32);
    let delta = Value::I32(delta as i32);
    call(store, side, i, "grow", &[delta], Ok(vec![Value::I32(old)]));
    for (table, null, name) in
        [(of.funcs, Value::Func(None), "tgrow"), (of.values, Value::Extern(None), "xgrow")]
    {
        let delta = side.model.tables[table].max - side.model.tables[table].elements.len() as u64;
        let old = side.model.grow_table(table, delta, null).map_or(-1, |old| old as i32);
        let args = [null, Value::I32(delta as i32)];
        call(store, side, i, name, &args, Ok(vec![Value::I32(old)]));
    }
    Ok(())
}

/// Items that the host makes.
fn make(u: &mut Unstructured<'_>, store: &mut Store<Data>, side: &mut Side) -> Result<()> {
    match u.int_in_range(0..=3_u32)? {
        0 => {
            let kind = u.choose_index(4)?;
            trace::step(|| format!("make a function of kind {kind}"));
            let place = side.funcs.len();
            side.funcs.push(host::function(store, kind, place));
            side.model.funcs.push(kind);
        }
        1 => {
            let (pages, more) = (u.int_in_range(0..=2_u64)?, u.int_in_range(0..=2_u64)?);
            trace::step(|| format!("make a memory of {pages} pages, {more} more at most"));
            let ty = MemoryTypeBuilder::new().min(pages).max(Some(pages + more)).build();
            let made = attempt(|| Memory::new(&mut *store, ty?));
            assert_eq!(made.is_ok(), pages <= side.model.most_pages, "{made:?}");
            let Ok(made) = made else { return Ok(()) };
            side.memories.push(made);
            side.model.memories.push(model::Memory {
                pages,
                max: pages + more,
                bytes: Default::default(),
            });
        }
        2 => {
            let funcs: bool = u.arbitrary()?;
            let value = element(u, side, funcs)?;
            let (size, more) = (u.int_in_range(1..=5_u32)?, u.int_in_range(0..=3_u32)?);
            trace::step(|| format!("make a table of {size} {value:?}, {more} more at most"));
            let element = if funcs { RefType::FUNCREF } else { RefType::EXTERNREF };
            let init: Ref = side.ref_(store, value);
            let ty = TableType::new(element, size, Some(size + more));
            let made = attempt(|| Table::new(&mut *store, ty, init));
            assert_eq!(made.is_ok(), u64::from(size) <= side.model.most_elements, "{made:?}");
            let Ok(made) = made else { return Ok(()) };
            side.tables.push(made);
            side.model.tables.push(model::Table {
                max: u64::from(size + more),
                elements: vec![value; size as usize],
            });
        }
        _ => {
            let value = match u.int_in_range(0..=3_u32)? {
                0 => Value::I64(u.arbitrary()?),
                1 => Value::F64(f64::from(u.arbitrary::<i16>()?)),
                2 => element(u, side, true)?,
                _ => element(u, side, false)?,
            };
            trace::step(|| format!("make a global with {value:?}"));
            let ty = match value {
                Value::I32(_) => ValType::I32,
                Value::I64(_) => ValType::I64,
                Value::F64(_) => ValType::F64,
                Value::Func(_) => ValType::FUNCREF,
                Value::Extern(_) => ValType::EXTERNREF,
            };
            let val = side.val(store, value);
            let ty = GlobalType::new(ty, Mutability::Var);
            side.globals.push(Global::new(&mut *store, ty, val).expect("the value is of the type"));
            side.model.globals.push(value);
        }
    }
    Ok(())
}
