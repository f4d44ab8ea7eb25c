//! Adapters of random types, run by an interpreter, against the canonical ABI written once more:
//! the same values arrive as the same core values and after the same calls of `realloc`, and an
//! adapter traps if and only if the specification does.

mod interpreter;
mod random;
mod reference;
mod rules;
mod world;

use proptest::prelude::*;

use interpreter::{Instance, Trapped};
use random::Bytes;
use reference::{Abi, Ty, Value, align, size};
use world::{Called, Component, FREE, Fault, SCOPE, World, adapter, damage, transferred};

use wasm_component::StringEncoding;

const ENCODINGS: [StringEncoding; 3] =
    [StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::CompactUtf16];

/// Lowers values by the reference, lets the adapter carry them over, lifts them by the reference,
/// and does the same with the answer; some memories are damaged and some allocators fail.
fn check(input: &[u8]) {
    let mut bytes = Bytes(input);
    let params: Vec<Ty> = (0..bytes.below(4)).map(|_| bytes.ty(3)).collect();
    let result = bytes.result();
    let encoding = |bytes: &mut Bytes<'_>| ENCODINGS[bytes.below(3) as usize];
    let page_size_log2 = if bytes.below(4) == 0 { 0 } else { 16 };
    let mut sides = [
        Component::new(encoding(&mut bytes), 0x1_0000, page_size_log2),
        Component::new(encoding(&mut bytes), 0x1_0000, 16),
    ];
    let answer = result.as_ref().map(|ty| bytes.value(ty));
    let mut called = Called { params, result, answer, damage: None };
    let values: Vec<Value> = called.params.iter().map(|ty| bytes.value(ty)).collect();

    // The caller's side.
    let Ok(mut args) = called.lower_params(&mut sides[0], &values) else { return };
    if called.params_flat().is_some() {
        bytes.dirty(&Ty::Record(called.params.clone()), &mut args);
    }
    let mut scenario = bytes.below(6);
    match scenario {
        1 => {
            let (place, with) = (u32::from(bytes.byte()) % 40, bytes.byte());
            damage(&mut sides[0], &mut args, place, with);
        }
        2 => called.damage = Some((u32::from(bytes.byte()) % 40, bytes.byte())),
        3 | 4 => {
            let fault = match bytes.below(4) {
                0 => Fault::Odd,
                1 => Fault::Outside,
                2 => Fault::End,
                _ => Fault::Trap,
            };
            let at = bytes.below(4) as usize;
            sides[4 - scenario as usize].fault = Some((at, fault));
        }
        5 if called.params_flat().is_some() => {
            let types = called.params_flat().unwrap();
            if !types.is_empty() {
                let place = bytes.below(types.len() as u32) as usize;
                args[place] = bytes.flat(types[place]);
            }
        }
        _ => scenario = 0,
    }
    let area = called.result_flat().is_none().then(|| {
        let ty = called.result.as_ref().unwrap();
        let at = if scenario == 0 && bytes.below(8) == 0 {
            // Not where anything is allocated, or outside.
            match bytes.below(2) {
                0 => bytes.bits() & 0x7ff,
                _ => 0x1_0001 - size(ty) + u64::from(bytes.below(80)),
            }
        } else {
            // The fault is for what the adapter asks for.
            let fault = sides[0].fault.take();
            let at = sides[0].allocate(align(ty), size(ty));
            sides[0].fault = fault;
            let Ok(at) = at else { return u64::MAX };
            at
        };
        args.push(at);
        at
    });
    if area == Some(u64::MAX) {
        return;
    }
    for side in &mut sides {
        side.allocations.clear();
    }

    let module = adapter(&called, &sides, bytes.below(2) == 0);
    let mut instance = Instance::new(&module);
    let expected_sides = sides.clone();
    let mut world = World::new(sides, called);
    let outcome = instance.call(0, &args, &mut world);
    compare(&args, area, expected_sides, world, outcome);
}

fn compare(
    args: &[u64],
    area: Option<u64>,
    [mut caller, mut callee]: [Component; 2],
    mut world: World,
    outcome: Result<Vec<u64>, Trapped>,
) {
    // To the callee.
    let expected = world.called.lift_params(&mut caller, args).and_then(|values| {
        let values: Vec<_> = world
            .called
            .params
            .iter()
            .zip(values)
            .map(|(ty, value)| transferred(value, ty, 0))
            .collect();
        let flat = world.called.lower_params(&mut callee, &values)?;
        Ok((flat, values))
    });
    let (flat, values) = match expected {
        Ok(expected) => expected,
        Err(why) => {
            assert!(outcome.is_err(), "no trap, but: {why:?}");
            assert!(world.received.is_none(), "called, but: {why:?}");
            return;
        }
    };
    let Some((received_flat, received)) = &world.received else {
        panic!("not called, but {outcome:?}")
    };
    assert_eq!(*received_flat, flat, "core values");
    assert_eq!(received.as_ref(), Ok(&values), "parameters");
    assert_eq!(world.allocations, callee.allocations, "calls of realloc");
    assert_eq!(world.scopes[0], SCOPE[0]);

    // And back.
    let Some(ty) = world.called.result.clone() else {
        assert_eq!(outcome, Ok(Vec::new()));
        assert_eq!(world.flags, FREE);
        return;
    };
    let returned = world.returned.clone().unwrap();
    let mut left = world.left.take().unwrap();
    let in_memory = world.called.result_flat().is_none();
    let lifted = if in_memory {
        world::load_area(&mut left, returned[0], &ty)
    } else {
        left.lift(&mut &returned[..], &ty)
    };
    let lowered = lifted.and_then(|value| {
        let value = transferred(value, &ty, 1);
        let mut flat = Vec::new();
        match area {
            Some(at) => {
                world::check_area(&caller, at, &ty)?;
                caller.store(at, &ty, &value)?;
            }
            None => caller.lower(&ty, &value, &mut flat)?,
        }
        Ok((flat, value))
    });
    match lowered {
        Err(why) => assert!(outcome.is_err(), "no trap on the way back, but: {why:?}"),
        Ok((flat, value)) => {
            assert_eq!(outcome, Ok(flat), "results");
            let found = match area {
                Some(at) => world.sides[0].load(at, &ty),
                None => world.sides[0].lift(&mut &outcome.unwrap()[..], &ty),
            };
            assert_eq!(found, Ok(value), "result of {ty:?} at {area:?}");
            assert_eq!(world.sides[0].allocations, caller.allocations, "calls of realloc");
            assert_eq!(world.flags, FREE);
            assert_eq!(world.scopes, SCOPE);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn random_calls(input in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&input);
    }
}
