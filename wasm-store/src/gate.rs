//! The gate: what may be used with what.
//!
//! Everything in the API belongs somewhere. Handles (functions, globals, tables, memories,
//! instances, host values, hooks) belong to one store. Types, modules, linkers, snapshots, and what
//! is prepared from them, belong to one engine. They hold numbers of types and addresses, which are
//! meaningless or mean something else in any other store or engine. In another engine, for example,
//! the number of a type is that of another type, and a call by it would forge references.
//!
//! **The rule:** whatever is given to a store, a linker or an engine passes here before anything in
//! it is looked at. What lets things in is a [`Gate`], what is let in [`Belongs`] somewhere, and
//! nothing else compares engines or stores. So everything that a linker names is of the linker's
//! engine, everything that a type is made of is of the type's engine, and everything that a store
//! refers to is the store's own or of its engine.
//!
//! What is refused ends in one of these ways:
//!
//! * Using a handle with a store that is not its own is a panic, as in Wasmtime
//!   ([`StoreId::assert_is`]). This check is made in each call, and is one comparison of integers.
//! * Where Wasmtime documents a panic for types or linkers of another engine, there is that panic
//!   ([`Gate::demand`]).
//! * Everywhere else it is an error ([`Gate::admit`]), or `None` where the documentation says so.
//!
//! A test of the workspace (`belonging`) has a table of all public functions that take such things,
//! and tries each of them with everything that is wrong. It compares the table with the sources, so
//! that the table stays complete.

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::id::StoreId;

/// Where something belongs.
#[derive(Clone, Copy)]
pub(crate) enum Home<'a> {
    /// Nowhere: numbers, nulls, and types that mean the same everywhere.
    Anywhere,
    /// To an engine.
    Engine(&'a Engine),
    /// To a store.
    Store(StoreId),
}

/// Something that belongs somewhere.
pub(crate) trait Belongs {
    /// Where it belongs.
    fn home(&self) -> Home<'_>;

    /// Its name in messages: `the module`.
    fn what(&self) -> String;
}

/// Something that lets in only what belongs there.
pub(crate) trait Gate {
    /// Its name in messages.
    const NAME: &'static str;

    /// The engine whose things it lets in.
    fn engine_inside(&self) -> &Engine;

    /// The store whose things it lets in. Without one, nothing of a store enters.
    fn store_inside(&self) -> Option<StoreId>;

    /// Whether something belongs here.
    #[inline]
    fn admits(&self, thing: &(impl Belongs + ?Sized)) -> bool {
        match thing.home() {
            Home::Anywhere => true,
            Home::Engine(engine) => Engine::same(engine, self.engine_inside()),
            Home::Store(store) => self.store_inside() == Some(store),
        }
    }

    /// Checks that something belongs here.
    ///
    /// # Errors
    ///
    /// If it does not.
    #[inline]
    fn admit(&self, thing: &(impl Belongs + ?Sized)) -> Result<()> {
        if self.admits(thing) { Ok(()) } else { Err(refusal(thing, Self::NAME)) }
    }

    /// Checks that something belongs here, for functions that can't fail or whose panic is
    /// documented.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[inline]
    fn demand(&self, thing: &(impl Belongs + ?Sized)) {
        if !self.admits(thing) {
            refuse(thing, Self::NAME);
        }
    }
}

#[cold]
#[inline(never)]
fn refusal(thing: &(impl Belongs + ?Sized), gate: &str) -> Error {
    refusal_of(&thing.what(), matches!(thing.home(), Home::Store(_)), gate)
}

/// The same for whatever it is.
#[cold]
fn refusal_of(what: &str, is_of_store: bool, gate: &str) -> Error {
    if is_of_store {
        crate::format_err!(
            "cross-`Store` use is not supported: {what} is of the wrong store; make it in the store that it is \
             used with"
        )
    } else {
        crate::format_err!(
            "cross-`Engine` use is not supported: {what} is of the wrong engine, another one than that of the \
             {gate}; make both with one `Engine`, or clones of it"
        )
    }
}

#[cold]
#[inline(never)]
fn refuse(thing: &(impl Belongs + ?Sized), gate: &str) -> ! {
    panic!("{}", refusal(thing, gate))
}

impl Gate for Engine {
    const NAME: &'static str = "engine it is used with";

    fn engine_inside(&self) -> &Engine {
        self
    }

    fn store_inside(&self) -> Option<StoreId> {
        None
    }
}
