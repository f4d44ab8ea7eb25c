//! What is tried: a function with something that does not belong to what it is used with, and the
//! required outcome.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::pin::pin;
use std::sync::Once;
use std::task::{Context, Poll, Waker};

use wasm_runtime::{Engine, Result, Store, ValType};

use crate::world::{Data, Handles, Kept, Side, check_store};

/// The relation of the other side to ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Relation {
    /// Another engine.
    OtherEngine,
    /// Another store of the same engine.
    OtherStore,
    /// Another engine, whose store was dropped.
    DroppedStoreOfOtherEngine,
    /// The same engine, and the other store was dropped.
    DroppedStore,
    /// Another engine, which was dropped with everything it had: only handles are left.
    DroppedEngine,
}

impl Relation {
    pub(crate) const ALL: [Relation; 5] = [
        Relation::OtherEngine,
        Relation::OtherStore,
        Relation::DroppedStoreOfOtherEngine,
        Relation::DroppedStore,
        Relation::DroppedEngine,
    ];

    fn is_same_engine(self) -> bool {
        matches!(self, Relation::OtherStore | Relation::DroppedStore)
    }
}

/// The required outcome of a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expect {
    /// An error that says so.
    Error,
    /// A panic that says so, and that is documented.
    Panic,
    /// `None`, an empty list or `false`, as documented.
    Nothing,
}

/// The actual outcome of a try.
#[derive(Debug)]
pub(crate) enum Observed {
    Accepted,
    Error(String),
    Panic(String),
    Nothing,
}

/// Converts what functions return to an actual outcome.
pub(crate) trait Outcome {
    fn observed(self) -> Observed;
}

impl<T, E: Display> Outcome for Result<T, E> {
    fn observed(self) -> Observed {
        match self {
            Ok(_) => Observed::Accepted,
            Err(error) => Observed::Error(format!("{error:#}")),
        }
    }
}

impl<T> Outcome for Option<T> {
    fn observed(self) -> Observed {
        if self.is_some() { Observed::Accepted } else { Observed::Nothing }
    }
}

impl Outcome for bool {
    fn observed(self) -> Observed {
        if self { Observed::Accepted } else { Observed::Nothing }
    }
}

impl Outcome for Observed {
    fn observed(self) -> Observed {
        self
    }
}

/// The outcome of a function that can't fail by what it returns.
pub(crate) fn value<T>(_value: T) -> Observed {
    Observed::Accepted
}

/// What a future returns that has nothing to wait for.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let context = &mut Context::from_waker(Waker::noop());
    match pin!(future).poll(context) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing has to wait"),
    }
}

/// Two sides, and the outcomes of the tries.
pub(crate) struct Tries {
    relation: Relation,
    ours: Side,
    their_handles: Handles,
    their_kept: Option<Kept>,
    their_store: Option<Store<Data>>,
    /// The function that is tried.
    row: &'static str,
    ran: usize,
    /// Whether one of them was to panic.
    panics: bool,
    failures: Vec<String>,
}

impl Tries {
    pub(crate) fn new(
        relation: Relation,
        our_types: usize,
        their_types: usize,
        hooked: bool,
    ) -> Result<Tries> {
        let engine = Engine::default();
        let ours = Side::new(&engine, ValType::I64, our_types, hooked)?;
        let other = if relation.is_same_engine() { engine } else { Engine::default() };
        // Their own type has the same number as ours if as many types came before it.
        let theirs = Side::new(&other, ValType::FUNCREF, their_types, !hooked)?;
        let Side { store, kept, handles, .. } = theirs;
        let is_dropped = !matches!(relation, Relation::OtherEngine | Relation::OtherStore);
        Ok(Tries {
            relation,
            ours,
            their_handles: handles,
            their_kept: (relation != Relation::DroppedEngine).then_some(kept),
            their_store: (!is_dropped).then_some(store),
            row: "",
            ran: 0,
            panics: false,
            failures: Vec::new(),
        })
    }

    /// Tries something with a handle of their store.
    pub(crate) fn handle<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &Handles) -> R,
    ) {
        let observed = attempt(|| run(&mut self.ours, &self.their_handles));
        self.judge(expect, observed);
    }

    /// Tries something that belongs to their engine, which is another one.
    pub(crate) fn engine<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &mut Kept) -> R,
    ) {
        if !self.relation.is_same_engine() {
            self.kept(expect, run);
        }
    }

    /// Tries something that belongs to their engine, which is ours, but that is bound to their
    /// store.
    pub(crate) fn sibling<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &mut Kept) -> R,
    ) {
        if self.relation.is_same_engine() {
            self.kept(expect, run);
        }
    }

    /// Tries something that belongs to their engine, whether that is ours or not.
    pub(crate) fn kept<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &mut Kept) -> R,
    ) {
        if let Some(kept) = &mut self.their_kept {
            let observed = attempt(|| run(&mut self.ours, kept));
            self.judge(expect, observed);
        }
    }

    /// Tries something in their store, which belongs to another engine.
    pub(crate) fn store<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &mut Store<Data>) -> R,
    ) {
        if !self.relation.is_same_engine() {
            self.any_store(expect, |ours, store, _| run(ours, store));
        }
    }

    /// Tries something in their store, which belongs to our engine.
    pub(crate) fn sibling_store<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &mut Store<Data>) -> R,
    ) {
        if self.relation.is_same_engine() {
            self.any_store(expect, |ours, store, _| run(ours, store));
        }
    }

    /// Tries something in their store.
    pub(crate) fn any_store<R: Outcome>(
        &mut self,
        expect: Expect,
        run: impl FnOnce(&mut Side, &mut Store<Data>, &Handles) -> R,
    ) {
        if let Some(store) = &mut self.their_store {
            let observed = attempt(|| run(&mut self.ours, store, &self.their_handles));
            self.judge(expect, observed);
        }
    }

    /// Tries something that needs only our side.
    pub(crate) fn ours<R: Outcome>(&mut self, expect: Expect, run: impl FnOnce(&mut Side) -> R) {
        let observed = attempt(|| run(&mut self.ours));
        self.judge(expect, observed);
    }

    fn judge(&mut self, expect: Expect, observed: Observed) {
        self.ran += 1;
        self.panics |= expect == Expect::Panic;
        let says = |text: &str| {
            ["another store", "another engine", "wrong store", "wrong engine"]
                .iter()
                .any(|it| text.contains(it))
        };
        let is_right = match (expect, &observed) {
            (Expect::Error, Observed::Error(text)) | (Expect::Panic, Observed::Panic(text)) => {
                says(text)
            }
            (Expect::Nothing, Observed::Nothing) => true,
            _ => false,
        };
        if !is_right {
            let Tries { relation, row, ran, .. } = self;
            self.failures.push(format!(
                "{row}, try {ran}, {relation:?}: expected {expect:?}, found {observed:?}"
            ));
        }
    }

    /// Runs the tries of a function. Returns how many there were, and whether one was to panic.
    pub(crate) fn run(&mut self, row: &'static str, tries: fn(&mut Tries)) -> (usize, bool) {
        (self.row, self.ran, self.panics) = (row, 0, false);
        tries(self);
        (self.ran, self.panics)
    }

    /// Returns what went wrong, after checking that both sides still work.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        if !self.failures.is_empty() {
            return Err(self.failures.join("\n"));
        }
        let broken = |error: wasm_runtime::Error| format!("a side is broken: {error:#}");
        self.ours.check().map_err(broken)?;
        if let Some(store) = &mut self.their_store {
            check_store(store, &self.their_handles).map_err(broken)?;
            if let Some(kept) = &self.their_kept {
                kept.pre.instantiate(&mut *store).map_err(broken)?;
                kept.bound_pre.instantiate(&mut *store).map_err(broken)?;
                kept.snapshot.restore(&mut *store).map_err(broken)?;
            }
        }
        Ok(())
    }
}

thread_local! {
    /// Whether a panic of this thread is expected.
    static TRIES: Cell<bool> = const { Cell::new(false) };
}

/// Prints nothing for expected panics: there are thousands.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !TRIES.get() {
                before(info);
            }
        }));
    });
}

/// Runs something that may panic, without printing that. An error is the payload of the panic.
fn catch<R>(run: impl FnOnce() -> R) -> std::thread::Result<R> {
    keep_quiet();
    TRIES.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    TRIES.set(false);
    outcome
}

/// Runs something that may panic; `None` if it did.
pub(crate) fn quietly<R>(run: impl FnOnce() -> R) -> Option<R> {
    catch(run).ok()
}

fn attempt<R: Outcome>(run: impl FnOnce() -> R) -> Observed {
    match catch(|| run().observed()) {
        Ok(observed) => observed,
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            Observed::Panic(
                text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("?").to_string(),
            )
        }
    }
}
