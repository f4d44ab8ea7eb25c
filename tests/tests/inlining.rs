//! Functions in place of calls of them, and globals that loops keep in registers, make no
//! difference to what programs do: random call graphs with traps, stores, recursion, tail calls,
//! exceptions and hosts that look at backtraces give the same results, the same traps and the same
//! backtraces.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use wasm_runtime::{
    Caller, Config, CraneliftCompiler, Engine, Linker, Module, Result, Store, Trap, WasmBacktrace,
};

/// An expression, which pushes a number of 32 bits.
#[derive(Clone, Debug)]
enum Expr {
    Const(i32),
    Local(u8),
    Global(u8),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Load(Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(u8, Box<Expr>, Box<Expr>),
    Indirect(u8, Box<Expr>, Box<Expr>),
    Host(Box<Expr>),
    /// With what comes out if something is thrown in it.
    Try(Box<Expr>),
    /// An object's field, through a function that makes it.
    Object(Box<Expr>, Box<Expr>),
}

/// A statement, which pushes nothing.
#[derive(Clone, Debug)]
enum Statement {
    Set(u8, Expr),
    SetGlobal(u8, Expr),
    Store(Expr, Expr),
    If(Expr, Vec<Statement>),
    Loop(u8, Vec<Statement>),
    Block(Expr, Vec<Statement>),
    Return(Expr),
    ReturnCall(u8, Expr, Expr),
    Throw(Expr),
    Unreachable(Expr),
}

const FUNCTIONS: u8 = 7;
const GLOBALS: u8 = 4;

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        2 => (-3..9_i32).prop_map(Expr::Const),
        6 => (0..4_u8).prop_map(Expr::Local),
        3 => (0..GLOBALS).prop_map(Expr::Global),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let boxed = inner.prop_map(Box::new);
        let operator =
            prop::sample::select(vec!["add", "sub", "mul", "xor", "div_s", "rem_u", "lt_u"]);
        prop_oneof![
            5 => (operator, boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Expr::Binary(op, a, b)),
            2 => boxed.clone().prop_map(Expr::Load),
            1 => (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(a, b, c)| Expr::If(a, b, c)),
            6 => (0..FUNCTIONS, boxed.clone(), boxed.clone()).prop_map(|(f, a, b)| Expr::Call(f, a, b)),
            1 => (0..FUNCTIONS, boxed.clone(), boxed.clone())
                .prop_map(|(f, a, b)| Expr::Indirect(f, a, b)),
            1 => boxed.clone().prop_map(Expr::Host),
            1 => boxed.clone().prop_map(Expr::Try),
            1 => (boxed.clone(), boxed).prop_map(|(a, b)| Expr::Object(a, b)),
        ]
    })
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let simple = prop_oneof![
        5 => (0..4_u8, expr()).prop_map(|(local, a)| Statement::Set(local, a)),
        4 => (0..GLOBALS, expr()).prop_map(|(global, a)| Statement::SetGlobal(global, a)),
        3 => (expr(), expr()).prop_map(|(a, b)| Statement::Store(a, b)),
        1 => expr().prop_map(Statement::Return),
        1 => (0..FUNCTIONS, expr(), expr()).prop_map(|(f, a, b)| Statement::ReturnCall(f, a, b)),
        1 => expr().prop_map(Statement::Throw),
        1 => expr().prop_map(Statement::Unreachable),
    ];
    let nested = simple.prop_recursive(2, 6, 3, |inner| {
        let list = prop::collection::vec(inner, 0..3);
        prop_oneof![
            2 => (expr(), list.clone()).prop_map(|(a, list)| Statement::If(a, list)),
            2 => (1..4_u8, list.clone()).prop_map(|(times, list)| Statement::Loop(times, list)),
            1 => (expr(), list).prop_map(|(a, list)| Statement::Block(a, list)),
        ]
    });
    prop::collection::vec(nested, 0..4)
}

/// What a function does, and what it results in.
type Function = (Vec<Statement>, Expr);

/// Writes a module.
struct Text {
    text: String,
    /// How many loops there are, each of which has a local of its own.
    loops: u32,
}

impl Text {
    fn expr(&mut self, expr: &Expr) {
        let text = &mut self.text;
        match expr {
            Expr::Const(value) => write!(text, "(i32.const {value})").unwrap(),
            Expr::Local(local) => write!(text, "(local.get {local})").unwrap(),
            Expr::Global(global) => write!(text, "(global.get $g{global})").unwrap(),
            Expr::Binary(op, a, b) => {
                write!(text, "(i32.{op} ").unwrap();
                self.expr(a);
                self.expr(b);
                self.text.push(')');
            }
            Expr::Load(a) => {
                // Now and then beyond the end.
                text.push_str("(i32.load8_u offset=65000 (i32.shl (i32.const 6) ");
                text.push_str("(i32.and (i32.const 7) ");
                self.expr(a);
                self.text.push_str(")))");
            }
            Expr::If(a, b, c) => {
                text.push_str("(if (result i32) ");
                self.expr(a);
                self.text.push_str("(then ");
                self.expr(b);
                self.text.push_str(") (else ");
                self.expr(c);
                self.text.push_str("))");
            }
            Expr::Call(func, a, b) => {
                write!(text, "(call $f{func} ").unwrap();
                self.expr(a);
                self.expr(b);
                self.text.push(')');
            }
            Expr::Indirect(func, a, b) => {
                text.push_str("(call_indirect (type $f) ");
                self.expr(a);
                self.expr(b);
                write!(self.text, "(i32.const {func}))").unwrap();
            }
            Expr::Host(a) => {
                text.push_str("(call $host ");
                self.expr(a);
                self.text.push(')');
            }
            Expr::Try(a) => {
                text.push_str(
                    "(block $caught (result i32) (try_table (result i32) (catch $e $caught) ",
                );
                self.expr(a);
                self.text.push_str("))");
            }
            Expr::Object(a, b) => {
                text.push_str("(struct.get $pair 0 (call $swap (struct.new $pair ");
                self.expr(a);
                self.expr(b);
                self.text.push_str(")))");
            }
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Set(local, a) => self.with(&format!("(local.set {local} "), a, ")"),
            Statement::SetGlobal(global, a) => {
                self.with(&format!("(global.set $g{global} "), a, ")");
            }
            Statement::Store(a, b) => {
                self.text.push_str("(i32.store8 offset=65000 (i32.shl (i32.const 6) ");
                self.with("(i32.and (i32.const 7) ", a, "))");
                self.expr(b);
                self.text.push(')');
            }
            Statement::If(a, list) => {
                self.with("(if ", a, "(then ");
                list.iter().for_each(|statement| self.statement(statement));
                self.text.push_str("))");
            }
            Statement::Block(a, list) => {
                self.with("(block (br_if 0 ", a, ")");
                list.iter().for_each(|statement| self.statement(statement));
                self.text.push(')');
            }
            Statement::Loop(times, list) => {
                let local = 4 + self.loops;
                self.loops += 1;
                write!(self.text, "(local.set {local} (i32.const {times})) (loop ").unwrap();
                list.iter().for_each(|statement| self.statement(statement));
                write!(
                    self.text,
                    "(br_if 0 (local.tee {local} (i32.sub (local.get {local}) (i32.const 1)))))"
                )
                .unwrap();
            }
            // What ends the function is there only if something holds.
            Statement::Return(a) => {
                self.with("(if (i32.eq (i32.const 3) ", a, ") (then (return (local.get 1))))");
            }
            Statement::ReturnCall(func, a, b) => {
                self.with("(if (i32.and (i32.const 1) ", a, ") (then (return_call ");
                write!(self.text, "$f{func} ").unwrap();
                self.with("", b, "(local.get 0))))");
            }
            Statement::Throw(a) => {
                self.with("(if (i32.eq (i32.const 4) ", a, ") (then (throw $e (local.get 2))))");
            }
            Statement::Unreachable(a) => {
                self.with("(if (i32.eq (i32.const 5) ", a, ") (then unreachable))");
            }
        }
    }

    fn with(&mut self, before: &str, expr: &Expr, after: &str) {
        self.text.push_str(before);
        self.expr(expr);
        self.text.push_str(after);
    }
}

/// Each function stops when the calls are too many, so that nothing overflows the stack.
fn module(functions: &[Function]) -> String {
    let mut text = Text { text: String::new(), loops: 0 };
    text.text.push_str(
        r#"(module
          (type $f (func (param i32 i32) (result i32)))
          (type $pair (struct (field i32) (field i32)))
          (import "" "host" (func $host (param i32) (result i32)))
          (tag $e (param i32))
          (memory (export "memory") 1)
          (global $g0 (export "0") (mut i32) (i32.const 1))
          (global $g1 (export "1") (mut i32) (i32.const 3))
          (global $g2 (export "2") (mut i32) (i32.const -2))
          (global $g3 (export "3") (mut i32) (i32.const 0))
          (global $left (mut i32) (i32.const 0))
          (table funcref (elem $f0 $f1 $f2 $f3 $f4 $f5 $f6))
          (func $swap (param (ref $pair)) (result (ref $pair))
            (struct.new $pair (struct.get $pair 1 (local.get 0)) (struct.get $pair 0 (local.get 0))))
          (func $enter
            (global.set $left (i32.sub (global.get $left) (i32.const 1)))
            (if (i32.lt_s (global.get $left) (i32.const 0)) (then unreachable)))
          (func (export "run") (param i32) (result i32)
            (global.set $left (i32.const 300))
            (call $f0 (local.get 0) (i32.const 2)))
        "#,
    );
    for (number, (body, result)) in functions.iter().enumerate() {
        let before = text.text.len();
        text.loops = 0;
        body.iter().for_each(|statement| text.statement(statement));
        text.expr(result);
        let body = text.text.split_off(before);
        let locals = "i32 ".repeat(2 + text.loops as usize);
        writeln!(text.text, "(func $f{number} (type $f) (local {locals}) (call $enter) {body})")
            .unwrap();
    }
    text.text.push(')');
    text.text
}

/// Frames as far as they can be compared: functions and places.
type Frames = Vec<(u32, Option<usize>, Option<usize>)>;

fn frames(backtrace: &WasmBacktrace) -> Frames {
    let frames = backtrace.frames().iter();
    frames.map(|frame| (frame.func_index(), frame.module_offset(), frame.func_offset())).collect()
}

/// What came of a call.
#[derive(PartialEq, Debug)]
struct Outcome {
    result: std::result::Result<i32, (Option<Trap>, Frames)>,
    /// What the host saw.
    seen: Vec<(i32, Frames)>,
    memory: Vec<u8>,
    globals: Vec<i32>,
    fuel: Option<u64>,
}

/// What is done for faster code.
#[derive(Clone, Copy)]
struct Switches {
    inlining: bool,
    loop_globals: bool,
}

fn engine(switches: Switches, fuel: bool) -> Result<Engine> {
    // SAFETY: it leaves what the code does as it is.
    #[allow(unsafe_code, reason = "settings of the compiler are unsafe to change")]
    let compiler = unsafe {
        CraneliftCompiler::new().adjust(move |settings| {
            settings.inlining(switches.inlining).loop_globals(switches.loop_globals);
            settings.verifier(true);
        })
    };
    let mut config = Config::new();
    config.compiler(Arc::new(compiler)).consume_fuel(fuel).wasm_gc(true).gc_zeal(true);
    config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(1000));
    Engine::new(&config)
}

fn outcomes(wat: &str, switches: Switches, fuel: bool) -> Result<Vec<Outcome>> {
    let engine = engine(switches, fuel)?;
    let module = Module::new(&engine, wat)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "host", |mut caller: Caller<'_, Vec<(i32, Frames)>>, value: i32| {
        let seen = frames(&WasmBacktrace::capture(&caller));
        caller.data_mut().push((value, seen));
        value ^ 1
    })?;
    let mut outcomes = Vec::new();
    for argument in [0, 1, 4, 7] {
        let mut store = Store::new(&engine, Vec::new());
        if fuel {
            store.set_fuel(10_000)?;
        }
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        let result = run.call(&mut store, argument).map_err(|error| {
            let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
            (error.downcast_ref::<Trap>().copied(), frames(backtrace))
        });
        let memory = instance.get_memory(&mut store, "memory").expect("a memory");
        let memory = memory.data(&store)[65000..].to_vec();
        let global = |number: u8| {
            let global = instance.get_global(&mut store, &number.to_string());
            global.expect("an exported global").get(&mut store).unwrap_i32()
        };
        outcomes.push(Outcome {
            result,
            memory,
            globals: (0..GLOBALS).map(global).collect(),
            fuel: fuel.then(|| store.get_fuel().unwrap()),
            seen: std::mem::take(store.data_mut()),
        });
    }
    Ok(outcomes)
}

fn same(functions: &[Function]) -> std::result::Result<(), TestCaseError> {
    let wat = module(functions);
    for fuel in [false, true] {
        let outcomes = |inlining, loop_globals| {
            outcomes(&wat, Switches { inlining, loop_globals }, fuel)
                .unwrap_or_else(|error| panic!("{error:?}\n{wat}"))
        };
        let without = outcomes(false, false);
        for inlining in [true, false] {
            for (with, without) in outcomes(inlining, true).iter().zip(&without) {
                prop_assert_eq!(with, without, "inlining: {}, fuel: {}\n{}", inlining, fuel, wat);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("INLINING_CASES").map_or(60, |cases| cases.parse().unwrap()),
        ..ProptestConfig::default()
    })]

    #[test]
    fn programs_do_the_same(
        functions in prop::collection::vec((statements(), expr()), FUNCTIONS as usize)
    ) {
        same(&functions)?;
    }
}

/// How many frames are left out is counted in frames of functions, whatever their code is part of.
#[test]
fn frames_are_counted_and_cut_as_if_functions_were_called() -> Result<()> {
    let wat = r#"(module
      (func $c (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
      (func $b (param i32) (result i32) (call $c (local.get 0)))
      (func $a (param i32) (result i32) (call $b (local.get 0)))
      (func (export "run") (param i32) (result i32) (call $a (local.get 0))))"#;
    for most in 1..6 {
        let texts = [true, false].map(|inlining| -> Result<String> {
            #[allow(unsafe_code, reason = "settings of the compiler are unsafe to change")]
            // SAFETY: it leaves what the code does as it is.
            let compiler = unsafe {
                CraneliftCompiler::new().adjust(move |settings| {
                    settings.inlining(inlining);
                })
            };
            let mut config = Config::new();
            config.compiler(Arc::new(compiler));
            config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(most));
            let engine = Engine::new(&config)?;
            let module = Module::new(&engine, wat)?;
            let mut store = Store::new(&engine, ());
            let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
            let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
            let error = run.call(&mut store, 0).unwrap_err();
            Ok(error.downcast_ref::<WasmBacktrace>().expect("a backtrace").to_string())
        });
        let [with, without] = texts;
        assert_eq!(with?, without?, "{most} frames");
    }
    Ok(())
}
