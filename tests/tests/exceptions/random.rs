//! Random nests of `throw`, `try_table`, `try`, `rethrow` and `delegate`, over several functions of
//! Wasm and of the host, against a model that knows nothing of frames.
//!
//! All that happens is told to the host in order: what the program says, and which functions are
//! entered and left. So is what the model does.

mod model;
mod program;
mod text;

use std::fmt::Write as _;

use proptest::prelude::*;
use wasm_runtime::{
    Caller, Config, Engine, FunctionEvent, Instance, Linker, Module, NamePattern, OptLevel, Store,
    ThrownException,
};

use model::{Event, Outcome};
use program::Program;

/// With what the program is compiled and run.
#[derive(Clone, Copy, Debug, Default)]
struct Setting {
    hooks: bool,
    fuel: bool,
    interruption: bool,
    unoptimized: bool,
}

#[derive(Default)]
struct Data {
    events: Vec<Event>,
    instance: Option<Instance>,
}

const FUEL: u64 = 1_000_000;

fn setting(setting: Setting) -> Engine {
    let mut config = Config::new();
    config.wasm_exceptions(true).wasm_legacy_exceptions(true);
    config.consume_fuel(setting.fuel).epoch_interruption(setting.interruption);
    if setting.unoptimized {
        config.cranelift_opt_level(OptLevel::None);
    }
    if setting.hooks {
        config.function_hooks([NamePattern::new("f*").unwrap()]);
    }
    Engine::new(&config).unwrap()
}

/// Runs the program twice in one store: what happened, how it ended, and the fuel that was used.
fn run(text: &str, setting: &Setting, engine: &Engine) -> Vec<(Vec<Event>, Outcome, u64)> {
    let module = Module::new(engine, text).unwrap();
    let mut linker = Linker::<Data>::new(engine);
    linker
        .func_wrap("host", "say", |mut caller: Caller<'_, Data>, what: i32| {
            caller.data_mut().events.push(Event::Said(what));
        })
        .unwrap();
    let call = |caller: &mut Caller<'_, Data>, func: i32| {
        let instance = caller.data().instance.unwrap();
        let func = instance.get_typed_func::<(), ()>(&mut *caller, &format!("f{func}"))?;
        func.call(&mut *caller, ())
    };
    linker
        .func_wrap("host", "call", move |mut c: Caller<'_, Data>, f: i32| call(&mut c, f))
        .unwrap();
    linker
        .func_wrap("host", "context", move |mut caller: Caller<'_, Data>, func: i32| {
            call(&mut caller, func).map_err(|error| error.context("on the way through the host"))
        })
        .unwrap();
    linker
        .func_wrap("host", "swallow", move |mut caller: Caller<'_, Data>, func: i32| {
            match call(&mut caller, func) {
                Err(error) if !error.is::<ThrownException>() => Err(error),
                _ => Ok(()),
            }
        })
        .unwrap();
    let mut store = Store::new(engine, Data::default());
    if setting.hooks {
        store.function_hook(|mut call| {
            let name = call.display_name().to_string();
            let func = name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
            let event = match call.event() {
                FunctionEvent::Entered => Event::Entered(func),
                FunctionEvent::Returned => Event::Returned(func),
                FunctionEvent::TailCalled => Event::TailCalled(func),
                FunctionEvent::Unwound => Event::Unwound(func),
            };
            call.data_mut().events.push(event);
            Ok(())
        });
    }
    if setting.interruption {
        store.set_epoch_deadline(1000);
    }
    if setting.fuel {
        store.set_fuel(FUEL).unwrap();
    }
    let instance = linker.instantiate(&mut store, &module).unwrap();
    store.data_mut().instance = Some(instance);
    let start = instance.get_typed_func::<(), ()>(&mut store, "f0").unwrap();
    let mut runs = Vec::new();
    for _ in 0..2 {
        if setting.fuel {
            store.set_fuel(FUEL).unwrap();
        }
        let outcome = match start.call(&mut store, ()) {
            Ok(()) => Outcome::Returned,
            Err(error) if error.is::<ThrownException>() => {
                assert!(store.has_pending_exception());
                Outcome::Thrown
            }
            Err(_) => Outcome::Failed,
        };
        let used = if setting.fuel { FUEL - store.get_fuel().unwrap() } else { 0 };
        runs.push((std::mem::take(&mut store.data_mut().events), outcome, used));
    }
    runs
}

fn check(program: &Program) -> Result<(), TestCaseError> {
    let text = text::write(program);
    let mut fuel = Vec::new();
    for number in 0..16_u8 {
        let bit = |place: u8| number & 1 << place != 0;
        let setting =
            Setting { hooks: bit(0), fuel: bit(1), interruption: bit(2), unoptimized: bit(3) };
        let (events, outcome) = model::run(program, setting.hooks);
        for (run, (found, ended, used)) in
            run(&text, &setting, &self::setting(setting)).into_iter().enumerate()
        {
            let mut place = String::new();
            write!(place, "{setting:?}, run {run}, of\n{text}").unwrap();
            prop_assert_eq!(&found, &events, "{}", place);
            prop_assert_eq!(ended, outcome, "{}", place);
            if setting.fuel {
                fuel.push(used);
            }
        }
    }
    prop_assert!(fuel.windows(2).all(|two| two[0] == two[1]), "{:?} for\n{}", fuel, text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn programs_do_what_the_model_does(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&Program::new(&bytes))?;
    }
}
