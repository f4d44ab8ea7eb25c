//! Each way from the host to Wasm and back, after a recursion that sets the distance from the end
//! of the stack.

use std::fmt::Write as _;

use wasm_runtime::{
    AsContextMut, Caller, Config, Engine, Extern, Func, FuncType, Inlining, Instance, Linker,
    Module, NamePattern, Result, Store, TypedFunc, UpdateDeadline, V128, Val, ValType,
};

/// How much of the stack a level of the recursion takes, in bytes: as little as a frame can.
pub(crate) const LEVEL: usize = 16;

/// Numbers of arguments: all around the number of registers, and some that take more than a page.
const ARGUMENTS: [usize; 45] = {
    let mut all = [0; 45];
    let mut n = 0;
    while n <= 40 {
        all[n] = n;
        n += 1;
    }
    all[41] = 100;
    all[42] = 257;
    all[43] = 500;
    all[44] = 1000;
    all
};

/// A module with everything for all the ways.
pub(crate) struct World {
    pub(crate) store: Store<()>,
    go: TypedFunc<(i32, i32), i64>,
    names: Vec<(String, i64)>,
}

impl World {
    /// A world whose Wasm stack has the given size, for functions with the given numbers of
    /// arguments; with all interesting numbers if none are given.
    pub(crate) fn new(stack: usize, sizes: Option<&[usize]>) -> Result<Self> {
        let sizes = sizes.unwrap_or(&ARGUMENTS);
        let (text, names) = module(sizes);
        let mut config = Config::new();
        config
            .max_wasm_stack(stack)
            // Each level has a frame of its own.
            .compiler_inlining(Inlining::No)
            .epoch_interruption(true)
            .function_hooks([NamePattern::new("hooked")?]);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let mut linker = Linker::new(&engine);
        define(&mut linker, sizes)?;
        let instance = linker.instantiate(&mut store, &module)?;
        let go = instance.get_typed_func(&mut store, "go")?;
        set_hooks(&mut store, instance)?;
        Ok(Self { store, go, names })
    }

    /// The names of the ways.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| &**name)
    }

    /// Runs one of the ways at a depth of this many levels.
    ///
    /// # Panics
    ///
    /// If the result is wrong.
    pub(crate) fn go(&mut self, way: usize, levels: usize) -> Result<()> {
        let result = self.go.call(&mut self.store, (levels as i32, way as i32))?;
        let (name, expected) = &self.names[way];
        assert_eq!(result, expected + levels as i64, "{name}, {levels} levels deep");
        Ok(())
    }
}

/// What functions compute of their arguments, in Wasm and in the host.
fn digest(values: impl IntoIterator<Item = i64>) -> i64 {
    values.into_iter().fold(7, |sum, value| sum.wrapping_mul(31).wrapping_add(value))
}

fn arguments(n: usize) -> Vec<i64> {
    (0..n as i64).map(|value| value * 0x0101_0101_0101 + 3).collect()
}

/// Functions of all sizes, and one for each way, with its name and result.
fn module(sizes: &[usize]) -> (String, Vec<(String, i64)>) {
    let (mut imports, mut funcs, mut ways) = (String::new(), String::new(), Vec::new());
    let mut way = |funcs: &mut String, name: String, result: i64, body: &str| {
        let _ = write!(funcs, "(func $way{} (result i64) {body})", ways.len());
        ways.push((name, result));
    };
    for &n in sizes {
        let params = "i64 ".repeat(n);
        let given = arguments(n);
        let consts: String = given.iter().map(|value| format!("(i64.const {value})")).collect();
        let result = digest(given.iter().copied());
        let _ = write!(
            imports,
            r#"(import "host" "enter{n}" (func $enter{n} (result i64)))
               (import "host" "results{n}" (func $results{n} (result i64)))
               (import "host" "array{n}" (func $array{n} (param {params}) (result i64)))"#
        );
        let mut sum = "(i64.const 7)".to_owned();
        for i in 0..n {
            sum = format!("{sum} (i64.mul (i64.const 31)) (i64.add (local.get {i}))");
        }
        let gets: String = (0..n).map(|i| format!("(local.get {i})")).collect();
        let _ = write!(
            funcs,
            r#"(func (export "sum{n}") (param {params}) (result i64) {sum})
               (func (export "same{n}") (param {params}) (result {params}) {gets})"#
        );
        way(&mut funcs, format!("enter with {n}"), result, &format!("(call $enter{n})"));
        way(&mut funcs, format!("results of {n}"), result, &format!("(call $results{n})"));
        way(&mut funcs, format!("host with {n}"), result, &format!("{consts} (call $array{n})"));
        let tail = format!("{consts} (return_call $array{n})");
        way(&mut funcs, format!("tail call of host with {n}"), result, &tail);
    }
    for (name, result, body) in [
        ("typed entry", 6, "(call $typed (i64.const 5))"),
        ("vectors", 45, "(call $vectors)"),
        ("wide host function", 42, "(call $registers (i32.const 1) (f64.const 41))"),
        (
            "host through a table",
            6,
            "(call_indirect (param i64) (result i64) (i64.const 5) (i32.const 0))",
        ),
        ("memory.grow", 1, "(i64.extend_i32_u (memory.grow (i32.const 0)))"),
        (
            "memory.copy",
            9,
            "(memory.copy (i32.const 0) (i32.const 64) (global.get $len)) (i64.const 9)",
        ),
        (
            "memory.fill",
            9,
            "(memory.fill (i32.const 0) (i32.const 64) (global.get $len)) (i64.const 9)",
        ),
        (
            "memory.init",
            9,
            "(memory.init $d (i32.const 0) (i32.const 1) (i32.const 2)) (i64.const 9)",
        ),
        ("table.grow", -1, "(i64.extend_i32_s (table.grow $t (ref.null func) (i32.const 5)))"),
        (
            "table.fill",
            9,
            "(table.fill $t (i32.const 0) (ref.null func) (i32.const 1)) (i64.const 9)",
        ),
        ("ref.func", 0, "(i64.extend_i32_u (ref.is_null (ref.func $hooked)))"),
        ("function hook", 8, "(call $hooked (i64.const 4))"),
        (
            "interruption",
            13,
            "(call $interrupt) (loop $l (result i64) (br_if $l (global.get $never)) (i64.const 13))",
        ),
    ] {
        way(&mut funcs, name.to_owned(), result, body);
    }
    let table: String = (0..ways.len()).map(|number| format!("$way{number} ")).collect();
    let text = format!(
        r#"(module
            {imports}
            (import "host" "typed" (func $typed (param i64) (result i64)))
            (import "host" "vectors" (func $vectors (result i64)))
            (import "host" "registers" (func $registers (param i32 f64) (result i64)))
            (import "host" "interrupt" (func $interrupt))
            (type $way (func (result i64)))
            (memory 1)
            (data $d "abcdef")
            (elem declare func $hooked)
            (table $host funcref (elem $typed))
            (table $t 4 4 funcref)
            (table $ways funcref (elem {table}))
            (global $never (mut i32) (i32.const 0))
            (global $len (mut i32) (i32.const 300))
            (func $hooked (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
            (func (export "one more") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
            (func (export "swap") (param i64 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
                (result v128 i64 v128) (local.get 10) (local.get 0) (local.get 1))
            (func $go (export "go") (param i32 i32) (result i64)
                (if (result i64) (local.get 0)
                    (then (i64.add (i64.const 1)
                        (call $go (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
                    (else (call_indirect $ways (type $way) (local.get 1)))))
            {funcs})"#
    );
    (text, ways)
}

fn export(caller: &mut Caller<'_, ()>, name: &str) -> Func {
    caller.get_export(name).and_then(Extern::into_func).expect("an export")
}

fn numbers(values: &[Val]) -> i64 {
    digest(values.iter().map(|value| value.i64().expect("a number")))
}

/// The host functions.
fn define(linker: &mut Linker<()>, sizes: &[usize]) -> Result<()> {
    for &n in sizes {
        let given: Vec<_> = arguments(n).into_iter().map(Val::I64).collect();
        let args = given.clone();
        linker.func_wrap("host", &format!("enter{n}"), move |mut caller: Caller<'_, ()>| {
            let mut out = [Val::I64(0)];
            export(&mut caller, &format!("sum{n}")).call(&mut caller, &args, &mut out)?;
            Ok(out[0].unwrap_i64())
        })?;
        linker.func_wrap("host", &format!("results{n}"), move |mut caller: Caller<'_, ()>| {
            let mut out = vec![Val::I64(0); n];
            export(&mut caller, &format!("same{n}")).call(&mut caller, &given, &mut out)?;
            Ok(numbers(&out))
        })?;
        let ty = FuncType::new(linker.engine(), vec![ValType::I64; n], [ValType::I64]);
        linker.func_new("host", &format!("array{n}"), ty, |_, args, out| {
            out[0] = Val::I64(numbers(args));
            Ok(())
        })?;
    }
    linker.func_wrap("host", "typed", |mut caller: Caller<'_, ()>, x: i64| {
        let func = export(&mut caller, "one more").typed::<i64, i64>(&caller)?;
        func.call(&mut caller, x)
    })?;
    linker.func_wrap("host", "vectors", |mut caller: Caller<'_, ()>| {
        let mut args = vec![Val::I64(40)];
        args.extend((1..=10).map(|lane| Val::V128(V128::from(lane << 100))));
        let mut out = vec![Val::I64(0); 3];
        export(&mut caller, "swap").call(&mut caller, &args, &mut out)?;
        let [Val::V128(last), Val::I64(number), Val::V128(first)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!((last.as_u128(), first.as_u128()), (10 << 100, 1 << 100));
        Ok(number + 5)
    })?;
    linker.func_wrap("host", "registers", |a: i32, b: f64| i64::from(a) + b as i64)?;
    linker.func_wrap("host", "interrupt", |mut caller: Caller<'_, ()>| {
        caller.as_context_mut().set_epoch_deadline(0);
    })?;
    Ok(())
}

/// Sets a function hook and an interruption callback, which call Wasm, too.
fn set_hooks(store: &mut Store<()>, instance: Instance) -> Result<()> {
    let one_more = instance.get_typed_func::<i64, i64>(&mut *store, "one more")?;
    store.epoch_deadline_callback({
        move |mut store| {
            store.set_epoch_deadline(1);
            assert_eq!(one_more.call(&mut store, 2)?, 3);
            Ok(UpdateDeadline::Continue(1))
        }
    });
    store.function_hook(move |mut call| {
        assert_eq!(one_more.call(&mut call, 2)?, 3);
        Ok(())
    });
    Ok(())
}
