//! Steps with memories.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{Store, Trap};

use super::check::{call, pick, pick_instance, same};
use crate::api::host::Data;
use crate::api::model::{Outcome, Stop, Value};
use crate::api::side::Side;
use crate::api::{guest, trace};

pub(super) fn memory(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
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

fn address(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(match u.int_in_range(0..=3_u32)? {
        0 => u.int_in_range(0..=64)?,
        1 => (u.int_in_range(1..=4_u32)? << 16).wrapping_sub(u.int_in_range(0..=9)?),
        2 => u.int_in_range(0..=5 << 16)?,
        _ => *u.choose(&[u32::MAX, 1 << 31, 40, 4096, 65536])?,
    })
}
