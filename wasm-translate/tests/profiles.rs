//! What a profile does to a whole module: where functions stand, and what names the profile.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{TARGETS, compile, parse, settings};
use wasm_types::profile::{CodeHash, FunctionProfile, Profile};
use wasm_types::{CompiledModule, DefinedFuncIndex};

/// Functions that call each other, so that references between them are resolved in both
/// directions.
fn module() -> Vec<u8> {
    let functions = (0..9).map(|number| {
        let (before, after) = ((number + 8) % 9, (number + 1) % 9);
        format!(
            "(func $f{number} (param i32) (result i32)
               (if (i32.eqz (local.get 0)) (then (return (call $f{before} (i32.const {number})))))
               (i32.div_u (call $f{after} (local.get 0)) (i32.const {number})))"
        )
    });
    wat::parse_str(format!("(module {})", functions.collect::<String>())).unwrap()
}

/// A profile with the entries of functions, and when they were entered first.
fn profile(code: CodeHash, entered: &[(u32, u64, u64)]) -> Arc<Profile> {
    let mut profile = Profile::new();
    let module = profile.modules.entry(code).or_default();
    for (func, entries, order) in entered {
        let counts = FunctionProfile { entries: *entries, order: *order, points: BTreeMap::new() };
        module.functions.insert(DefinedFuncIndex::new(*func), counts);
    }
    Arc::new(profile)
}

/// The functions in the order of their code.
fn order(compiled: &CompiledModule) -> Vec<usize> {
    let mut order: Vec<usize> = (0..compiled.functions.len()).collect();
    order.sort_by_key(|func| compiled.functions[*func].offset);
    order
}

#[test]
fn what_ran_stands_together_in_the_order_of_the_start() {
    let wasm = module();
    let code = parse(&wasm).code_hash(&wasm);
    for target in TARGETS {
        let mut settings = settings(target);
        let plain = compile(&wasm, &settings).unwrap();
        assert_eq!((order(&plain), plain.profile), ((0..9).collect(), None));
        // Two that run most, two that ran once, and others that never did.
        let profile = profile(code, &[(7, 5000, 4), (2, 5000, 9), (5, 1, 1), (1, 1, 3), (4, 0, 0)]);
        let compiled = compile(&wasm, settings.profile(profile.clone())).unwrap();
        assert_eq!(order(&compiled)[..4], [7, 2, 5, 1], "{target}");
        assert_eq!(compiled.profile, Some(profile.identity()));
        assert!(compiled.traps.is_sorted() && compiled.traps.len() == plain.traps.len());
        assert!(compiled.address_map.is_sorted_by_key(|entry| entry.offset));
        assert!(compiled.frame_slots.is_sorted_by_key(|slot| slot.func));
        for threads in [1, 3] {
            assert!(compile(&wasm, settings.threads(threads)).unwrap() == compiled, "{target}");
        }
    }
}

#[test]
fn profiles_of_other_code_and_of_functions_that_are_not_there_do_nothing() {
    let wasm = module();
    let code = parse(&wasm).code_hash(&wasm);
    let mut settings = settings(TARGETS[0]);
    let plain = compile(&wasm, &settings).unwrap();
    let other = profile(CodeHash([1; 16]), &[(7, 5000, 4)]);
    assert!(compile(&wasm, settings.profile(other)).unwrap() == plain);
    let beyond = profile(code, &[(70, u64::MAX, u64::MAX), (u32::MAX, 1, 1)]);
    let compiled = compile(&wasm, settings.profile(beyond)).unwrap();
    assert_eq!(order(&compiled), order(&plain));
    assert_eq!(compiled.text, plain.text);
}
