//! Runs random programs of continuations, as their model says what they do.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use wasm_runtime::{Caller, Engine, Error, Linker, Module, Store, ThrownException, Trap};

use super::model::{Model, Outcome};
use super::program::{Choices, FUNCTIONS, Program, STEPS};

/// A program, and the calls of its functions with what comes of them.
pub struct Plan {
    text: String,
    waits: bool,
    calls: Vec<Call>,
}

/// What is to be called, and what comes of it.
struct Call {
    name: String,
    acc: i32,
    /// How many calls of the host it may make: one more is never over.
    hosts: usize,
    outcome: Outcome,
}

impl Plan {
    /// What a program does in calls that may wait, or that may not.
    pub fn new(program: &Program, waits: bool, choices: &mut impl Choices) -> Self {
        let mut model = Model::new(program);
        let calls = (0..10).map(|round| {
            let hosts = if waits && round % 3 == 1 { choices.below(4) } else { usize::MAX };
            let (function, acc) = (round % FUNCTIONS, round as i32 * 17);
            let outcome = model.call(function, acc, hosts);
            Call { name: format!("f{function}"), acc, hosts, outcome }
        });
        Self { calls: calls.collect(), text: program.text(), waits }
    }

    /// What comes of the calls.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        self.calls.iter().map(|call| call.outcome)
    }

    /// Runs the program in a store of an engine that allows continuations. The store is made
    /// ready for that by the closure.
    ///
    /// # Panics
    ///
    /// If something else comes of a call.
    pub fn run(&self, engine: &Engine, prepare: impl FnOnce(&mut Store<Polls>)) {
        let Self { text, waits, calls } = self;
        let module = Module::new(engine, text).unwrap_or_else(|e| panic!("{e:?} {text}"));
        let mut store = Store::new(engine, Polls::default());
        prepare(&mut store);
        // Whatever is given up gives its stacks back.
        store.set_max_continuation_stacks(2000);
        let linker = linker(engine, *waits);
        let instance = ready(linker.instantiate_async(&mut store, &module)).unwrap();
        let steps = instance.get_global(&mut store, "steps").unwrap();
        for Call { name, acc, hosts, outcome } in calls {
            steps.set(&mut store, STEPS.into()).unwrap();
            let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
            let found = if *waits {
                *store.data_mut() = Polls { each: *acc as u32 % 3, calls: *hosts };
                let result = {
                    let call = pin!(func.call_async(&mut store, *acc));
                    poll_around(call)
                };
                result.map_or(Outcome::Dropped, |result| outcome_of(&mut store, result))
            } else {
                let result = func.call(&mut store, *acc);
                outcome_of(&mut store, result)
            };
            assert_eq!(found, *outcome, "{name}({acc})");
        }
    }
}

fn outcome_of(store: &mut Store<Polls>, result: Result<i32, Error>) -> Outcome {
    match result {
        Ok(acc) => Outcome::Returned(acc),
        Err(error) if error.is::<ThrownException>() => {
            store.take_pending_exception();
            Outcome::Thrown
        }
        Err(error) if error.downcast_ref() == Some(&Trap::UnhandledTag) => Outcome::Unhandled,
        Err(error) => panic!("{error:?}"),
    }
}

/// How often each call of the host is pending. Those after so many calls are pending forever.
#[derive(Default)]
pub struct Polls {
    each: u32,
    calls: usize,
}

/// Polls a call on this thread and others in turn, until it is over, or waits forever.
fn poll_around(
    call: Pin<&mut (dyn Future<Output = Result<i32, Error>> + Send)>,
) -> Option<Result<i32, Error>> {
    let mut call = call;
    // A call of the host is pending at most twice, and less often than there are steps.
    for turn in 0..3 * STEPS {
        let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let polled = match turn % 8 {
            7 => std::thread::scope(|scope| scope.spawn(poll).join().unwrap()),
            _ => poll(),
        };
        if let Poll::Ready(result) = polled {
            return Some(result);
        }
    }
    None
}

/// What programs call.
fn linker(engine: &Engine, waits: bool) -> Linker<Polls> {
    let mut linker = Linker::new(engine);
    let defined = if waits {
        linker.func_wrap_async("host", "host", |mut caller: Caller<'_, Polls>, (n,): (i32,)| {
            Box::new(async move {
                let polls = caller.data_mut();
                if polls.calls == 0 {
                    std::future::pending::<()>().await;
                }
                polls.calls -= 1;
                After(polls.each).await;
                caller.gc(None)?;
                Ok::<_, Error>(n.wrapping_add(1))
            })
        })
    } else {
        linker.func_wrap("host", "host", |mut caller: Caller<'_, Polls>, n: i32| {
            caller.gc(None)?;
            Ok(n.wrapping_add(1))
        })
    };
    defined.unwrap();
    linker
}

/// Is ready when it was polled so often.
pub struct After(pub u32);

impl Future for After {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls a future until it is ready.
pub fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
