//! Engines with a cache: what was compiled once is loaded from it, and is the same.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;
use wasm_runtime::{
    Cache, CacheConfig, CompileRequest, Compiler, Config, CraneliftCompiler, Engine, Instance,
    Module, OptLevel, Result, Store, Trap, WasmBacktrace, WasmFeatures,
};
use wasm_translate::cranelift_codegen::ir::Function;
use wasm_translate::{PassContext, PassPoint};

/// Has code, a memory with contents that needs no import, a table, and a function that traps.
const WAT: &str = r#"(module $test
    (memory (export "memory") 1)
    (data (i32.const 16) "\2a\00\00\00")
    (table 2 funcref)
    (elem (i32.const 1) $answer)
    (func $answer (result i32) i32.const 16 i32.load)
    (func (export "answer") (result i32) i32.const 1 call_indirect (result i32))
    (func $trap (export "trap") unreachable))"#;

/// A directory for a cache.
struct CacheDir(TempDir);

impl CacheDir {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn open(&self) -> Cache {
        let mut config = CacheConfig::new();
        config.with_directory(self.0.path().join("cache"));
        Cache::new(config).unwrap()
    }

    fn entries(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.0.path().join("cache")).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        paths.filter(|path| path.extension().is_some()).collect()
    }
}

fn caching(cache: &Cache, set: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config::new();
    set(config.cache(Some(cache.clone())));
    Engine::new(&config).unwrap()
}

/// Checks that the module does what [`WAT`] says.
#[track_caller]
fn works(module: &Module) {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let answer = instance.get_typed_func::<(), i32>(&mut store, "answer").unwrap();
    assert_eq!(answer.call(&mut store, ()).unwrap(), 42);
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    memory.data_mut(&mut store)[16] = 7;
    assert_eq!(answer.call(&mut store, ()).unwrap(), 7);
    let trap = instance.get_typed_func::<(), ()>(&mut store, "trap").unwrap();
    let error = trap.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    assert_eq!(backtrace.frames()[0].func_name(), Some("trap"));
    assert!(backtrace.frames()[0].module_offset().is_some());
    assert_eq!(module.name(), Some("test"));
}

/// Returns the cache's hits and misses.
fn counts(cache: &Cache) -> (usize, usize) {
    (cache.cache_hits(), cache.cache_misses())
}

#[test]
fn a_module_is_compiled_once() {
    let dir = CacheDir::new();
    let (cache, compiled) = (dir.open(), Arc::new(AtomicUsize::new(0)));
    let engine = || {
        let compiled = Arc::clone(&compiled);
        let compiler = CraneliftCompiler::new().progress(Arc::new(move |_, _| {
            compiled.fetch_add(1, Ordering::Relaxed);
        }));
        caching(&cache, |config| {
            config.compiler(Arc::new(compiler));
        })
    };
    works(&Module::new(&engine(), WAT).unwrap());
    assert_eq!(counts(&cache), (0, 1));
    let functions = compiled.load(Ordering::Relaxed);
    assert!(functions > 0);
    // The same engine or another one, the same handle to the cache or another one.
    for _ in 0..3 {
        works(&Module::new(&engine(), WAT).unwrap());
    }
    assert_eq!(counts(&cache), (3, 1));
    assert_eq!(compiled.load(Ordering::Relaxed), functions, "nothing was compiled again");
    let other = dir.open();
    let again = caching(&other, |_| {});
    works(&Module::new(&again, WAT).unwrap());
    assert_eq!(counts(&other), (1, 0));
}

#[test]
fn each_way_to_compile_uses_it() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let engine = caching(&cache, |_| {});
    let wasm = wat::parse_str(WAT).unwrap();
    works(&Module::from_binary(&engine, &wasm).unwrap());
    works(&Module::new(&engine, &wasm).unwrap());
    let file = dir.0.path().join("test.wasm");
    fs::write(&file, &wasm).unwrap();
    works(&Module::from_file(&engine, &file).unwrap());
    // SAFETY: the file is no artifact, and is compiled.
    works(&unsafe { Module::from_trusted_file(&engine, &file) }.unwrap());
    assert_eq!(counts(&cache), (3, 1));
    // A caller who requests an artifact gets what the compiler makes; the cache is not used.
    engine.precompile_module(&wasm).unwrap();
    assert_eq!(counts(&cache), (3, 1));
}

#[test]
fn what_comes_from_it_is_the_same() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let engine = caching(&cache, |_| {});
    let fresh = Module::new(&engine, WAT).unwrap();
    let kept = Module::new(&engine, WAT).unwrap();
    assert_eq!(counts(&cache), (1, 1));
    let artifact = engine.precompile_module(WAT.as_bytes()).unwrap();
    assert_eq!(fresh.serialize().unwrap(), artifact);
    assert_eq!(kept.serialize().unwrap(), artifact, "without its authentication");
    assert_eq!(fresh.text(), kept.text());
}

#[test]
fn other_settings_are_another_entry() {
    let dir = CacheDir::new();
    let cache = dir.open();
    type Change = fn(&mut Config);
    let changes: &[Change] = &[
        |_| {},
        |config| {
            config.cranelift_opt_level(OptLevel::None);
        },
        |config| {
            config.cranelift_nan_canonicalization(true);
        },
        |config| {
            config.cranelift_debug_verifier(true);
        },
        |config| {
            config.generate_address_map(false);
        },
        |config| {
            config.memory_reservation(0);
        },
        |config| {
            config.memory_guard_size(1 << 16);
        },
        |config| {
            config.relaxed_simd_deterministic(true);
        },
        |config| {
            config.wasm_simd(false);
        },
        |config| {
            config.target_feature("avx", false).target_feature("avx2", false);
        },
        |config| {
            config.target("x86_64-unknown-linux-gnu").unwrap();
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let fresh = caching(&cache, change);
        Module::new(&fresh, WAT).unwrap();
        assert_eq!(counts(&cache), (index, index + 1), "change {index} is a miss");
        Module::new(&caching(&cache, change), WAT).unwrap();
        assert_eq!(counts(&cache), (index + 1, index + 1), "and a hit afterwards");
    }
    // Settings that do not affect the code.
    let same: &[Change] = &[
        |config| {
            config.parallel_compilation(false);
        },
        |config| {
            config.max_wasm_stack(1 << 21);
        },
        |config| {
            config.wasm_backtrace(false);
        },
    ];
    for change in same {
        let (_, misses) = counts(&cache);
        Module::new(&caching(&cache, change), WAT).unwrap();
        assert_eq!(cache.cache_misses(), misses);
    }
    let (_, misses) = counts(&cache);
    Module::new(&caching(&cache, |_| {}), WAT.replace("\\2a", "\\2b")).unwrap();
    assert_eq!(cache.cache_misses(), misses + 1, "another module");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_machine_is_part_of_the_identity() {
    use std::arch::is_x86_feature_detected as has;
    let compiler = CraneliftCompiler::new();
    let mut request = CompileRequest::new();
    let host = compiler.identity(&request).unwrap();
    for (name, has) in [
        ("sse41", has!("sse4.1")),
        ("popcnt", has!("popcnt")),
        ("avx2", has!("avx2")),
        ("bmi2", has!("bmi2")),
        ("avx512f", has!("avx512f")),
    ] {
        assert!(host.contains(&format!(" has_{name}={has}")), "{name}: {host}");
    }
    assert!(host.contains(env!("CARGO_PKG_VERSION")), "{host}");
    // If a target is named, it determines everything: the compiling machine does not matter.
    request.target = Some("x86_64-unknown-linux-gnu".into());
    assert!(!compiler.identity(&request).unwrap().contains("has_"));
}

/// A compiler that claims to be another one.
#[derive(Debug)]
struct Renamed(Option<&'static str>);

// SAFETY: it is the usual compiler under another name, and its artifacts do not depend on the name.
unsafe impl Compiler for Renamed {
    fn compile(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        CraneliftCompiler::new().compile(wasm, request)
    }

    fn validate(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        CraneliftCompiler::new().validate(wasm, features)
    }

    fn identity(&self, _: &CompileRequest) -> Option<String> {
        self.0.map(str::to_owned)
    }

    fn accepts_text(&self) -> bool {
        true
    }
}

#[test]
fn another_compiler_is_another_entry_or_none() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let compile = |compiler: Arc<dyn Compiler>| {
        let engine = caching(&cache, |config| {
            config.compiler(compiler);
        });
        works(&Module::new(&engine, WAT).unwrap());
        counts(&cache)
    };
    assert_eq!(compile(Arc::new(CraneliftCompiler::new())), (0, 1));
    assert_eq!(compile(Arc::new(Renamed(Some("version 1")))), (0, 2));
    assert_eq!(compile(Arc::new(Renamed(Some("version 2")))), (0, 3));
    assert_eq!(compile(Arc::new(Renamed(Some("version 1")))), (1, 3));
    assert_eq!(compile(Arc::new(Renamed(None))), (1, 3), "the cache is not queried");
    assert_eq!(cache.entries().unwrap().len(), 3);
}

#[test]
fn what_a_pass_of_the_user_made_is_not_kept() {
    let dir = CacheDir::new();
    let cache = dir.open();
    // The pass changes nothing, but the cache cannot know that.
    let pass = |_: &mut Function, _: PassContext<'_>| Ok(());
    let compiler = CraneliftCompiler::new();
    // SAFETY: it changes nothing.
    let compiler = unsafe { compiler.pass(PassPoint::BeforeOptimization, Arc::new(pass)) };
    assert_eq!(compiler.identity(&CompileRequest::new()), None);
    let engine = caching(&cache, |config| {
        config.compiler(Arc::new(compiler));
    });
    for _ in 0..2 {
        works(&Module::new(&engine, WAT).unwrap());
    }
    assert_eq!(counts(&cache), (0, 0));
    assert!(cache.entries().unwrap().is_empty());
}

#[test]
fn a_damaged_entry_is_compiled_again() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let engine = caching(&cache, |_| {});
    works(&Module::new(&engine, WAT).unwrap());
    let [entry] = dir.entries().try_into().unwrap();
    let good = fs::read(&entry).unwrap();
    for at in (0..good.len()).step_by(499) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        fs::write(&entry, bytes).unwrap();
        works(&Module::new(&engine, WAT).unwrap());
        assert_eq!(fs::read(&entry).unwrap(), good, "the good one is there again");
    }
    assert_eq!(cache.cache_hits(), 0);
    assert_eq!(cache.statistics().rejected as usize + 1, cache.cache_misses());
    assert!(cache.last_error().is_some());
    works(&Module::new(&engine, WAT).unwrap());
    assert_eq!(cache.cache_hits(), 1);
}

#[test]
fn what_is_wrong_is_said_and_not_kept() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let with = caching(&cache, |_| {});
    let without = Engine::default();
    for wrong in ["(module (func (result i32)))", "(module", "\0asm\x0d\0\x01\0", "\x7fELF", ""] {
        for _ in 0..2 {
            let error = Module::new(&with, wrong).unwrap_err();
            let expected = Module::new(&without, wrong).unwrap_err();
            assert_eq!(format!("{error:#}"), format!("{expected:#}"));
        }
    }
    let disabled = caching(&cache, |config| {
        config.enable_compiler(false);
    });
    let error = Module::new(&disabled, WAT).unwrap_err();
    assert!(error.to_string().contains("not configured with a compiler"), "{error}");
    assert!(cache.entries().unwrap().is_empty());
}

#[test]
fn a_proposal_that_is_switched_off_is_refused_after_a_hit() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let simd = "(module (func (result v128) v128.const i64x2 0 0))";
    assert!(Module::new(&caching(&cache, |_| {}), simd).is_ok());
    let without = caching(&cache, |config| {
        config.wasm_simd(false).wasm_relaxed_simd(false);
    });
    assert!(Module::new(&without, simd).is_err());
}

#[test]
fn many_threads_compile_the_same_modules() {
    let dir = CacheDir::new();
    let cache = dir.open();
    let engine = caching(&cache, |_| {});
    thread::scope(|scope| {
        for start in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..12 {
                    let number = (start + round) % 3;
                    let wat = WAT.replace("$test", &format!("$test (; {number} ;)"));
                    works(&Module::new(engine, wat).unwrap());
                }
            });
        }
    });
    let statistics = cache.statistics();
    assert_eq!(statistics.hits + statistics.misses, 48);
    assert!(statistics.hits >= 48 - 4 * 3, "{statistics:?}");
    assert_eq!(statistics.rejected, 0);
    assert_eq!(cache.entries().unwrap().len(), 3);
}

#[test]
fn no_cache_is_one_too() {
    let mut config = Config::new();
    config.cache(None);
    works(&Module::new(&Engine::new(&config).unwrap(), WAT).unwrap());
}
