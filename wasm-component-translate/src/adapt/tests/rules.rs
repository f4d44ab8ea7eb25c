//! One rule after the other.

use wasm_component::StringEncoding::{self, CompactUtf16, Utf8, Utf16};
use wasm_component::instance_flags::{MAY_ENTER, MAY_LEAVE};

use super::interpreter::{Instance, Trapped};
use super::reference::{Abi, Stored, Text, Ty, Value};
use super::world::{Allocation, Called, Component, FREE, World, adapter, try_adapter};
use crate::error::ErrorKind;

/// A world in which a function is called.
fn world(params: Vec<Ty>, result: Option<(Ty, Value)>, encodings: [StringEncoding; 2]) -> World {
    let (result, answer) = result.unzip();
    World::new(
        encodings.map(|encoding| Component::new(encoding, 0x1_0000, 16)),
        Called { params, result, answer, damage: None },
    )
}

fn call(world: &mut World, args: &[u64]) -> Result<Vec<u64>, Trapped> {
    let module = adapter(&world.called, &world.sides, true);
    Instance::new(&module).call(0, args, world)
}

fn trapped(outcome: Result<Vec<u64>, Trapped>) -> String {
    outcome.expect_err("a trap").0
}

#[test]
fn flags_are_tested_and_come_back() {
    let mut free = world(Vec::new(), None, [Utf8; 2]);
    assert_eq!(call(&mut free, &[]), Ok(Vec::new()));
    assert_eq!(free.flags, FREE);
    assert_eq!(free.post_returned, Some(Vec::new()));

    let mut caller = world(Vec::new(), None, [Utf8; 2]);
    caller.flags[0] = MAY_ENTER as u32;
    assert_eq!(trapped(call(&mut caller, &[])), "CannotLeave");

    let mut callee = world(Vec::new(), None, [Utf8; 2]);
    callee.flags[1] = MAY_LEAVE as u32;
    assert_eq!(trapped(call(&mut callee, &[])), "CannotEnter");
    assert!(callee.received.is_none());
}

#[test]
fn instances_that_are_in_each_other_do_not_call_each_other() {
    let mut both = world(vec![Ty::U64], Some((Ty::F32, Value::Bits(0))), [Utf8; 2]);
    let module = try_adapter(&both.called, &both.sides, false, (true, false)).unwrap();
    assert_eq!(trapped(Instance::new(&module).call(0, &[1], &mut both)), "CannotEnter");
    both.flags[0] = MAY_ENTER as u32;
    assert_eq!(trapped(Instance::new(&module).call(0, &[1], &mut both)), "CannotLeave");
}

#[test]
fn exceptions_do_not_come_out_of_components() {
    let mut throws = world(vec![Ty::String], Some((Ty::F32, Value::Bits(0))), [Utf8; 2]);
    throws.throws = true;
    let module = try_adapter(&throws.called, &throws.sides, true, (false, true)).unwrap();
    let outcome = Instance::new(&module).call(0, &[0, 0], &mut throws);
    assert_eq!(trapped(outcome), "UncaughtException");
    throws.throws = false;
    throws.flags = FREE;
    let outcome = Instance::new(&module).call(0, &[0, 0], &mut throws);
    assert_eq!(outcome, Ok(vec![0]));
}

/// What is allocated for a string that the caller has in a certain form, and what arrives.
fn string(
    string: &str,
    stored: Stored,
    encodings: [StringEncoding; 2],
) -> (Vec<Allocation>, Vec<u64>) {
    let mut world = world(vec![Ty::String], None, encodings);
    let value = Value::String(Text { string: string.into(), stored });
    let mut args = Vec::new();
    world.sides[0].lower(&Ty::String, &value, &mut args).unwrap();
    call(&mut world, &args).unwrap();
    let (flat, values) = world.received.unwrap();
    assert_eq!(values, Ok(vec![value]));
    (world.allocations, flat)
}

#[test]
fn strings_are_allocated_as_prescribed() {
    let end = 0x1_0000;
    // The same units: once, as many bytes as there are.
    let (allocations, flat) = string("žluť", Stored::Utf8, [Utf8, Utf8]);
    assert_eq!((allocations, flat[1]), (vec![(0, 0, 1, 6)], 6));
    let (allocations, flat) = string("žluť", Stored::Utf16, [Utf16, Utf16]);
    assert_eq!((allocations, flat[1]), (vec![(0, 0, 2, 8)], 4));
    // UTF-16 to UTF-8: optimistic, then the worst case, then what it is.
    let (allocations, _) = string("abcdefgh", Stored::Utf16, [Utf16, Utf8]);
    assert_eq!(allocations, [(0, 0, 1, 8)]);
    let (allocations, flat) = string("ab☃", Stored::Utf16, [Utf16, Utf8]);
    let expected = [(0, 0, 1, 3), (end - 3, 3, 1, 9), (end - 12, 9, 1, 5)];
    assert_eq!((&allocations[..], flat[1]), (&expected[..], 5));
    // Latin-1 to UTF-8: the worst case is two bytes for each.
    let (allocations, _) = string("aé", Stored::Latin1, [CompactUtf16, Utf8]);
    assert_eq!(allocations[..2], [(0, 0, 1, 2), (end - 2, 2, 1, 4)]);
    // UTF-8 to UTF-16: the worst case at once.
    let (allocations, flat) = string("aé", Stored::Utf8, [Utf8, Utf16]);
    assert_eq!((allocations, flat[1]), (vec![(0, 0, 2, 6), (end - 6, 6, 2, 4)], 2));
    // To either Latin-1 or UTF-16, by what there is.
    let (allocations, flat) = string("aé", Stored::Utf8, [Utf8, CompactUtf16]);
    assert_eq!((allocations, flat[1]), (vec![(0, 0, 2, 3), (end - 4, 3, 2, 2)], 2));
    let (allocations, flat) = string("a☃", Stored::Utf8, [Utf8, CompactUtf16]);
    let expected = [(0, 0, 2, 4), (end - 4, 4, 2, 8), (end - 12, 8, 2, 4)];
    assert_eq!((&allocations[..], flat[1]), (&expected[..], 0x8000_0002));
    // UTF-16 of a component that could have said it in Latin-1 becomes that.
    let (allocations, flat) = string("ab", Stored::Anyhow, [CompactUtf16, CompactUtf16]);
    assert_eq!((allocations, flat[1]), (vec![(0, 0, 2, 4), (end - 4, 4, 2, 2)], 2));
}

#[test]
fn lists_of_nothing_are_allocated_and_checked() {
    let list = || vec![Ty::List(Box::new(Ty::S32))];
    let mut empty = world(list(), None, [Utf8; 2]);
    call(&mut empty, &[0, 0]).unwrap();
    assert_eq!(empty.allocations, [(0, 0, 4, 0)]);
    let outside = call(&mut world(list(), None, [Utf8; 2]), &[0x1_0004, 0]);
    assert_eq!(trapped(outside), "ListOutOfBounds");
    let unaligned = call(&mut world(list(), None, [Utf8; 2]), &[2, 0]);
    assert_eq!(trapped(unaligned), "UnalignedPointer");
}

#[test]
fn sizes_of_lists_do_not_wrap() {
    // 8 bytes for each: the product has more than 32 bits, and the lower 32 are small.
    let list = || vec![Ty::List(Box::new(Ty::U64))];
    for length in [0x2000_0000, 0x2000_0001, 0x8000_0001, 0xffff_ffff] {
        let outcome = call(&mut world(list(), None, [Utf8; 2]), &[0, length]);
        assert_eq!(trapped(outcome), "ListOutOfBounds", "{length:#x}");
    }
    for length in [0x8000_0000, 0x8000_0001, 0xffff_ffff] {
        let outcome = call(&mut world(vec![Ty::String], None, [Utf16, Utf16]), &[0, length]);
        assert_eq!(trapped(outcome), "StringOutOfBounds", "{length:#x}");
    }
}

#[test]
fn enumerations_of_many_cases_take_wide_numbers() {
    for (count, size) in [(256, 1), (257, 2), (10_000, 2)] {
        let ty = Ty::Variant(vec![None; count]);
        assert_eq!(super::reference::size(&ty), size);
        let mut world = world(vec![ty.clone()], None, [Utf8; 2]);
        let last = count as u64 - 1;
        call(&mut world, &[last]).unwrap();
        assert_eq!(world.received.unwrap().0, [last]);
        let outcome = call(&mut self::world(vec![ty], None, [Utf8; 2]), &[last + 1]);
        assert_eq!(trapped(outcome), "InvalidDiscriminant");
    }
}

/// A type that would be large if all of it were written out: each level has the one below in many
/// cases.
fn doubled(depth: u32) -> Ty {
    let mut ty = Ty::Variant(vec![Some(Ty::String), Some(Ty::Char), Some(Ty::U64)]);
    for _ in 0..depth {
        let other = Ty::Record(vec![ty.clone(), Ty::Bool]);
        ty = Ty::Variant(vec![Some(ty), Some(other), None]);
    }
    ty
}

#[test]
fn code_grows_with_types_and_not_with_their_uses() {
    let size = |depth| {
        let called = Called {
            params: vec![doubled(depth)],
            result: Some(Ty::List(Box::new(doubled(depth)))),
            answer: None,
            damage: None,
        };
        let sides = [Utf8, Utf16].map(|encoding| Component::new(encoding, 0x1_0000, 16));
        adapter(&called, &sides, false).wasm.len()
    };
    let (four, eight) = (size(4), size(8));
    assert!(eight < 3 * four, "{four} bytes for a depth of 4, {eight} for one of 8");
}

#[test]
fn what_is_too_large_is_refused_by_name() {
    let refused = |ty: Ty| {
        let world = world(vec![Ty::List(Box::new(ty))], None, [Utf8; 2]);
        let error = try_adapter(&world.called, &world.sides, false, (false, false)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
        error.to_string()
    };
    let large = Ty::FixedList(Box::new(Ty::FixedList(Box::new(Ty::U8), 1 << 20)), 1 << 11);
    assert!(refused(large).contains("2147483648 bytes"));
    let deep = (0..300).fold(Ty::U8, |ty, _| Ty::Record(vec![ty]));
    assert!(refused(deep).contains("201 deep"));
}
