//! The fuel that code uses does not depend on how it is compiled. Random programs, with traps and
//! endless loops, are compared with code that takes fuel for each operator by itself. They use the
//! same, their host functions see the same, and they end at the same place if there is too little.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use wasm_runtime::{
    Caller, Config, CraneliftCompiler, Engine, Instance, Linker, Module, OptLevel, Store, Trap, Val,
};
use wasm_translate::Settings;

/// An expression, which pushes a number.
#[derive(Clone, Debug)]
enum Expr {
    Const(i32),
    Local(u8),
    Global,
    Size,
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// From an address that is mostly within the memory.
    Load(&'static str, bool, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Select(Box<Expr>, Box<Expr>, Box<Expr>),
    Tee(u8, Box<Expr>),
    /// To one of the functions that come later.
    Call(u8, Box<Expr>),
    Indirect(Box<Expr>, Box<Expr>),
}

/// A statement, which pushes nothing.
#[derive(Clone, Debug)]
enum Statement {
    Set(u8, Expr),
    SetGlobal(Expr),
    Store(&'static str, bool, Expr, Expr),
    /// The number that is stored is computed from the one that is already there.
    Change(u8, Expr),
    Fill(Expr, Expr),
    Copy(u8),
    Multiply(Expr),
    See,
    Nop,
    Drop(Expr),
    Unreachable(Expr),
    If(Expr, Vec<Statement>, Vec<Statement>),
    Block(Vec<Statement>),
    /// So many iterations, unless something ends the loop early.
    Loop(u8, Vec<Statement>),
    Br(u8),
    BrIf(u8, Expr),
    BrTable(Vec<u8>, Expr),
    Return(Expr),
    ReturnCall(u8, Expr),
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        3 => (-4..70_000_i32).prop_map(Expr::Const),
        5 => (0..3_u8).prop_map(Expr::Local),
        1 => Just(Expr::Global),
        1 => Just(Expr::Size),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let boxed = inner.prop_map(Box::new);
        let operator = prop::sample::select(vec![
            "add", "add", "sub", "mul", "and", "xor", "div_u", "rem_s", "lt_u", "shl",
        ]);
        let load = prop::sample::select(vec!["load", "load8_u", "load16_s"]);
        prop_oneof![
            6 => (operator, boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Expr::Binary(op, a, b)),
            3 => (load, any::<bool>(), boxed.clone()).prop_map(|(op, wild, a)| Expr::Load(op, wild, a)),
            1 => (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(a, b, c)| Expr::If(a, b, c)),
            1 => (boxed.clone(), boxed.clone(), boxed.clone())
                .prop_map(|(a, b, c)| Expr::Select(a, b, c)),
            1 => (0..3_u8, boxed.clone()).prop_map(|(local, a)| Expr::Tee(local, a)),
            2 => (0..8_u8, boxed.clone()).prop_map(|(func, a)| Expr::Call(func, a)),
            1 => (boxed.clone(), boxed).prop_map(|(element, a)| Expr::Indirect(element, a)),
        ]
    })
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let store = prop::sample::select(vec!["store", "store8", "store16"]);
    let leaf = prop_oneof![
        6 => (0..3_u8, expr()).prop_map(|(local, a)| Statement::Set(local, a)),
        2 => expr().prop_map(Statement::SetGlobal),
        2 => (store, any::<bool>(), expr(), expr())
            .prop_map(|(op, wild, at, a)| Statement::Store(op, wild, at, a)),
        2 => (0..3_u8, expr()).prop_map(|(local, a)| Statement::Change(local, a)),
        1 => (expr(), expr()).prop_map(|(at, len)| Statement::Fill(at, len)),
        1 => (0..80_u8).prop_map(Statement::Copy),
        1 => expr().prop_map(Statement::Multiply),
        1 => Just(Statement::See),
        1 => Just(Statement::Nop),
        1 => expr().prop_map(Statement::Drop),
        1 => expr().prop_map(Statement::Unreachable),
        1 => (0..6_u8).prop_map(Statement::Br),
        3 => (0..6_u8, expr()).prop_map(|(label, a)| Statement::BrIf(label, a)),
        1 => (prop::collection::vec(0..6_u8, 1..12), expr())
            .prop_map(|(labels, a)| Statement::BrTable(labels, a)),
        1 => expr().prop_map(Statement::Return),
        1 => (0..8_u8, expr()).prop_map(|(func, a)| Statement::ReturnCall(func, a)),
    ];
    let one = leaf.prop_recursive(4, 24, 4, |inner| {
        let some = prop::collection::vec(inner, 0..4);
        prop_oneof![
            2 => (expr(), some.clone(), some.clone())
                .prop_map(|(a, then, otherwise)| Statement::If(a, then, otherwise)),
            1 => some.clone().prop_map(Statement::Block),
            3 => (1..6_u8, some).prop_map(|(times, body)| Statement::Loop(times, body)),
        ]
    });
    prop::collection::vec(one, 1..6)
}

/// The functions of a module, as text.
struct Writer {
    text: String,
    /// The index of the function that is being written, and the number of functions.
    func: usize,
    count: usize,
    /// How many blocks surround the current position.
    labels: u8,
    loops: u8,
}

impl Writer {
    /// A function that comes later, so that there is no recursion. The last functions always exist.
    fn callee(&self, number: u8) -> usize {
        let later = self.count + 2 - (self.func + 1);
        self.func + 1 + usize::from(number) % later
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Const(value) => write!(self.text, "(i32.const {value})"),
            Expr::Local(local) => write!(self.text, "(local.get {local})"),
            Expr::Global => write!(self.text, "(global.get $g)"),
            Expr::Size => write!(self.text, "(memory.size)"),
            Expr::Binary(op, a, b) => self.call(&format!("i32.{op}"), &[a, b]),
            Expr::Load(op, wild, at) => {
                self.text.push_str(&format!("(i32.{op} offset=4 "));
                self.address(*wild, at);
                write!(self.text, ")")
            }
            Expr::If(a, b, c) => {
                self.text.push_str("(if (result i32) ");
                self.expr(a);
                self.text.push_str(" (then ");
                self.labels += 1;
                self.expr(b);
                self.text.push_str(") (else ");
                self.expr(c);
                self.labels -= 1;
                write!(self.text, "))")
            }
            Expr::Select(a, b, c) => self.call("select", &[a, b, c]),
            Expr::Tee(local, a) => self.call(&format!("local.tee {local}"), &[a]),
            Expr::Call(func, a) => self.call(&format!("call $f{}", self.callee(*func)), &[a]),
            Expr::Indirect(element, a) => {
                // The table only has the last functions, and one null element.
                self.text.push_str("(call_indirect (type $unary) ");
                self.expr(a);
                self.text.push_str("(i32.and (i32.const 3) ");
                self.expr(element);
                write!(self.text, "))")
            }
        }
        .expect("a string takes all");
    }

    fn call(&mut self, what: &str, operands: &[&Expr]) -> std::fmt::Result {
        write!(self.text, "({what}")?;
        for operand in operands {
            self.text.push(' ');
            self.expr(operand);
        }
        write!(self.text, ")")
    }

    /// An address: within the memory, unless `wild` is set.
    fn address(&mut self, wild: bool, at: &Expr) {
        if !wild {
            self.text.push_str("(i32.and (i32.const 0xfff8) ");
        }
        self.expr(at);
        if !wild {
            self.text.push(')');
        }
    }

    fn list(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        let label = |label: u8, labels: u8| label % labels;
        match statement {
            Statement::Set(local, a) => self.call(&format!("local.set {local}"), &[a]),
            Statement::SetGlobal(a) => self.call("global.set $g", &[a]),
            Statement::Store(op, wild, at, a) => {
                self.text.push_str(&format!("(i32.{op} "));
                self.address(*wild, at);
                self.expr(a);
                write!(self.text, ")")
            }
            Statement::Change(local, a) => {
                let at = format!("(local.get {local})");
                self.text.push_str(&format!("(i32.store {at} (i32.add (i32.load {at}) "));
                self.expr(a);
                write!(self.text, "))")
            }
            Statement::Fill(at, len) => {
                self.text.push_str("(memory.fill (i32.and (i32.const 0xffff)");
                self.expr(at);
                self.text.push_str(") (i32.const 1) (i32.and (i32.const 0xff)");
                self.expr(len);
                write!(self.text, "))")
            }
            Statement::Copy(len) => {
                write!(self.text, "(memory.copy (i32.const 9) (i32.const 300) (i32.const {len}))")
            }
            Statement::Multiply(at) => {
                self.text.push_str("(call $multiply ");
                self.expr(at);
                write!(self.text, " (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8))")
            }
            Statement::See => write!(self.text, "(call $see)"),
            Statement::Nop => write!(self.text, "(nop)"),
            Statement::Drop(a) => self.call("drop", &[a]),
            Statement::Unreachable(a) => {
                self.text.push_str("(if (i32.eq (i32.const 7) ");
                self.expr(a);
                write!(self.text, ") (then unreachable))")
            }
            Statement::If(a, then, otherwise) => {
                self.text.push_str("(if ");
                self.expr(a);
                self.labels += 1;
                self.text.push_str(" (then ");
                self.list(then);
                self.text.push(')');
                if !otherwise.is_empty() {
                    self.text.push_str(" (else ");
                    self.list(otherwise);
                    self.text.push(')');
                }
                self.labels -= 1;
                write!(self.text, ")")
            }
            Statement::Block(body) => {
                self.labels += 1;
                self.text.push_str("(block ");
                self.list(body);
                self.labels -= 1;
                write!(self.text, ")")
            }
            Statement::Loop(times, body) => {
                let counter = 3 + self.loops.min(7);
                self.loops += 1;
                self.labels += 1;
                self.text.push_str(&format!("(local.set {counter} (i32.const {times})) (loop "));
                self.list(body);
                self.labels -= 1;
                self.loops -= 1;
                write!(
                    self.text,
                    "(br_if 0 (local.tee {counter} \
                     (i32.sub (local.get {counter}) (i32.const 1)))))"
                )
            }
            Statement::Br(to) => write!(self.text, "(br {})", label(*to, self.labels)),
            Statement::BrIf(to, a) => {
                self.call(&format!("br_if {}", label(*to, self.labels)), &[a])
            }
            Statement::BrTable(to, a) => {
                let labels: Vec<String> =
                    to.iter().map(|to| label(*to, self.labels).to_string()).collect();
                self.call(&format!("br_table {}", labels.join(" ")), &[a])
            }
            Statement::Return(a) => self.call("return", &[a]),
            Statement::ReturnCall(func, a) => {
                self.call(&format!("return_call $f{}", self.callee(*func)), &[a])
            }
        }
        .expect("a string takes all");
        self.text.push('\n');
    }
}

/// What compilers make of the product of two 128-bit numbers. The code generator recognises it.
const MULTIPLY: &str = include_str!("multiply.wat");

fn module(bodies: &[Vec<Statement>]) -> String {
    let mut writer =
        Writer { text: String::new(), func: 0, count: bodies.len(), labels: 1, loops: 0 };
    writer.text.push_str(
        r#"(module
        (import "" "see" (func $see))
        (type $unary (func (param i32) (result i32)))
        (memory (export "memory") 1)
        (global $g (export "g") (mut i32) (i32.const 1))
        "#,
    );
    writer.text.push_str(MULTIPLY);
    for (func, body) in bodies.iter().enumerate() {
        writer.func = func;
        // Some are exported, so that the host can call them and they check their fuel at the entry.
        let export = if func % 2 == 0 { format!("(export \"f{func}\")") } else { String::new() };
        writer.text.push_str(&format!(
            "(func $f{func} {export} (param i32) (result i32) \
             (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)\n (block "
        ));
        writer.list(body);
        writer.text.push_str(") (local.get 1))\n");
    }
    let last = bodies.len();
    writer.text.push_str(&format!(
        "(func $f{last} (param i32) (result i32) (i32.load (local.get 0)))
         (func $f{} (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.const 3)) (else (i32.add (local.get 0) (i32.const 1)))))
         (table funcref (elem $f{last} $f{} $see)))",
        last + 1,
        last + 1,
    ));
    writer.text
}

/// Everything that can be observed of a call.
#[derive(PartialEq, Debug)]
struct Outcome {
    result: Result<i32, Trap>,
    seen: Vec<u64>,
    left: u64,
    global: i32,
    memory: Vec<u8>,
}

/// A configuration of the compiler: its name, level, reservation of memories, and other settings.
type Configuration = (&'static str, OptLevel, u64, fn(&mut Settings) -> &mut Settings);

/// What the names of configurations begin with that give way now and then.
const YIELDING: &str = "yielding";

/// The name of the configuration that can be interrupted as well. Nobody interrupts it.
const INTERRUPTIBLE: &str = "interruptible";

/// The first configuration takes fuel for each operator by itself, and optimises nothing.
const CONFIGURATIONS: &[Configuration] = &[
    ("each operator", OptLevel::None, 4 << 30, |settings| {
        let settings = settings.fuel_for_each_operator(true);
        settings.reorder(false).idioms(false).small_bulk(false).direct_bulk(false)
    }),
    ("as usual", OptLevel::Speed, 4 << 30, |settings| settings),
    ("inlined", OptLevel::Speed, 4 << 30, |settings| settings.inlining(true)),
    ("checked", OptLevel::SpeedAndSize, 0, |settings| settings.inlining(true)),
    ("unoptimised", OptLevel::None, 4 << 30, |settings| settings),
    (INTERRUPTIBLE, OptLevel::Speed, 4 << 30, |settings| settings.inlining(true)),
    #[cfg(feature = "async")]
    (YIELDING, OptLevel::Speed, 4 << 30, |settings| settings.inlining(true)),
    #[cfg(feature = "async")]
    ("yielding, unoptimised", OptLevel::None, 0, |settings| settings),
    ("without optimizations", OptLevel::Speed, 4 << 30, |settings| {
        let settings = settings.reorder(false).idioms(false).small_bulk(false);
        settings.direct_bulk(false).immutable_tables(false)
    }),
    ("each operator, optimised", OptLevel::Speed, 4 << 30, |settings| {
        settings.fuel_for_each_operator(true).inlining(true)
    }),
];

/// Calls a function whose code gives way after some fuel: how much, depends on how much there is.
#[cfg(feature = "async")]
fn yielding(
    store: &mut Store<Vec<u64>>,
    fuel: u64,
    f: &wasm_runtime::TypedFunc<i32, i32>,
    argument: i32,
) -> wasm_runtime::Result<i32> {
    use std::task::{Context, Poll, Waker};
    store.fuel_async_yield_interval(Some(1 + fuel % 23 + fuel / 1000))?;
    let mut call = std::pin::pin!(f.call_async(store, argument));
    loop {
        if let Poll::Ready(result) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
    }
}

#[cfg(not(feature = "async"))]
fn yielding(
    _: &mut Store<Vec<u64>>,
    _: u64,
    _: &wasm_runtime::TypedFunc<i32, i32>,
    _: i32,
) -> wasm_runtime::Result<i32> {
    unreachable!("there is no such configuration")
}

struct Compiled {
    engine: Engine,
    module: Module,
    /// Whether its code gives way now and then.
    yields: bool,
}

impl Compiled {
    fn new(wat: &str, (name, level, reservation, adjust): Configuration, artifact: bool) -> Self {
        let mut config = Config::new();
        let compiler = CraneliftCompiler::new();
        // SAFETY: these settings leave what the code does as it is, and only change when it takes
        // fuel.
        let compiler = unsafe {
            compiler.adjust(move |settings| {
                adjust(settings);
            })
        };
        config
            .consume_fuel(true)
            .interruption(name == INTERRUPTIBLE)
            .compiler(Arc::new(compiler))
            .cranelift_opt_level(level)
            .cranelift_debug_verifier(true)
            .memory_reservation(reservation);
        let yields = name.starts_with(YIELDING);
        #[cfg(feature = "async")]
        config.fuel_async_yield(yields);
        let engine = Engine::new(&config).unwrap();
        let mut module = Module::new(&engine, wat).unwrap_or_else(|e| panic!("{e:?}\n{wat}"));
        if artifact {
            let bytes = module.serialize().unwrap();
            // SAFETY: the artifact was made right here.
            module = unsafe { Module::deserialize(&engine, bytes).unwrap() };
        }
        Self { engine, module, yields }
    }

    fn run(&self, fuel: u64, argument: i32) -> Outcome {
        let mut linker = Linker::new(&self.engine);
        linker
            .func_wrap("", "see", |mut caller: Caller<'_, Vec<u64>>| {
                let left = caller.get_fuel().unwrap();
                caller.data_mut().push(left);
            })
            .unwrap();
        let mut store = Store::new(&self.engine, Vec::new());
        let instance: Instance = linker.instantiate(&mut store, &self.module).unwrap();
        store.set_fuel(fuel).unwrap();
        let f = instance.get_typed_func::<i32, i32>(&mut store, "f0").unwrap();
        let result = match self.yields {
            false => f.call(&mut store, argument),
            true => yielding(&mut store, fuel, &f, argument),
        };
        let result = result.map_err(|error| *error.downcast_ref::<Trap>().expect("a trap"));
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let global = instance.get_global(&mut store, "g").unwrap();
        Outcome {
            result,
            left: store.get_fuel().unwrap(),
            global: match global.get(&mut store) {
                Val::I32(value) => value,
                other => panic!("{other:?}"),
            },
            memory: memory.data(&store).to_vec(),
            seen: std::mem::take(store.data_mut()),
        }
    }
}

/// Enough for everything that ends by itself.
const PLENTY: u64 = 60_000;

/// How many random programs are tried. The environment variable `FUEL_CASES` can set more.
fn cases() -> u32 {
    std::env::var("FUEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_configurations_use_the_same(
        bodies in prop::collection::vec(statements(), 1..5),
        argument in -2..9_i32,
        shares in prop::collection::vec(0.0..1.0_f64, 4),
    ) {
        let wat = module(&bodies);
        let reference = Compiled::new(&wat, CONFIGURATIONS[0], false);
        let whole = reference.run(PLENTY, argument);
        let used = PLENTY - whole.left;
        // Smaller amounts, too: at a few points, and around the end.
        let mut amounts: Vec<u64> = shares.iter().map(|share| (used as f64 * share) as u64).collect();
        amounts.extend([0, 1, used.saturating_sub(1), used, used + 1, PLENTY]);
        let expected: Vec<Outcome> =
            amounts.iter().map(|fuel| reference.run(*fuel, argument)).collect();
        for (number, configuration) in CONFIGURATIONS.iter().enumerate().skip(1) {
            let compiled = Compiled::new(&wat, *configuration, number % 2 == 0);
            for (fuel, expected) in amounts.iter().zip(&expected) {
                let found = compiled.run(*fuel, argument);
                prop_assert!(
                    found == *expected,
                    "{}, {fuel} of fuel: {:?}, left {}, seen {:?}, not {:?}, left {}, seen {:?}\n{wat}",
                    configuration.0, found.result, found.left, found.seen,
                    expected.result, expected.left, expected.seen,
                );
            }
        }
    }
}

/// What happens for each amount of fuel that a small program can have.
#[test]
fn every_amount_ends_at_the_same_place() {
    let body = vec![
        Statement::Set(1, Expr::Const(5)),
        Statement::Loop(
            3,
            vec![
                Statement::Change(1, Expr::Call(7, Box::new(Expr::Local(1)))),
                Statement::BrIf(
                    1,
                    Expr::Binary("and", Box::new(Expr::Local(0)), Box::new(Expr::Const(16))),
                ),
                Statement::Loop(2, vec![Statement::SetGlobal(Expr::Global), Statement::Nop]),
                Statement::See,
                Statement::Multiply(Expr::Const(64)),
            ],
        ),
        Statement::Fill(Expr::Const(8), Expr::Local(1)),
        Statement::Set(1, Expr::Indirect(Box::new(Expr::Const(1)), Box::new(Expr::Local(0)))),
        Statement::Set(1, Expr::Load("load", true, Box::new(Expr::Const(-8)))),
    ];
    let wat = module(&[body]);
    let reference = Compiled::new(&wat, CONFIGURATIONS[0], false);
    let whole = reference.run(PLENTY, 1);
    assert_eq!(whole.result, Err(Trap::MemoryOutOfBounds));
    let used = PLENTY - whole.left;
    let expected: Vec<Outcome> = (0..used + 2).map(|fuel| reference.run(fuel, 1)).collect();
    assert!(expected.iter().any(|outcome| outcome.result == Err(Trap::OutOfFuel)));
    for configuration in &CONFIGURATIONS[1..] {
        let compiled = Compiled::new(&wat, *configuration, true);
        for (fuel, expected) in expected.iter().enumerate() {
            let found = compiled.run(fuel as u64, 1);
            assert!(found == *expected, "{}, {fuel} of fuel: {:?}", configuration.0, found.result);
        }
    }
}
