//! Profiles that say anything, for modules that do the same with each of them.

use std::sync::Arc;

use wasm_runtime::profile::{
    CounterMap, FunctionProfile, ModuleProfile, PointKind, PointProfile, Profile,
};
use wasm_runtime::{CompileRequest, Compiler, CraneliftCompiler, Result, WasmFeatures};
use wasm_types::{DefinedFuncIndex, FuncIndex, Module};

/// The usual compiler, with a profile for each module that depends on a number and says anything.
#[derive(Debug)]
pub struct AnyProfile {
    /// Compiles.
    pub compiler: CraneliftCompiler,
    /// What the profiles depend on.
    pub seed: u64,
}

// SAFETY: it is the usual compiler; a profile leaves what the code does as it is.
#[allow(unsafe_code, reason = "a compiler answers for the code")]
unsafe impl Compiler for AnyProfile {
    fn compile(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        let mut request = request.clone();
        let wasm = wat::parse_bytes(wasm)?;
        request.profile = nonsense(&wasm, request.features, self.seed).map(Arc::new);
        self.compiler.compile(&wasm, &request)
    }

    fn validate(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        self.compiler.validate(wasm, features)
    }

    fn compile_component(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        self.compiler.compile_component(wasm, request)
    }

    fn validate_component(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        self.compiler.validate_component(wasm, features)
    }

    fn imports(&self, wasm: &[u8], features: WasmFeatures) -> Result<Option<Module>> {
        self.compiler.imports(wasm, features)
    }

    fn accepts_text(&self) -> bool {
        true
    }
}

/// A profile of a module that says anything; `None` if the module can't be parsed.
pub fn nonsense(wasm: &[u8], features: WasmFeatures, seed: u64) -> Option<Profile> {
    let parsed = Module::parse_with_bodies(wasm, features).ok()?;
    let CounterMap { code, functions } = parsed.counters(wasm);
    let mut random = Random(seed | 1);
    let all = parsed.module().functions.len() as u64;
    let mut module = ModuleProfile::default();
    for (number, points) in (0..).zip(functions) {
        if random.below(5) == 0 {
            continue;
        }
        let mut function = FunctionProfile {
            entries: random.count(),
            order: random.count(),
            points: Default::default(),
        };
        for point in points {
            let kind = match random.below(20) {
                0 => PointKind::ALL[random.below(5) as usize],
                _ => point.kind,
            };
            let mut counted = PointProfile { kind, count: random.count(), targets: Vec::new() };
            if kind == PointKind::Indirect {
                for _ in 0..random.below(4) {
                    // Mostly functions that there are.
                    let func = FuncIndex::new(random.below(all + 2) as u32);
                    let count = random.count();
                    counted.add_target(func, count);
                }
            }
            function.points.insert(point.offset, counted);
        }
        module.functions.insert(DefinedFuncIndex::new(number), function);
    }
    let mut profile = Profile::new();
    profile.modules.insert(code, module);
    Some(profile)
}

/// Numbers that look random: xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn count(&mut self) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => 1,
            2 => self.below(100),
            3 => u64::MAX,
            _ => self.below(1 << 40),
        }
    }
}
