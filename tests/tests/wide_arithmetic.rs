//! 128-bit arithmetic gives what the host's gives: with operands from anywhere, with constants, in
//! functions that replace calls, and with fuel.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use wasm_runtime::{
    Config, CraneliftCompiler, Engine, Instance, OptLevel, Result, Store, TypedFunc, Val,
};
use wasm_tests::Pipeline;
use wasm_translate::Settings;

/// What an operator computes. Products are of the lower halves alone.
type Expected = fn(u128, u128) -> u128;

/// Each operator, and what it computes.
const OPERATORS: [(&str, Expected); 4] = [
    ("i64.add128", u128::wrapping_add),
    ("i64.sub128", u128::wrapping_sub),
    ("i64.mul_wide_s", |a, b| (i128::from(a as i64) * i128::from(b as i64)) as u128),
    ("i64.mul_wide_u", |a, b| u128::from(a as u64) * u128::from(b as u64)),
];

type Binary = TypedFunc<(i64, i64, i64, i64), (i64, i64)>;

fn halves(number: u128) -> (i64, i64) {
    (number as i64, (number >> 64) as i64)
}

fn whole((low, high): (i64, i64)) -> u128 {
    u128::from(low as u64) | (u128::from(high as u64) << 64)
}

/// Settings that change what code is made of the operators.
fn configs() -> Vec<Config> {
    let mut all = Vec::new();
    for level in [OptLevel::None, OptLevel::Speed] {
        for (inlining, fuel) in [(false, false), (true, false), (false, true)] {
            let adjust = move |settings: &mut Settings| {
                settings.inlining(inlining);
            };
            #[allow(unsafe_code, reason = "settings of the compiler are unsafe to change")]
            // SAFETY: inlining leaves what the code does as it is.
            let compiler = unsafe { CraneliftCompiler::new().adjust(adjust) };
            let mut config = Config::new();
            config
                .wasm_wide_arithmetic(true)
                .cranelift_debug_verifier(true)
                .cranelift_opt_level(level)
                .consume_fuel(fuel)
                .compiler(Arc::new(compiler));
            all.push(config);
        }
    }
    all
}

/// The operands of an operator, as text: `a` and `b` are how a half of either number is had.
fn operands(operator: &str, a: impl Fn(u32) -> String, b: impl Fn(u32) -> String) -> String {
    match operator.contains("128") {
        true => format!("{} {} {} {}", a(0), a(1), b(0), b(1)),
        false => format!("{} {}", a(0), b(0)),
    }
}

/// Each operator with operands that are parameters, called directly and by another function.
fn text() -> String {
    let mut functions = String::new();
    for (operator, _) in OPERATORS {
        let gets = operands(
            operator,
            |h| format!("(local.get {h})"),
            |h| format!("(local.get {})", h + 2),
        );
        let ty = "(param i64 i64 i64 i64) (result i64 i64)";
        let all = "(local.get 0) (local.get 1) (local.get 2) (local.get 3)";
        writeln!(
            functions,
            r#"(func ${operator} (export "{operator}") {ty} ({operator} {gets}))
               (func (export "call {operator}") {ty} (call ${operator} {all}))"#
        )
        .expect("text can be written");
    }
    format!("(module {functions})")
}

fn store(config: &Config) -> Result<(Engine, Store<()>)> {
    let engine = Engine::new(config)?;
    let mut store = Store::new(&engine, ());
    if store.get_fuel().is_ok() {
        store.set_fuel(u64::MAX / 2)?;
    }
    Ok((engine, store))
}

fn numbers() -> Vec<u128> {
    let words = [0, 1, 5, 0xffff_ffff, 1 << 32, 1 << 63, (1 << 63) - 1, u64::MAX, u64::MAX - 1];
    let numbers = words.iter().flat_map(|low| words.map(|high| (*low, high)));
    numbers.map(|(low, high)| u128::from(low) | (u128::from(high) << 64)).collect()
}

#[test]
fn operands_can_come_from_anywhere() -> Result<()> {
    for config in configs() {
        for pipeline in Pipeline::ALL {
            let (engine, mut store) = store(&config)?;
            let module = pipeline.module(&engine, text().as_bytes())?;
            let instance = Instance::new(&mut store, &module, &[])?;
            for (operator, expected) in OPERATORS {
                for name in [operator.to_owned(), format!("call {operator}")] {
                    let function: Binary = instance.get_typed_func(&mut store, &name)?;
                    for a in numbers() {
                        for b in numbers() {
                            let ((a0, a1), (b0, b1)) = (halves(a), halves(b));
                            let found = whole(function.call(&mut store, (a0, a1, b0, b1))?);
                            assert_eq!(found, expected(a, b), "{pipeline}: {name} {a:#x} {b:#x}");
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any of the operands may be a constant.
    #[test]
    fn constants_are_like_other_operands(
        operator in 0..OPERATORS.len(),
        (a, b) in (any::<u128>(), any::<u128>()),
        short in any::<[bool; 2]>(),
        constants in any::<[bool; 4]>(),
        config in 0..6_usize,
    ) {
        let (operator, expected) = OPERATORS[operator];
        let cut = |number: u128, short: bool| if short { number >> 64 } else { number };
        let (a, b) = (cut(a, short[0]), cut(b, short[1]));
        let all = [halves(a).0, halves(a).1, halves(b).0, halves(b).1];
        let operand = |place: usize| match constants[place] {
            true => format!("(i64.const {})", all[place]),
            false => format!("(local.get {place})"),
        };
        let given =
            operands(operator, |half| operand(half as usize), |half| operand(half as usize + 2));
        let text = format!(
            r#"(module (func (export "run") (param i64 i64 i64 i64) (result i64 i64)
                ({operator} {given})))"#
        );
        let (engine, mut store) = store(&configs()[config]).unwrap();
        let module = Pipeline::ThroughArtifact.module(&engine, text.as_bytes()).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = [Val::I64(0), Val::I64(0)];
        run.call(&mut store, &all.map(Val::I64), &mut results).unwrap();
        let found = (results[0].unwrap_i64(), results[1].unwrap_i64());
        prop_assert_eq!(whole(found), expected(a, b));
    }
}
