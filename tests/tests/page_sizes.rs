//! Memories whose pages are of one byte: they end exactly where they say, for every access, at
//! every distance from the end, with all settings that change how bounds are checked.

use proptest::prelude::*;
use wasm_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use wasm_runtime::{
    Config, Engine, Extern, Instance, Linker, Memory, MemoryType, Module, OptLevel, Result, Store,
    StoreLimits, StoreLimitsBuilder, Trap, Val,
};
use wasm_tests::Pipeline;

/// Loads and stores: the operator, how many bytes it accesses, and whether it is a store.
const ACCESSES: [(&str, u64, bool); 22] = [
    ("i32.load8_u", 1, false),
    ("i32.load8_s", 1, false),
    ("i32.load16_u", 2, false),
    ("i32.load", 4, false),
    ("i64.load8_u", 1, false),
    ("i64.load16_s", 2, false),
    ("i64.load32_u", 4, false),
    ("i64.load", 8, false),
    ("f32.load", 4, false),
    ("f64.load", 8, false),
    ("v128.load", 16, false),
    ("v128.load32x2_s", 8, false),
    ("v128.load8_splat", 1, false),
    ("i32.store8", 1, true),
    ("i32.store16", 2, true),
    ("i32.store", 4, true),
    ("i64.store8", 1, true),
    ("i64.store32", 4, true),
    ("i64.store", 8, true),
    ("f32.store", 4, true),
    ("f64.store", 8, true),
    ("v128.store", 16, true),
];

/// Sizes around those of pages of the machine and of ordinary pages.
const SIZES: [u64; 13] = [0, 1, 7, 8, 15, 16, 17, 100, 4095, 4096, 4097, 65535, 65537];

/// How far from the end accesses begin, at most.
const NEAR: i64 = 20;

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_custom_page_sizes(true).cranelift_debug_verifier(true);
    config
}

/// Settings that change how bounds are checked.
fn configs() -> Vec<Config> {
    let mut all = Vec::new();
    for (reservation, guard) in [(4 << 30, 32 << 20), (4 << 30, 0), (1 << 20, 64 << 10), (0, 0)] {
        for spectre in [false, true] {
            let mut config = config();
            config.memory_reservation(reservation).memory_guard_size(guard);
            config.tunables_mut().spectre_mitigation = spectre;
            config.cranelift_opt_level(if spectre { OptLevel::Speed } else { OptLevel::None });
            all.push(config);
        }
    }
    all
}

/// A function for each access, with each of the offsets, of a memory of the size.
fn module(size: u64, is_64: bool, offsets: &[u64]) -> String {
    let index = if is_64 { "i64" } else { "i32" };
    let mut functions = String::new();
    for (operator, _, is_store) in ACCESSES {
        let (ty, _) = operator.split_once('.').expect("a type and what is done");
        let value = match ty {
            "v128" => "(v128.const i64x2 -1 -1)".to_owned(),
            "i32" | "i64" => format!("({ty}.const -1)"),
            _ => format!("({ty}.const nan:0x3fffff)"),
        };
        for offset in offsets {
            let body = match is_store {
                true => format!("({operator} offset={offset} (local.get 0) {value})"),
                false => format!("(drop ({operator} offset={offset} (local.get 0)))"),
            };
            functions.push_str(&format!(
                "(func (export \"{operator} {offset}\") (param {index}) {body})\n"
            ));
        }
    }
    let memory = if is_64 { "i64 " } else { "" };
    format!("(module (memory (export \"memory\") {memory}{size} (pagesize 1)) {functions})")
}

fn index(is_64: bool, address: u64) -> Val {
    if is_64 { Val::I64(address as i64) } else { Val::I32(address as i32) }
}

/// Whether a call ended; the only other way is a trap because of bounds.
#[track_caller]
fn in_bounds(result: Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{error:?}");
            false
        }
    }
}

#[test]
fn accesses_are_within_the_memory_to_the_byte() -> Result<()> {
    let offsets = [0, 1, 4090];
    for (number, config) in configs().iter().enumerate() {
        let engine = Engine::new(config)?;
        for is_64 in [false, true] {
            for size in SIZES {
                let text = module(size, is_64, &offsets);
                let module = Pipeline::ALL[number % 2].module(&engine, text.as_bytes())?;
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[])?;
                let memory = instance.get_memory(&mut store, "memory").expect("an export");
                for (operator, width, is_store) in ACCESSES {
                    for offset in offsets {
                        let name = format!("{operator} {offset}");
                        let access = instance.get_func(&mut store, &name).expect("an export");
                        for distance in -NEAR..=NEAR {
                            let Some(start) = size.checked_add_signed(distance) else { continue };
                            let Some(address) = start.checked_sub(offset) else { continue };
                            let what = format!("{name} at {address} of {size} ({number}, {is_64})");
                            let edge = size.saturating_sub(64) as usize;
                            memory.data_mut(&mut store)[edge..].fill(0);
                            let ended = access.call(&mut store, &[index(is_64, address)], &mut []);
                            let ended = in_bounds(ended);
                            assert_eq!(ended, start + width <= size, "{what}");
                            let data = &memory.data(&store)[edge..];
                            let written = data.iter().filter(|byte| **byte != 0).count() as u64;
                            // Some bytes of a float may be zero.
                            let least = if operator.starts_with('f') { 1 } else { width };
                            match ended && is_store {
                                true => assert!((least..=width).contains(&written), "{what}"),
                                false => assert_eq!(written, 0, "{what}"),
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn addresses_far_away_are_out_of_bounds() -> Result<()> {
    let offsets = [0, 0xffff_ffff];
    for config in configs() {
        let engine = Engine::new(&config)?;
        for is_64 in [false, true] {
            let module = Module::new(&engine, module(100, is_64, &offsets))?;
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            let ends = if is_64 { [u64::MAX, 1 << 63] } else { [u32::MAX.into(), 1 << 31] };
            for (operator, ..) in ACCESSES {
                for offset in offsets {
                    let name = format!("{operator} {offset}");
                    let access = instance.get_func(&mut store, &name).expect("an export");
                    for address in ends.into_iter().flat_map(|end| (0..20).map(move |n| end - n)) {
                        let result = access.call(&mut store, &[index(is_64, address)], &mut []);
                        assert!(!in_bounds(result), "{name} at {address:#x}");
                    }
                }
            }
        }
    }
    Ok(())
}

const BULK: &str = r#"(module
    (memory $m (export "memory") 100 (pagesize 1))
    (memory $other 1)
    (data $text "0123456789")
    (func (export "fill") (param i32 i32) (memory.fill $m (local.get 0) (i32.const 1) (local.get 1)))
    (func (export "fill eight") (param i32 i32) (memory.fill $m (local.get 0) (i32.const 1) (i32.const 8)))
    (func (export "copy from") (param i32 i32)
        (memory.copy $other $m (i32.const 0) (local.get 0) (local.get 1)))
    (func (export "copy to") (param i32 i32)
        (memory.copy $m $other (local.get 0) (i32.const 0) (local.get 1)))
    (func (export "copy eight") (param i32 i32)
        (memory.copy $m $other (local.get 0) (i32.const 0) (i32.const 8)))
    (func (export "copy within") (param i32 i32)
        (memory.copy $m $m (local.get 0) (i32.const 0) (local.get 1)))
    (func (export "init") (param i32 i32)
        (memory.init $m $text (local.get 0) (i32.const 0) (local.get 1))))"#;

#[test]
fn bulk_operations_are_within_the_memory_to_the_byte() -> Result<()> {
    for config in configs() {
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, BULK)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        for (name, fixed) in [
            ("fill", None),
            ("fill eight", Some(8)),
            ("copy from", None),
            ("copy to", None),
            ("copy eight", Some(8)),
            ("copy within", None),
            ("init", None),
        ] {
            let operation = instance.get_typed_func::<(i32, i32), ()>(&mut store, name)?;
            for start in 85..=101 {
                for len in 0..=10 {
                    let end = start + fixed.unwrap_or(len);
                    let ended = in_bounds(operation.call(&mut store, (start, len)));
                    assert_eq!(ended, end <= 100, "{name}: {len} bytes at {start}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn segments_fit_to_the_byte() -> Result<()> {
    let engine = Engine::new(&config())?;
    for (place, fits) in [(0, true), (97, true), (98, false), (100, false), (-1, false)] {
        for pipeline in Pipeline::ALL {
            let text = format!(
                r#"(module (memory (export "memory") 100 (pagesize 1))
                    (data (i32.const 1) "x") (data (i32.const {place}) "abc"))"#
            );
            let module = pipeline.module(&engine, text.as_bytes())?;
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]);
            let Ok(instance) = instance else {
                assert!(!fits, "{place}");
                continue;
            };
            assert!(fits, "{place}");
            let memory = instance.get_memory(&mut store, "memory").expect("an export");
            assert_eq!(&memory.data(&store)[place as usize..][..3], b"abc");
        }
    }
    Ok(())
}

#[test]
fn sizes_are_in_pages_of_the_memory() -> Result<()> {
    let engine = Engine::new(&config())?;
    let mut store = Store::new(&engine, ());
    let ty = MemoryType::builder().min(3).max(Some(10)).page_size_log2(0).build()?;
    assert_eq!(ty.to_string(), "(memory 3 10 (pagesize 1))");
    let memory = Memory::new(&mut store, ty)?;
    assert_eq!((memory.page_size(&store), memory.page_size_log2(&store)), (1, 0));
    assert_eq!((memory.size(&store), memory.data_size(&store)), (3, 3));
    assert_eq!(memory.grow(&mut store, 5)?, 3);
    assert_eq!((memory.size(&store), memory.data(&store).len()), (8, 8));
    assert!(memory.grow(&mut store, 3).is_err());
    assert!(memory.write(&mut store, 7, &[1]).is_ok());
    assert!(memory.write(&mut store, 7, &[1, 2]).is_err());
    assert_eq!(memory.ty(&store).minimum(), 8);
    Ok(())
}

#[test]
fn a_memory_can_have_all_bytes_but_one_that_addresses_reach() -> Result<()> {
    const MOST: u64 = u32::MAX as u64;
    let engine = Engine::new(config().memory_reservation_for_growth(0))?;
    let mut store = Store::new(&engine, ());
    let text = r#"(module (memory (export "memory") 0 (pagesize 1))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "size") (result i32) (memory.size))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
    let load = instance.get_typed_func::<i32, i32>(&mut store, "load")?;
    assert_eq!(grow.call(&mut store, -1)?, 0);
    assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "size")?.call(&mut store, ())?, -1);
    assert_eq!(load.call(&mut store, -2)?, 0);
    assert!(load.call(&mut store, -1).is_err());
    assert_eq!(grow.call(&mut store, 1)?, -1);
    let memory = instance.get_memory(&mut store, "memory").expect("an export");
    assert_eq!(memory.size(&store), MOST);
    let error = format!("{:#}", memory.grow(&mut store, 1).unwrap_err());
    assert!(error.contains(&MOST.to_string()), "{error}");
    Ok(())
}

/// What an instance left is taken over by the next one of its module.
#[test]
fn a_memory_that_is_used_again_begins_anew() -> Result<()> {
    for mut config in configs() {
        let engine = Engine::new(config.memory_reservation_for_growth(1 << 20))?;
        let text = r#"(module (memory (export "memory") 100 (pagesize 1))
            (data (i32.const 97) "abc")
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "fill") (param i32)
                (memory.fill (i32.const 0) (i32.const 7) (local.get 0))))"#;
        let module = Module::new(&engine, text)?;
        for delta in [0, 1, 3996, 3997, 9000, 3996] {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            let memory = instance.get_memory(&mut store, "memory").expect("an export");
            let mut expected = vec![0; 100];
            expected[97..].copy_from_slice(b"abc");
            assert!(memory.data(&store) == expected, "before it grows by {delta}");
            instance.get_typed_func::<i32, i32>(&mut store, "grow")?.call(&mut store, delta)?;
            expected.resize(100 + delta as usize, 0);
            assert!(memory.data(&store) == expected, "after it grew by {delta}");
            let fill = instance.get_typed_func::<i32, ()>(&mut store, "fill")?;
            fill.call(&mut store, 100 + delta)?;
        }
    }
    Ok(())
}

#[test]
fn limits_are_in_bytes_whatever_pages_are() -> Result<()> {
    let engine = Engine::new(&config())?;
    let limits = StoreLimitsBuilder::new().memory_size(1000).build();
    let mut store: Store<StoreLimits> = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let ty = MemoryType::builder().min(1).page_size_log2(0).build()?;
    let memory = Memory::new(&mut store, ty)?;
    assert_eq!(memory.grow(&mut store, 999)?, 1);
    assert!(memory.grow(&mut store, 1).is_err());
    let ty = MemoryType::builder().min(1001).page_size_log2(0).build()?;
    assert!(Memory::new(&mut store, ty).is_err());
    Ok(())
}

#[test]
fn imports_have_the_page_size_that_is_wanted() -> Result<()> {
    let engine = Engine::new(&config())?;
    let mut store = Store::new(&engine, ());
    let memories = [0, 16].map(|log2| {
        let ty = MemoryType::builder().min(65536).page_size_log2(log2).build();
        let ty = if log2 == 16 { Ok(MemoryType::new(1, None)) } else { ty };
        Memory::new(&mut store, ty.expect("a memory type")).expect("a memory")
    });
    for (wanted, page) in [(0, "(pagesize 1)"), (1, "(pagesize 65536)"), (1, "")] {
        for (given, memory) in memories.iter().enumerate() {
            let text = format!(
                r#"(module (import "m" "m" (memory 1 {page}))
                    (func (export "size") (result i32) (memory.size)))"#
            );
            let module = Module::new(&engine, text)?;
            let mut linker = Linker::new(&engine);
            linker.define(&mut store, "m", "m", Extern::Memory(*memory))?;
            match linker.instantiate(&mut store, &module) {
                Ok(instance) => {
                    assert_eq!(given, wanted);
                    let size = instance.get_typed_func::<(), i32>(&mut store, "size")?;
                    let expected = memory.size(&store) as i32;
                    assert_eq!(size.call(&mut store, ())?, expected);
                }
                Err(error) => {
                    assert_ne!(given, wanted, "{error:?}");
                    let text = format!("{error:#}");
                    assert!(text.contains("their pages are of different sizes"), "{text}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn wasi_calls_are_within_the_memory_to_the_byte() -> Result<()> {
    /// `EFAULT` of WASI.
    const FAULT: i32 = 21;
    let engine = Engine::new(&config())?;
    let text = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 4100 (pagesize 1))
        (func (export "random") (param i32 i32) (result i32)
            (call $random (local.get 0) (local.get 1))))"#;
    let module = Module::new(&engine, text)?;
    let mut linker = Linker::new(&engine);
    wasm_runtime::wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
    let instance = linker.instantiate(&mut store, &module)?;
    let random = instance.get_typed_func::<(i32, i32), i32>(&mut store, "random")?;
    for (start, len) in
        [(4092, 8), (4092, 9), (4099, 1), (4100, 1), (4097, 4), (0, 4100), (0, 4101)]
    {
        let expected = if start + len <= 4100 { 0 } else { FAULT };
        assert_eq!(random.call(&mut store, (start, len))?, expected, "{len} bytes at {start}");
    }
    Ok(())
}

#[test]
fn without_the_proposal_such_a_module_is_refused_by_name() {
    let text = "(module (memory 1 (pagesize 1)))";
    let error = Module::new(&Engine::default(), text).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("custom-page-sizes proposal"), "{text}");
    assert!(text.contains("which is switched off"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// What a memory grows by is zero, and what it held stays, however it grows: in place, or by
    /// moving.
    #[test]
    fn growing_adds_zeros(
        number in 0..8_usize,
        steps in proptest::collection::vec((0..9000_u32, any::<u8>()), 1..12),
    ) {
        let mut config = configs().swap_remove(number);
        config.memory_reservation_for_growth(if number % 2 == 0 { 0 } else { 1 << 20 });
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        let text = r#"(module (memory (export "memory") 0 (pagesize 1))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "fill") (param i32 i32)
                (memory.fill (i32.const 0) (local.get 1) (local.get 0))))"#;
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
        let fill = instance.get_typed_func::<(i32, i32), ()>(&mut store, "fill").unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let mut model: Vec<u8> = Vec::new();
        for (delta, value) in steps {
            let old = grow.call(&mut store, delta as i32).unwrap();
            prop_assert_eq!(old as usize, model.len());
            model.resize(model.len() + delta as usize, 0);
            prop_assert!(memory.data(&store) == model);
            fill.call(&mut store, (model.len() as i32, value.into())).unwrap();
            model.fill(value);
            prop_assert!(memory.data(&store) == model);
        }
    }
}
