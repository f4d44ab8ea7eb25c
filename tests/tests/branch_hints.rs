//! Branch hints change nothing that code does, wherever they stand and whatever they say.

use proptest::prelude::*;
use wasm_runtime::{Config, Engine, Instance, Module, OptLevel, Store, Trap, Val};
use wasm_types::wasmparser::{Operator, Parser, Payload};

/// Branches of all kinds, nested in one another.
const TEXT: &str = r#"(module
    (memory 1)
    (func $deep (export "deep") (param i32 i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
        (i32.add (i32.const 1)
            (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
    (func (export "collatz") (param i32 i32) (result i32) (local i32)
        (block $done
            (loop $again
                (br_if $done (i32.le_u (local.get 0) (i32.const 1)))
                (br_if $done (i32.gt_u (local.get 2) (i32.const 1000)))
                (local.set 2 (i32.add (local.get 2) (i32.const 1)))
                (if (i32.and (local.get 0) (i32.const 1))
                    (then (local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1))))
                    (else (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))))
                (br_if $again (i32.ne (local.get 0) (local.get 1)))))
        (local.get 2))
    (func (export "choose") (param i32 i32) (result i32)
        (block $a (result i32)
            (block $b (result i32)
                (drop (br_if $a (i32.const 1) (i32.gt_s (local.get 0) (local.get 1))))
                (drop (br_if $b (i32.const 2) (i32.eq (local.get 0) (local.get 1))))
                (if (result i32) (i32.lt_s (local.get 0) (i32.const 0))
                    (then
                        (block $x (block $y (block $z
                            (br_table $x $y $z (local.get 1)))
                            (br_if $y (local.get 0))
                            (return (i32.const 10)))
                            (return (i32.const 20)))
                        (i32.const 30))
                    (else (i32.load (local.get 1)))))
            (i32.const 100)
            (i32.add))))"#;

/// The module with a hint for each branch: what is said is up to the caller.
fn with_hints(wasm: &[u8], mut said: impl FnMut() -> Option<bool>) -> Vec<u8> {
    let mut functions: Vec<(u32, Vec<u8>)> = Vec::new();
    let (mut count, mut code) = (0, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.expect("a valid module");
        if let (Payload::CodeSectionStart { .. }, Some((_, range))) =
            (&payload, payload.as_section())
        {
            code = range.start as usize;
        }
        if let Payload::CodeSectionEntry(body) = payload {
            let start = body.range().start;
            let mut hints = Vec::new();
            let mut number = 0_u8;
            let mut operators = body.get_operators_reader().expect("a valid body");
            while !operators.eof() {
                let (operator, at) = operators.read_with_offset().expect("a valid body");
                let is_branch = matches!(operator, Operator::If { .. } | Operator::BrIf { .. });
                let Some(is_likely) = is_branch.then(&mut said).flatten() else { continue };
                number += 1;
                leb(&mut hints, (at - start) as u32);
                hints.extend([1, u8::from(is_likely)]);
            }
            if number > 0 {
                hints.insert(0, number);
                functions.push((count, hints));
            }
            count += 1;
        }
    }
    let name = b"metadata.code.branch_hint";
    let mut payload = vec![name.len() as u8];
    payload.extend(name);
    leb(&mut payload, functions.len() as u32);
    for (function, hints) in functions {
        leb(&mut payload, function);
        payload.extend(hints);
    }
    let mut section = vec![0];
    leb(&mut section, payload.len() as u32);
    section.extend(payload);
    // The section goes before the code section, whose id and size stand before its content.
    let id = (0..code).rev().find(|at| wasm[*at] == 10).expect("the id of the code section");
    [&wasm[..id], &section, &wasm[id..]].concat()
}

fn leb(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// What calls of all functions give: a number, or why they trap.
fn outcomes(config: &Config, wasm: &[u8], params: &[(i32, i32)]) -> Vec<Result<i32, Trap>> {
    let engine = Engine::new(config).expect("an engine");
    let module = Module::new(&engine, wasm).expect("a valid module");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
    let mut all = Vec::new();
    for name in ["deep", "collatz", "choose"] {
        let function = instance.get_func(&mut store, name).expect("an export");
        for (a, b) in params {
            let mut results = [Val::I32(0)];
            let params = [Val::I32(*a), Val::I32(*b)];
            let result = function.call(&mut store, &params, &mut results);
            all.push(match result {
                Ok(()) => Ok(results[0].unwrap_i32()),
                Err(error) => Err(*error.downcast_ref::<Trap>().expect("a trap")),
            });
        }
    }
    all
}

#[test]
fn hints_reach_the_compiler_if_they_are_allowed() {
    let wasm = wat::parse_str(TEXT).expect("text");
    let hinted = with_hints(&wasm, || Some(false));
    let code = |wasm: &[u8], allowed: bool| {
        let engine = Engine::new(Config::new().wasm_branch_hinting(allowed)).expect("an engine");
        let artifact = engine.precompile_module(wasm).expect("a valid module");
        let artifact = wasm_artifact::Artifact::parse(&artifact).expect("an artifact");
        // An engine that does not allow hints runs the code all the same.
        assert!(!artifact.features().contains(wasm_types::WasmFeatures::BRANCH_HINTING));
        artifact.text().to_vec()
    };
    assert_eq!(code(&wasm, false), code(&wasm, true));
    assert_eq!(code(&wasm, false), code(&hinted, false));
    assert_ne!(code(&wasm, true), code(&hinted, true));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn hints_change_nothing_that_code_does(
        said in proptest::collection::vec(proptest::option::of(any::<bool>()), 16),
        params in proptest::collection::vec((-9..40_i32, -3..9_i32), 1..12),
        optimized in any::<bool>(),
        interruptible in any::<bool>(),
    ) {
        // `deep` uses up the stack for the first of these, and `choose` leaves the memory for the
        // last two.
        let params: Vec<_> = params.into_iter().chain([(-1, 0), (5, 65533), (5, -1)]).collect();
        let mut config = Config::new();
        config.wasm_branch_hinting(true).cranelift_debug_verifier(true).interruption(interruptible);
        config.cranelift_opt_level(if optimized { OptLevel::Speed } else { OptLevel::None });
        let wasm = wat::parse_str(TEXT).expect("text");
        let mut said = said.into_iter().cycle();
        let hinted = with_hints(&wasm, || said.next().flatten());
        prop_assert_eq!(outcomes(&config, &hinted, &params), outcomes(&config, &wasm, &params));
    }
}
