//! Code that was compiled with the settings of one engine, in an engine with others: it is refused,
//! or follows WebAssembly at all its boundaries and touches only what belongs to it.
//!
//! The address space after a memory is made accessible here, by another memory that is as large as
//! possible. So an access too far does not trap, but changes something.

#![allow(unsafe_code)]

use proptest::prelude::*;
use proptest::sample::select;
use wasm_runtime::{
    Config, Engine, Extern, Instance, InstanceAllocationStrategy, Internals, Memory, MemoryType,
    MemoryTypeBuilder, Module, PoolingAllocationConfig, Ref, Result, Store, Trap, Val,
};

const GIB: u64 = 1 << 30;

#[derive(Clone, Copy, Debug)]
struct Settings {
    reservation: u64,
    guard: u64,
    growth: u64,
    stack_guard: u32,
    spectre_mitigation: bool,
    internals: Internals,
    interruption: bool,
    epochs: bool,
    /// Whether fuel is counted, and what `local.get` costs.
    fuel: Option<u8>,
    /// Whether code that counts fuel can go on where it has used it.
    yields: bool,
    tail_call: bool,
    relaxed_simd: bool,
    /// How large memories may be in an engine that reserves them up front.
    pool: Option<usize>,
}

fn any_settings() -> impl Strategy<Value = Settings> {
    const RESERVATIONS: [u64; 8] =
        [0, 1 << 16, 1 << 20, 4 * GIB - 1, 4 * GIB, 4 * GIB + 4096, 6 * GIB, 16 * GIB];
    const GUARDS: [u64; 6] = [0, 1, 4096, 64 << 10, 32 << 20, 2 * GIB];
    let memory = (select(&RESERVATIONS[..]), select(&GUARDS[..]), select(&[0, 1 << 16, GIB][..]));
    let internals = select(&[Internals::Sealed, Internals::Readable, Internals::Writable][..]);
    let rarely = || prop::bool::weighted(0.2);
    let flags =
        (any::<bool>(), rarely(), rarely(), prop::bool::weighted(0.9), rarely(), any::<bool>());
    let fuel = prop_oneof![4 => Just(None), 1 => select(&[Some(1), Some(2)][..])];
    let pool = prop_oneof![2 => Just(None), 1 => select(&[Some(1 << 20), Some(4 << 30)][..])];
    let stack_guard = select(&[4096, 64 << 10, 128 << 10][..]);
    (memory, internals, flags, fuel, pool, stack_guard).prop_map(
        |((reservation, guard, growth), internals, flags, fuel, pool, stack_guard)| {
            let (spectre_mitigation, interruption, epochs, tail_call, relaxed_simd, yields) = flags;
            Settings {
                reservation,
                guard,
                growth,
                stack_guard,
                spectre_mitigation,
                internals,
                interruption,
                epochs,
                fuel,
                yields,
                tail_call,
                relaxed_simd,
                pool,
            }
        },
    )
}

impl Settings {
    /// These settings, but with everything from `other` that is not about memories: so that code is
    /// not always refused.
    fn like(self, other: Settings) -> Self {
        let Settings { reservation, guard, growth, spectre_mitigation, pool, .. } = self;
        Self { reservation, guard, growth, spectre_mitigation, pool, ..other }
    }

    fn engine(&self) -> Engine {
        let mut config = Config::new();
        config
            .memory_reservation(self.reservation)
            .memory_guard_size(self.guard)
            .memory_reservation_for_growth(self.growth)
            .internals(self.internals)
            .interruption(self.interruption)
            .epoch_interruption(self.epochs)
            .consume_fuel(self.fuel.is_some())
            .fuel_async_yield(self.yields)
            .wasm_tail_call(self.tail_call)
            .relaxed_simd_deterministic(self.relaxed_simd)
            .wasm_multi_memory(true)
            .wasm_memory64(true);
        if let Some(cost) = self.fuel {
            let mut costs = wasm_runtime::OperatorCost::new();
            costs.LocalGet = cost;
            config.operator_cost(costs);
        }
        config.tunables_mut().stack_guard_size = self.stack_guard;
        config.tunables_mut().spectre_mitigation = self.spectre_mitigation;
        if let Some(size) = self.pool {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_memories(4).total_core_instances(8).total_stacks(4).max_memory_size(size);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        Engine::new(&config).unwrap()
    }

    /// Why code with these settings is refused by an engine with others. This is written
    /// independently of the code under test.
    fn refused_by(&self, engine: &Settings) -> Vec<&'static str> {
        let unchecked = self.reservation >= 4 * GIB;
        let interrupts = |it: &Settings| it.interruption || it.epochs;
        let writes = |it: &Settings| it.internals == Internals::Writable;
        let both_count = engine.fuel.is_some() && self.fuel.is_some();
        let reasons = [
            ("reservation of memories", unchecked && engine.reservation < self.reservation),
            ("guard after memories", engine.guard < self.guard),
            ("guard below stacks", engine.stack_guard < self.stack_guard),
            ("writes to internals", writes(engine) && !writes(self)),
            ("interruption:", interrupts(engine) && !interrupts(self)),
            ("callbacks at interruptions", engine.epochs && !self.epochs),
            ("fuel:", engine.fuel.is_some() && self.fuel.is_none()),
            ("costs of operators", both_count && engine.fuel != self.fuel),
            ("giving way by fuel", both_count && engine.yields && !self.yields),
            ("relaxed vector", engine.relaxed_simd && !self.relaxed_simd),
            ("proposal tail-call", !engine.tail_call),
        ];
        reasons.iter().filter(|(_, is_so)| *is_so).map(|(reason, _)| *reason).collect()
    }
}

/// The kinds of memories.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Narrow,
    Wide,
}

/// What makes the memory that the code uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Maker {
    Code,
    Host,
    /// A module that was compiled with the engine's own settings.
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Subject {
    kind: Kind,
    maker: Maker,
    has_maximum: bool,
    /// How much it grows before it is checked.
    grows: bool,
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let kind = select(&[Kind::Narrow, Kind::Narrow, Kind::Wide][..]);
    let maker = select(&[Maker::Code, Maker::Host, Maker::Other][..]);
    (kind, maker, any::<bool>(), any::<bool>())
        .prop_map(|(kind, maker, has_maximum, grows)| Subject { kind, maker, has_maximum, grows })
}

/// The constant offsets of accesses.
fn offsets(kind: Kind, code: &Settings) -> Vec<u64> {
    let mut offsets = vec![0, 1, 4095, 4096, 65_535, 65_536, 1 << 31, 0xfff0_0000, u32::MAX.into()];
    let guard = code.guard;
    offsets.extend([guard.saturating_sub(16), guard.saturating_sub(1), guard, guard + 1]);
    if kind == Kind::Wide {
        offsets.extend([4 * GIB, code.reservation + guard, u64::MAX - 7, u64::MAX]);
    } else {
        offsets.retain(|offset| *offset <= u64::from(u32::MAX));
    }
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

/// The widths of accesses in bytes, and the instructions that make them.
const WIDTHS: [(u64, &str, &str, &str); 3] = [
    (1, "(i32.wrap_i64 (i64.load8_u", "i64.store8", "i64.extend_i32_u"),
    (8, "(i32.wrap_i64 (i64.load", "i64.store", "i64.extend_i32_u"),
    (16, "(i32x4.extract_lane 0 (v128.load", "v128.store", "i32x4.splat"),
];

impl Subject {
    /// The limits in pages.
    fn limits(&self) -> (u64, Option<u64>) {
        (1, self.has_maximum.then_some(4))
    }

    fn ty(&self) -> String {
        let (minimum, maximum) = self.limits();
        let index = if self.kind == Kind::Wide { "i64 " } else { "" };
        let maximum = maximum.map_or(String::new(), |maximum| maximum.to_string());
        format!("{index}{minimum} {maximum}")
    }

    fn host_type(&self) -> MemoryType {
        let (minimum, maximum) = self.limits();
        let mut builder = MemoryTypeBuilder::new();
        builder.min(minimum).max(maximum).memory64(self.kind == Kind::Wide);
        builder.build().unwrap()
    }

    /// A module that accesses the memory in all ways, has an endless loop and a table of its own,
    /// and uses a tail call and a relaxed vector instruction.
    fn wat(&self, code: &Settings) -> String {
        let ty = self.ty();
        let memory = match self.maker {
            Maker::Code => format!(r#"(memory (export "m") {ty})"#),
            _ => format!(r#"(import "o" "m" (memory {ty}))"#),
        };
        let index = if self.kind == Kind::Wide { "i64" } else { "i32" };
        let mut text = format!(
            r#"(module {memory}
            (type $f (func (result i32)))
            (table $own 2 2 funcref) (elem (i32.const 0) func $one $two)
            (func $one (result i32) (i32.const 1))
            (func $two (result i32) (i32.const 2))
            (func (export "two") (result i32) (i32.const 2))
            (func (export "own") (param i32) (result i32) (call_indirect $own (type $f) (local.get 0)))
            (func (export "forever") (param i32) (loop $again
                (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $again)))
            (func (export "tail") (result i32) (return_call $one))
            (func (export "relaxed") (param v128) (result v128)
                (f32x4.relaxed_min (local.get 0) (local.get 0)))
            (func (export "grow") (param {index}) (result {index}) (memory.grow (local.get 0)))
            (func $inline (param {index}) (result i64) (i64.load offset=8 (local.get 0)))
            (func (export "inlined") (param {index}) (result i64)
                (i64.add (call $inline (local.get 0)) (call $inline (local.get 0))))
            (func (export "copy") (param {index} {index} {index})
                (memory.copy (local.get 0) (local.get 1) (local.get 2)))
            (func (export "copy few") (param {index} {index})
                (memory.copy (local.get 0) (local.get 1) ({index}.const 40)))
            (func (export "fill few") (param {index})
                (memory.fill (local.get 0) (i32.const 85) ({index}.const 33)))"#
        );
        for (number, offset) in offsets(self.kind, code).iter().enumerate() {
            for (width, load, store, make) in WIDTHS {
                text += &format!(
                    r#"
                    (func (export "load {number} {width}") (param {index}) (result i32)
                        {load} offset={offset} (local.get 0))))
                    (func (export "store {number} {width}") (param {index} i32)
                        ({store} offset={offset} (local.get 0) ({make} (local.get 1))))"#
                );
            }
        }
        text + ")"
    }

    /// Addresses around all boundaries that matter to the code or the engine.
    fn addresses(&self, offset: u64, width: u64, size: u64, both: [&Settings; 2]) -> Vec<u64> {
        let mut borders = vec![0, size, 4 * GIB, 1 << 31];
        for settings in both {
            let Settings { reservation, guard, growth, .. } = settings;
            borders.extend([*reservation, reservation + guard, size + guard, size + growth]);
            borders.push(reservation + guard + (2 << 20));
        }
        let mut addresses = vec![0, u32::MAX.into(), u64::from(u32::MAX) - width];
        for border in borders {
            for end in [offset, offset.saturating_add(width)] {
                let near = border.wrapping_sub(end);
                addresses.extend([near.wrapping_sub(1), near, near.wrapping_add(1)]);
            }
        }
        if self.kind != Kind::Wide {
            addresses.retain(|address| *address <= u64::from(u32::MAX));
        }
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

/// A memory of another owner: accessible as far as its addresses reach, if the engine allows that.
struct Neighbour {
    store: Store<()>,
    memory: Memory,
    /// How much of it is checked: much more would take too long.
    looked_at: usize,
}

impl Neighbour {
    fn new(engine: &Engine, pool: Option<usize>) -> Self {
        let mut store = Store::new(engine, ());
        let pages = pool.map_or(65_536, |size| size >> 16) as u32;
        let ty = MemoryType::new(pages, None);
        let memory = Memory::new(&mut store, ty).unwrap();
        Self { store, memory, looked_at: 0 }
    }

    /// Whether nothing was written: all its pages are zero. The kernel reports which pages exist at
    /// all.
    fn is_untouched(&mut self) -> bool {
        let pages = resident(self.memory.data_ptr(&self.store), self.memory.data_size(&self.store));
        self.looked_at += pages.len();
        let data = self.memory.data(&self.store);
        pages.into_iter().all(|page| data[page..][..4096].iter().all(|byte| *byte == 0))
    }
}

/// The pages of a range that are in memory, by their distance from its start.
fn resident(start: *const u8, len: usize) -> Vec<usize> {
    use std::io::{Read, Seek, SeekFrom};
    let mut pages = Vec::new();
    let mut file = std::fs::File::open("/proc/self/pagemap").unwrap();
    file.seek(SeekFrom::Start((start.addr() / 4096 * 8) as u64)).unwrap();
    let mut entries = vec![0; len / 4096 * 8];
    file.read_exact(&mut entries).unwrap();
    for (number, entry) in entries.chunks_exact(8).enumerate() {
        // Present or swapped out.
        if entry[7] & 0xc0 != 0 {
            pages.push(number * 4096);
        }
    }
    pages
}

/// An instance of the tested code, in a store of its own.
struct Trial<'a> {
    subject: Subject,
    both: [&'a Settings; 2],
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

impl<'a> Trial<'a> {
    fn new(
        subject: Subject,
        code: &'a Settings,
        settings: &'a Settings,
        engine: &Engine,
        module: &Module,
    ) -> Result<Self> {
        let mut store = Store::new(engine, ());
        if settings.epochs {
            store.set_epoch_deadline(1 << 40);
        }
        if settings.fuel.is_some() {
            store.set_fuel(1 << 60)?;
        }
        let imported: Option<Extern> = match subject.maker {
            Maker::Code => None,
            Maker::Host => Some(Memory::new(&mut store, subject.host_type())?.into()),
            Maker::Other => {
                let text = format!(r#"(module (memory (export "m") {}))"#, subject.ty());
                let other = Instance::new(&mut store, &Module::new(engine, text)?, &[])?;
                other.get_export(&mut store, "m")
            }
        };
        let instance = Instance::new(&mut store, module, imported.as_slice())?;
        let memory = match imported {
            Some(memory) => memory.into_memory().expect("a memory"),
            None => instance.get_memory(&mut store, "m").expect("an export"),
        };
        let mut trial = Self { subject, both: [code, settings], store, instance, memory };
        if subject.grows {
            let old = trial.call("grow", &[trial.index(1)])?;
            let (minimum, _) = subject.limits();
            assert_eq!(old, minimum as i64);
            assert_eq!(trial.size(), (minimum + 1) << 16);
        }
        Ok(trial)
    }

    fn size(&self) -> u64 {
        self.memory.data_size(&self.store) as u64
    }

    fn index(&self, address: u64) -> Val {
        match self.subject.kind {
            Kind::Wide => Val::I64(address as i64),
            _ => Val::I32(address as u32 as i32),
        }
    }

    /// Calls an export with at most one result. Without a result, returns 0.
    fn call(&mut self, name: &str, args: &[Val]) -> Result<i64> {
        let func = self.instance.get_func(&mut self.store, name).expect("an export");
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, args, &mut results)?;
        Ok(match results.first() {
            Some(Val::I32(value)) => i64::from(*value),
            Some(Val::I64(value)) => *value,
            _ => 0,
        })
    }

    /// Calls an export that accesses bytes up to an address. It must trap exactly if these do not
    /// exist.
    fn access(&mut self, name: &str, args: &[Val], end: u128) -> Option<i64> {
        let size = u128::from(self.size());
        let both = self.both;
        match self.call(name, args) {
            Ok(value) => {
                assert!(end <= size, "{name} {args:?} went to {end:#x} of {size:#x}: {both:?}");
                Some(value)
            }
            Err(error) => {
                assert!(end > size, "{name} {args:?} to {end:#x} of {size:#x}: {error:#} {both:?}");
                assert_eq!(error.downcast::<Trap>().unwrap(), Trap::MemoryOutOfBounds);
                None
            }
        }
    }

    fn run(&mut self, every: usize) {
        let size = self.size();
        let all = offsets(self.subject.kind, self.both[0]);
        for (number, offset) in all.into_iter().enumerate().step_by(every) {
            for (width, ..) in WIDTHS {
                for address in self.subject.addresses(offset, width, size, self.both) {
                    let end = u128::from(address) + u128::from(offset) + u128::from(width);
                    let index = self.index(address);
                    let (load, store) =
                        (format!("load {number} {width}"), format!("store {number} {width}"));
                    self.access(&store, &[index, Val::I32(0x5a)], end);
                    if let Some(found) = self.access(&load, &[index], end) {
                        assert_eq!(found, 0x5a);
                    }
                }
            }
        }
        for address in self.subject.addresses(8, 8, size, self.both) {
            let index = self.index(address);
            let end = |len: u64| u128::from(address) + u128::from(len);
            self.access("inlined", &[index], end(16));
            self.access("fill few", &[index], end(33));
            let zero = self.index(0);
            self.access("copy few", &[zero, index], end(40));
            self.access("copy few", &[index, zero], end(40));
            let len = self.index(3000);
            self.access("copy", &[index, zero, len], end(3000));
            self.access("copy", &[zero, index, len], end(3000));
        }
    }

    /// Checks that the code keeps the engine's promises.
    fn run_promises(&mut self, engine: &Settings) -> Result<()> {
        assert_eq!(self.call("tail", &[])?, 1);
        assert_eq!(self.call("own", &[Val::I32(0)])?, 1);
        if engine.internals == Internals::Writable {
            let two = self.instance.get_func(&mut self.store, "two");
            let own = self.instance.table_at(&mut self.store, 0)?;
            own.set(&mut self.store, 0, Ref::Func(two))?;
            assert_eq!(self.call("own", &[Val::I32(0)])?, 2);
        }
        if engine.fuel.is_some() {
            self.store.set_fuel(10_000)?;
            let error = self.call("forever", &[Val::I32(0)]).unwrap_err();
            assert_eq!(error.downcast::<Trap>()?, Trap::OutOfFuel);
            self.store.set_fuel(1 << 60)?;
        }
        if engine.interruption || engine.epochs {
            self.store.interrupt_handle()?.interrupt();
            let error = self.call("forever", &[Val::I32(0)]).unwrap_err();
            assert_eq!(error.downcast::<Trap>()?, Trap::Interrupt);
        }
        Ok(())
    }
}

/// Loads code of one engine in another. Returns whether it was accepted.
fn run(code: &Settings, settings: &Settings, subject: Subject) -> Result<bool> {
    let artifact = code.engine().precompile_module(subject.wat(code).as_bytes())?;
    let engine = settings.engine();
    // SAFETY: the artifact was made above.
    let loaded = unsafe { Module::deserialize(&engine, &artifact) };
    let reasons = code.refused_by(settings);
    let module = match loaded {
        Ok(module) => {
            assert!(reasons.is_empty(), "{reasons:?}: {code:?} in {settings:?}");
            module
        }
        Err(error) => {
            let text = format!("{error:#}");
            assert!(!reasons.is_empty(), "{text}: {code:?} in {settings:?}");
            for reason in reasons {
                assert!(text.contains(reason), "{reason}: {text}");
            }
            return Ok(false);
        }
    };
    // The system maps from the top of the address space down.
    let mut above = Neighbour::new(&engine, settings.pool);
    for round in 0..2 {
        let mut trial = Trial::new(subject, code, settings, &engine, &module)?;
        let mut below = (round == 0).then(|| Neighbour::new(&engine, settings.pool));
        trial.run(3 * round + 1);
        trial.run_promises(settings)?;
        assert!(above.is_untouched(), "{subject:?} {code:?} in {settings:?}");
        assert!(below.as_mut().is_none_or(Neighbour::is_untouched), "{code:?} in {settings:?}");
        // The next round runs in what this one leaves.
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    /// The engine's settings for memories are its own. In half of the cases the others are those of
    /// the code.
    #[test]
    fn code_in_an_engine_with_other_settings_is_refused_or_does_the_same(
        code in any_settings(),
        engine in any_settings(),
        is_alike in any::<bool>(),
        subject in any_subject(),
    ) {
        let code = Settings { tail_call: true, ..code };
        let engine = if is_alike { engine.like(code) } else { engine };
        run(&code, &engine, subject).unwrap();
    }

    #[test]
    fn each_engine_runs_its_own_code(settings in any_settings(), subject in any_subject()) {
        let settings = Settings { tail_call: true, ..settings };
        assert!(run(&settings, &settings, subject).unwrap());
    }
}

const DEFAULT: Settings = Settings {
    reservation: 4 * GIB,
    guard: 32 << 20,
    growth: 1 << 20,
    stack_guard: 64 << 10,
    spectre_mitigation: true,
    internals: Internals::Readable,
    interruption: false,
    epochs: false,
    fuel: None,
    yields: false,
    tail_call: true,
    relaxed_simd: false,
    pool: None,
};

/// All pairs of reservations, with and without a guard.
#[test]
fn reservations_are_compared_as_far_as_code_relies_on_them() {
    for maker in [Maker::Code, Maker::Host, Maker::Other] {
        let subject = Subject { kind: Kind::Narrow, maker, has_maximum: true, grows: false };
        for guard in [0, 32 << 20] {
            for (code, engine, is_met) in [
                (16 * GIB, 4 * GIB, false),
                (4 * GIB + 4096, 4 * GIB, false),
                (4 * GIB, 4 * GIB - 1, false),
                (4 * GIB - 1, 0, true),
                (4 * GIB, 16 * GIB, true),
                (0, 4 * GIB, true),
            ] {
                let code = Settings { reservation: code, guard, ..DEFAULT };
                let engine = Settings { reservation: engine, guard, ..DEFAULT };
                assert_eq!(run(&code, &engine, subject).unwrap(), is_met, "{code:?} {engine:?}");
            }
        }
    }
}

/// Proves that these tests would notice a failure: code that claims to rely on less than it does
/// finds the data of another owner.
#[test]
fn code_that_is_not_refused_though_it_should_be_reaches_its_neighbours() {
    const MARK: [u8; 4] = *b"mine";
    const OFFSET: u64 = 0xfff0_0000;
    let code = Settings { reservation: 16 * GIB, ..DEFAULT };
    let subject =
        Subject { kind: Kind::Narrow, maker: Maker::Code, has_maximum: true, grows: false };
    let mut artifact = code.engine().precompile_module(subject.wat(&code).as_bytes()).unwrap();
    let said = [code.reservation.to_le_bytes(), code.guard.to_le_bytes()].concat();
    let place = artifact.windows(16).position(|bytes| bytes == said).expect("what it relies on");
    artifact[place..][..8].copy_from_slice(&(4 * GIB).to_le_bytes());
    wasm_artifact::__write_checksums(&mut artifact);

    let engine = DEFAULT.engine();
    // SAFETY: outside of its own memory, the code here only reads, and only memory that was located
    // before.
    let module = unsafe { Module::deserialize(&engine, &artifact) }.unwrap();
    // Where memories end up is for the system to say; the more there are, the fewer holes are left
    // for this one.
    let mut neighbours: Vec<_> = (0..64).map(|_| Neighbour::new(&engine, None)).collect();
    let mut trial = Trial::new(subject, &code, &DEFAULT, &engine, &module).unwrap();
    neighbours.extend((0..4).map(|_| Neighbour::new(&engine, None)));
    let base = trial.memory.data_ptr(&trial.store).addr() as u64;
    let found = neighbours.iter_mut().find_map(|neighbour| {
        let distance =
            (neighbour.memory.data_ptr(&neighbour.store).addr() as u64).checked_sub(base);
        let index = u32::try_from(distance?.checked_sub(OFFSET)?).ok()?;
        neighbour.memory.write(&mut neighbour.store, 0, &MARK).unwrap();
        let number = offsets(subject.kind, &code).iter().position(|offset| *offset == OFFSET)?;
        trial.call(&format!("load {number} 8"), &[Val::I32(index as i32)]).ok()
    });
    assert_eq!(found, Some(u32::from_le_bytes(MARK).into()), "no neighbour was near");
}
