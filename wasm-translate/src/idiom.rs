//! Idioms: functions that are recognised by what they do. They are helpers that compilers put into
//! modules because WebAssembly has no instruction, although machines have one.
//!
//! A function is recognised by its body alone, never by a name: the body is evaluated with symbols
//! for parameters ([`expression`]), and what comes out is compared with what is known. Whatever is
//! not understood is not recognised. A recognised function keeps its place, its type and what it
//! does, traps included; only how it computes differs, and callers may compute it themselves.
//!
//! To teach a further idiom, add a file with a function that recognises it, a variant to [`Idiom`]
//! and a row to [`PATTERNS`].

mod expression;
mod wide_multiply;

use std::collections::HashMap;

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;
use wasm_types::wasmparser::FunctionBody;
use wasm_types::{DefinedFuncIndex, FuncType, OperatorCost, ParsedModule};

use crate::fuel::cost_of;
pub(crate) use wide_multiply::WideMultiply;

/// A function that is recognised as an idiom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Idiom {
    /// It stores the 128-bit product of two 128-bit integers.
    WideMultiply(WideMultiply),
}

/// A pattern that bodies are compared with.
struct Pattern {
    /// The most bytes that a body may have: larger ones are not read.
    max_bytes: usize,
    recognise: fn(&FuncType, &FunctionBody<'_>) -> Option<Idiom>,
}

/// All patterns.
const PATTERNS: &[Pattern] = &[Pattern { max_bytes: 320, recognise: wide_multiply::recognise }];

/// The functions of a module that are recognised as idioms.
#[derive(Default, Debug)]
pub(crate) struct Idioms {
    functions: HashMap<DefinedFuncIndex, Idiom>,
    /// What the operators of each cost.
    fuel: HashMap<DefinedFuncIndex, i64>,
}

impl Idioms {
    /// Looks at the bodies of a module. They need not be valid: those that are not are refused when
    /// they are compiled.
    pub(crate) fn find(parsed: &ParsedModule, wasm: &[u8]) -> Self {
        let module = parsed.module();
        let mut functions = HashMap::new();
        for (number, body) in module.bodies.iter().enumerate() {
            let func = DefinedFuncIndex::new(number as u32);
            let ty = module.type_of_func(module.func_index(func));
            let mut patterns = PATTERNS.iter().filter(|row| body.range.len() <= row.max_bytes);
            let idiom = patterns.find_map(|row| (row.recognise)(ty, &parsed.body(wasm, func)));
            functions.extend(idiom.map(|idiom| (func, idiom)));
        }
        Self { functions, fuel: HashMap::new() }
    }

    /// Finds out what the operators of each function cost: all of them, since there are no
    /// branches.
    pub(crate) fn with_fuel(
        mut self,
        parsed: &ParsedModule,
        wasm: &[u8],
        costs: &OperatorCost,
    ) -> Self {
        for func in self.functions.keys() {
            let body = parsed.body(wasm, *func);
            let operators = body.get_operators_reader().into_iter().flatten();
            let costs = operators.flatten().map(|op| i64::from(cost_of(costs, &op)));
            self.fuel.insert(*func, costs.sum());
        }
        self
    }

    /// What the operators of a function cost, if that was found out.
    pub(crate) fn fuel(&self, func: DefinedFuncIndex) -> i64 {
        self.fuel.get(&func).copied().unwrap_or(0)
    }

    /// Forgets what functions are known as that are to be called whatever they do.
    pub(crate) fn without(mut self, excluded: impl Fn(DefinedFuncIndex) -> bool) -> Self {
        self.functions.retain(|func, _| !excluded(*func));
        self
    }

    /// What a function is known as.
    pub(crate) fn get(&self, func: DefinedFuncIndex) -> Option<Idiom> {
        self.functions.get(&func).copied()
    }
}

impl Idiom {
    /// Computes the values that the function stores, in the order of the `store` operators in its
    /// body.
    pub(crate) fn stored_values(
        self,
        builder: &mut FunctionBuilder<'_>,
        params: &[Value],
    ) -> Vec<Value> {
        match self {
            Idiom::WideMultiply(multiply) => multiply.stored_values(builder, params).into(),
        }
    }
}
