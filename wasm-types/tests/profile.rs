//! Profiles as bytes: what is written is read, and whatever else is given is refused or read.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use wasm_types::profile::{
    CodeHash, CounterMap, CounterPoint, FunctionProfile, ModuleProfile, PointKind, PointProfile,
    Profile,
};
use wasm_types::{DefinedFuncIndex, FuncIndex};

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..300_u64, any::<u64>(), Just(u64::MAX)]
}

fn kind() -> impl Strategy<Value = PointKind> {
    (0..PointKind::ALL.len()).prop_map(|number| PointKind::ALL[number])
}

fn point() -> impl Strategy<Value = PointProfile> {
    (kind(), count(), btree_map(any::<u32>(), count(), 0..5)).prop_map(|(kind, count, targets)| {
        let targets = targets.into_iter().filter(|_| kind == PointKind::Indirect);
        let targets = targets.map(|(func, count)| (FuncIndex::new(func), count));
        PointProfile { kind, count, targets: targets.collect() }
    })
}

fn function() -> impl Strategy<Value = FunctionProfile> {
    (count(), count(), btree_map(any::<u32>(), point(), 0..6))
        .prop_map(|(entries, order, points)| FunctionProfile { entries, order, points })
}

fn profile() -> impl Strategy<Value = Profile> {
    let module = btree_map((0..9_u32).prop_map(DefinedFuncIndex::new), function(), 0..6)
        .prop_map(|functions| ModuleProfile { functions });
    btree_map((0..3_u8).prop_map(|byte| CodeHash([byte; 16])), module, 0..3)
        .prop_map(|modules| Profile { modules })
}

proptest! {
    #[test]
    fn what_is_written_is_read(profile in profile()) {
        let bytes = profile.encode();
        prop_assert!(Profile::is_profile(&bytes));
        prop_assert_eq!(Profile::decode(&bytes), Ok(profile));
    }

    #[test]
    fn damage_is_noticed(profile in profile(), place: prop::sample::Index, bit in 0..8, cut: bool) {
        let mut bytes = profile.encode();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1_u8 << bit;
        }
        let error = Profile::decode(&bytes).unwrap_err();
        prop_assert!(error.offset() <= bytes.len());
        prop_assert!(!error.to_string().is_empty());
    }

    /// With the right checksum, whatever the rest is.
    #[test]
    fn lies_are_errors_or_profiles(
        profile in profile(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        rest in vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = profile.encode();
        bytes.truncate(bytes.len() - 8);
        for (place, byte) in changes {
            let place = 12 + place.index(bytes.len() - 12);
            bytes[place] = byte;
        }
        bytes.extend_from_slice(&rest);
        if let Ok(read) = Profile::decode(&sealed(bytes)) {
            prop_assert_eq!(Profile::decode(&read.encode()), Ok(read));
        }
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Profile::decode(&bytes);
        let _ = CounterMap::decode(&bytes);
        let with_head: Vec<u8> = Profile::new().encode()[..12].iter().copied().chain(bytes).collect();
        let _ = Profile::decode(&with_head);
        let _ = Profile::decode(&sealed(with_head));
    }

    #[test]
    fn merging_adds_in_any_order(one in profile(), two in profile()) {
        let mut sum = one.clone();
        sum.merge(&two);
        let mut other = two.clone();
        other.merge(&one);
        for (code, module) in &sum.modules {
            for (func, function) in &module.functions {
                let of = |profile: &Profile| {
                    profile.modules.get(code).and_then(|m| m.functions.get(func)).cloned()
                };
                let theirs = of(&other).unwrap();
                prop_assert_eq!(
                    (function.entries, function.order),
                    (theirs.entries, theirs.order)
                );
                let entries = |profile| of(profile).map_or(0, |function| function.entries);
                prop_assert_eq!(function.entries, entries(&one).saturating_add(entries(&two)));
                for (offset, point) in &function.points {
                    prop_assert_eq!(point.count, theirs.points[offset].count);
                    prop_assert_eq!(&point.targets, &theirs.points[offset].targets);
                    prop_assert!(point.targets.is_sorted_by(|a, b| a.0 < b.0));
                }
            }
        }
    }

    #[test]
    fn maps_of_counters_are_read(functions in vec(btree_map(any::<u32>(), kind(), 0..6), 0..6)) {
        let point = |(offset, kind)| CounterPoint { offset, kind };
        let functions: Vec<Vec<_>> =
            functions.into_iter().map(|points| points.into_iter().map(point).collect()).collect();
        let map = CounterMap { code: CodeHash([9; 16]), functions };
        let bytes = map.encode();
        prop_assert_eq!(CounterMap::words_of(&bytes), Some(map.words()));
        prop_assert_eq!(CounterMap::decode(&bytes), Ok(map.clone()));
        // No two counters are one word.
        let mut words = vec![0];
        for (points, start) in map.functions.iter().zip(map.starts()) {
            words.extend([start, start + 1]);
            for (point, first) in CounterMap::points(start, points) {
                words.extend(first..first + point.words());
            }
        }
        prop_assert_eq!(words, (0..map.words()).collect::<Vec<_>>());
    }
}

/// Bytes with the checksum that they should have.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = wasm_types::profile::checksum(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

#[test]
fn errors_say_what_is_wrong() {
    let decoded = |bytes: &[u8]| Profile::decode(bytes).unwrap_err().to_string();
    assert_eq!(decoded(b"\0asm"), "these bytes are no profile");
    let mut bytes = Profile::new().encode();
    bytes[8] = 7;
    assert!(decoded(&bytes).contains("version 7"));
    bytes[8] = 1;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert!(decoded(&bytes).contains("damaged"));
    assert!(decoded(&bytes[..10]).contains("ends"));
}

/// A number that says that much follows takes no memory before it does.
#[test]
fn what_is_only_promised_takes_no_room() {
    let mut bytes = Profile::new().encode()[..12].to_vec();
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    assert!(Profile::decode(&sealed(bytes)).unwrap_err().to_string().contains("ends"));
}

/// Else many small modules of one hash could be made to take long.
#[test]
fn a_module_is_there_once() {
    let mut bytes = Profile::new().encode()[..12].to_vec();
    bytes.push(2);
    for _ in 0..2 {
        bytes.extend([7; 16]);
        bytes.push(0);
    }
    assert!(Profile::decode(&sealed(bytes)).unwrap_err().to_string().contains("second time"));
}
