//! Where handles and modules belong.

use wasm_types::Escaped;

use super::{
    BoundFuncs, ExnRefPre, Extern, Global, HostFunc, Instance, Module, Ref, Table, Tag, Val,
};
use crate::gate::{Belongs, Home};

/// For items that belong to the store that the given method returns.
macro_rules! of_a_store {
    ($($ty:ty, $what:literal;)*) => {$(
        impl Belongs for $ty {
            #[inline]
            fn home(&self) -> Home<'_> {
                Home::Store(self.store_id())
            }

            fn what(&self) -> String {
                $what.to_string()
            }
        }
    )*};
}

of_a_store! {
    Table, "the table";
    Global, "the global";
    Instance, "the instance";
    Tag, "the tag";
    ExnRefPre, "the allocator";
    BoundFuncs, "the list of host functions";
}

/// For items that belong to the engine that the given method returns.
macro_rules! of_an_engine {
    ($($ty:ty, $what:literal;)*) => {$(
        impl Belongs for $ty {
            #[inline]
            fn home(&self) -> Home<'_> {
                Home::Engine(self.engine())
            }

            fn what(&self) -> String {
                $what.to_string()
            }
        }
    )*};
}

of_an_engine! {
    HostFunc, "the host function";
}

impl Belongs for Extern {
    #[inline]
    fn home(&self) -> Home<'_> {
        match self {
            Extern::Func(func) => Home::Store(func.store_id()),
            Extern::Global(global) => Home::Store(global.store_id()),
            Extern::Table(table) => Home::Store(table.store_id()),
            Extern::Memory(memory) => Home::Store(memory.store_id()),
            Extern::SharedMemory(memory) => Home::Engine(memory.engine()),
            Extern::Tag(tag) => Home::Store(tag.store_id()),
        }
    }

    fn what(&self) -> String {
        "an item".to_string()
    }
}

impl Belongs for Module {
    #[inline]
    fn home(&self) -> Home<'_> {
        Home::Engine(self.engine())
    }

    fn what(&self) -> String {
        match self.name() {
            Some(name) => format!("the module `{}`", Escaped::new(name)),
            None => "the module".to_string(),
        }
    }
}

impl Belongs for Val {
    #[inline]
    fn home(&self) -> Home<'_> {
        let store = self.ref_().and_then(|reference| reference.store_id());
        store.map_or(Home::Anywhere, Home::Store)
    }

    fn what(&self) -> String {
        "the reference".to_string()
    }
}

impl Belongs for Ref {
    fn home(&self) -> Home<'_> {
        self.store_id().map_or(Home::Anywhere, Home::Store)
    }

    fn what(&self) -> String {
        "the reference".to_string()
    }
}
