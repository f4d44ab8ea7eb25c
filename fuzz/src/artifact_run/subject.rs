//! Artifacts that use everything there is, and the outcome of running them.

#![allow(unsafe_code)]

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_artifact::Artifact;
use wasm_runtime::rewrite::{PreinitializeOptions, preinitialize};
use wasm_runtime::{Caller, Config, Engine, Linker, Module, Snapshot, Store, Trap, Val};

/// An artifact, and what it does.
pub(super) struct Subject {
    engine: Engine,
    linker: Linker<u32>,
    pub(super) artifact: Vec<u8>,
    pub(super) expected: Vec<Outcome>,
    pub(super) text: Range<usize>,
    /// The initial contents of memories: data of the guest, with no checksum.
    pub(super) images: Range<usize>,
    /// The tables that say where the initial contents are.
    pub(super) image_tables: Range<usize>,
    pub(super) directory: Range<usize>,
    pub(super) entry_size: usize,
    calls: Vec<(String, Vec<Val>)>,
}

/// The outcome of a step.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Outcome {
    Returned(Vec<String>),
    Trapped(Trap),
    /// An error that is not a trap of the guest.
    Refused(String),
}

/// What is called of the subject that is about objects and exceptions.
const OBJECT_CALLS: &[(&str, &[i32])] = &[
    ("chain", &[50]),
    ("bytes", &[1]),
    ("bytes", &[3]),
    ("work", &[4]),
    ("table", &[0]),
    ("table", &[1]),
    ("table", &[2]),
    ("any", &[2]),
    ("number", &[]),
    ("kept", &[3, 1]),
    ("kept", &[3, 2]),
    ("kept", &[4, 0]),
    ("test", &[1]),
    ("cast", &[2]),
    ("vector", &[-9]),
    ("caught", &[7]),
    ("caught", &[0]),
    ("thrown", &[0]),
    ("thrown", &[1]),
    ("replace", &[9]),
    ("replace", &[11]),
    ("bytes", &[8]),
    ("work", &[21]),
    ("chain", &[3000]),
];

/// The subjects.
pub(super) fn all() -> Vec<Subject> {
    let mut config = Config::new();
    config.parallel_compilation(false).max_wasm_stack(64 << 10).wasm_exceptions(true);
    // Otherwise reserving address space would take most of the time, and it is not what is tested
    // here.
    config.memory_reservation(1 << 20).memory_guard_size(1 << 16);
    let engine = Engine::new(&config).expect("the settings are valid");
    let everything = include_str!("everything.wat");
    let functions: String = (0..900)
        .map(|i| {
            format!(
                "(func $f{i} (export \"f{i}\") (param i32) (result i32) \
                 (i32.div_u (i32.const {i}) (local.get 0)))"
            )
        })
        .collect();
    let elements: String = (0..900).map(|i| format!(" $f{}", i * 7 % 900)).collect();
    let many = format!(
        "(module $many (type $t (func (param i32) (result i32))) {functions} \
         (table 900 funcref) (elem (i32.const 0) {elements}) \
         (func (export \"through\") (param i32 i32) (result i32) \
         (call_indirect (type $t) (local.get 0) (local.get 1))))"
    );
    let calls: &[(&str, &[i32])] = &[
        ("arithmetic", &[5]),
        ("global", &[]),
        ("through", &[0]),
        ("through", &[2]),
        ("through", &[3]),
        ("through", &[99]),
        ("host", &[7]),
        ("host_reference", &[7]),
        ("passive", &[]),
        ("elements", &[]),
        ("divide", &[3]),
        ("divide", &[0]),
        ("unreachable", &[]),
        ("load", &[0]),
        ("load", &[-1]),
        ("deep", &[]),
        ("branch", &[3]),
        ("reference", &[]),
        ("grow", &[]),
        ("several", &[2]),
        ("inner", &[1]),
    ];
    let many_calls: Vec<(String, Vec<i32>)> = (0..24)
        .map(|i| (format!("f{}", i * 37), vec![i % 3]))
        .chain((0..24).map(|i| ("through".to_owned(), vec![i % 4, i * 41])))
        .collect();
    let many_calls: Vec<_> =
        many_calls.iter().map(|(name, args)| (name.as_str(), args.as_slice())).collect();
    let images = include_str!("images.wat");
    let image_calls: &[(&str, &[i32])] = &[
        ("sizes", &[]),
        ("wide", &[]),
        ("long", &[]),
        ("small", &[4090]),
        ("small", &[65529]),
        ("edge", &[327_679]),
        ("edge", &[327_680]),
        ("change", &[77]),
        ("wide", &[]),
        ("long", &[]),
        ("grow", &[1]),
        ("edge", &[327_680]),
        ("small", &[8192]),
        ("sizes", &[]),
    ];
    let mut subjects = vec![
        Subject::new(&engine, &parse(everything), calls),
        Subject::new(&engine, &parse(&many), &many_calls),
        Subject::new(&engine, &parse(include_str!("objects.wat")), OBJECT_CALLS),
    ];
    let mut whole = Config::new();
    whole.parallel_compilation(false).max_wasm_stack(64 << 10);
    // One engine checks accesses to memories explicitly, and maps exactly their size. The other
    // does not.
    for engine in [engine, Engine::new(&whole).expect("the settings are valid")] {
        let images = parse(images);
        let subject = Subject::new(&engine, &images, image_calls);
        let changed = subject.changed(&images);
        subjects.extend([Subject::new(&engine, &changed, image_calls), subject]);
    }
    subjects
}

fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is right")
}

impl Outcome {
    /// Whether this may be the outcome instead of another, if only the initial contents of memories
    /// differ.
    pub(super) fn has_shape_of(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Returned(found), Outcome::Returned(expected)) => {
                found.len() == expected.len()
            }
            (found, expected) => found == expected,
        }
    }
}

impl Subject {
    fn new(engine: &Engine, wasm: &[u8], calls: &[(&str, &[i32])]) -> Self {
        let artifact = engine.precompile_module(wasm).expect("it is valid");
        let parsed = Artifact::parse(&artifact).expect("it has just been written");
        let find = |name: &str| {
            let section = parsed.sections().find(|section| section.name == name);
            section.map_or(0..0, |s| s.offset as usize..(s.offset + s.len) as usize)
        };
        // The directory ends where the first table begins. Its entries are 24 bytes long.
        let entry_size = 24;
        let first = parsed.sections().next().expect("there are tables").offset as usize;
        let mut linker = Linker::new(engine);
        linker
            .func_wrap("host", "add", |mut caller: Caller<'_, u32>, x: i32| -> i32 {
                *caller.data_mut() += 1;
                x + 1
            })
            .expect("it is defined once");
        let mut subject = Self {
            engine: engine.clone(),
            linker,
            text: text(&artifact).expect("it has just been written"),
            images: find(".wasm.images"),
            image_tables: find(".wasm.memory_images"),
            directory: first - entry_size * parsed.sections().count()..first,
            entry_size,
            calls: calls
                .iter()
                .map(|(name, args)| {
                    ((*name).to_owned(), args.iter().map(|x| Val::I32(*x)).collect())
                })
                .collect(),
            expected: Vec::new(),
            artifact,
        };
        subject.expected = subject.run(&subject.artifact, false);
        let fails = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
        assert!(!subject.expected.iter().any(fails), "{:?}", subject.expected);
        subject
    }

    /// The module in the state that an instance of it has after running.
    fn changed(&self, wasm: &[u8]) -> Vec<u8> {
        let mut store = Store::new(&self.engine, 0);
        let module = Module::new(&self.engine, wasm).expect("it is valid");
        let instance = self.linker.instantiate(&mut store, &module).expect("it has its imports");
        for (name, args) in [("change", vec![Val::I32(5)]), ("grow", vec![Val::I32(1)])] {
            let func = instance.get_func(&mut store, name).expect("it is there");
            let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
            func.call(&mut store, &args, &mut results).expect("it returns");
        }
        let snapshot = Snapshot::of_store(&mut store).expect("nothing runs");
        let state = snapshot.state(instance).expect("it can be described");
        preinitialize(wasm, &state, &PreinitializeOptions::default()).expect("it fits").wasm
    }

    /// Loads from bytes or from a file, instantiates and calls, as far as it gets.
    pub(super) fn run(&self, bytes: &[u8], from_file: bool) -> Vec<Outcome> {
        // SAFETY: the code is what the compiler made. Everything else about it is checked, which is
        // what this tests. Nobody changes the file.
        let module = match unsafe {
            if from_file {
                let file = NewFile::new(bytes);
                Module::deserialize_file(&self.engine, &file.0)
            } else {
                Module::deserialize(&self.engine, bytes)
            }
        } {
            Ok(module) => module,
            Err(error) => return vec![refused(&error)],
        };
        let mut store = Store::new(&self.engine, 0);
        let instance = match self.linker.instantiate(&mut store, &module) {
            Ok(instance) => instance,
            Err(error) => return vec![refused(&error)],
        };
        let call = |(name, args): &(String, Vec<Val>)| {
            let Some(func) = instance.get_func(&mut store, name) else {
                return Outcome::Refused("there is no such export".to_owned());
            };
            let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
            match func.call(&mut store, args, &mut results) {
                Ok(()) => Outcome::Returned(results.iter().map(show).collect()),
                Err(error) => match error.downcast_ref::<Trap>() {
                    // A damaged table may lose the names of a backtrace, but not the trap.
                    Some(trap) => Outcome::Trapped(*trap),
                    None => refused(&error),
                },
            }
        };
        self.calls.iter().map(call).collect()
    }
}

/// A temporary file.
struct NewFile(PathBuf);

impl NewFile {
    fn new(bytes: &[u8]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("damaged-{}-{number}.cwasm", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).expect("there is a place for temporary files");
        Self(path)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where the machine code is, if the header is not damaged.
pub(super) fn text(artifact: &[u8]) -> Option<Range<usize>> {
    let artifact = Artifact::parse(artifact).ok()?;
    let start = artifact.text_file_offset() as usize;
    Some(start..start + artifact.text().len())
}

fn refused(error: &wasm_runtime::Error) -> Outcome {
    Outcome::Refused(format!("{error:#}"))
}

fn show(value: &Val) -> String {
    match value {
        Val::FuncRef(func) => format!("function, null: {}", func.is_none()),
        other => format!("{other:?}"),
    }
}
