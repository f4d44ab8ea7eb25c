//! Handles of items in C: structures of the sizes that the headers declare, which hold the number
//! of a store and the place of an item in a list of that store.
//!
//! So a handle is checked whenever it is used, and one of another store ends the program with a
//! message. Functions, whose handles have room for them, are no list.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::c_void;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_runtime::{Func, Global, Instance, Memory, Table, Tag};

use crate::border::abort;
use crate::store::{Context, ContextMut};

/// The next number of a store; handles that are null have 0 for it.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The number of a new store.
fn next_store() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// `wasmtime_table_t`, `wasmtime_memory_t` and `wasmtime_tag_t`, of which C may not copy the words
/// between the fields.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Handle {
    pub(crate) place: Place,
    unused: u32,
}

/// `wasmtime_global_t`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct GlobalHandle {
    store: u64,
    number: u32,
    unused: [u32; 2],
}

/// Where an item is: the number of its store, and its place in a list there.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Place {
    store: u64,
    number: u32,
}

/// `wasmtime_func_t`: a [`Func`], or null if the store is 0.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct FuncHandle {
    store: u64,
    func: std::mem::MaybeUninit<*mut c_void>,
}

/// `wasmtime_instance_t`: an [`Instance`], or zeros where there is none.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct InstanceHandle([u64; 2]);

const _: () = {
    assert!(size_of::<Handle>() == 24 && size_of::<GlobalHandle>() == 24);
    assert!(size_of::<FuncHandle>() == 16 && size_of::<Func>() == 16);
    assert!(size_of::<InstanceHandle>() == 16 && size_of::<Instance>() == 16);
};

impl FuncHandle {
    pub(crate) const NULL: Self = Self { store: 0, func: std::mem::MaybeUninit::uninit() };

    /// The function; `None` if the handle is null.
    pub(crate) fn func(&self) -> Option<Func> {
        // SAFETY: the handle was made of a function, and so holds the number of its store, which is
        // never 0, and its address. It is only used with that store, which compares the number.
        (self.store != 0).then(|| unsafe { std::mem::transmute::<FuncHandle, Func>(*self) })
    }

    /// What tells functions of a store apart.
    pub(crate) fn address(func: Func) -> u64 {
        // SAFETY: as for making a handle of one; the second word is the function's address.
        unsafe { std::mem::transmute::<Func, [u64; 2]>(func)[1] }
    }

    /// The function of a handle that may not be null.
    pub(crate) fn expect(&self, function: &str) -> Func {
        self.func().unwrap_or_else(|| abort(function, "the handle of the function is null"))
    }
}

impl From<Func> for FuncHandle {
    fn from(func: Func) -> Self {
        // SAFETY: both are two words, the first of which is the number of a store: `Func` is laid
        // out as in C.
        unsafe { std::mem::transmute::<Func, FuncHandle>(func) }
    }
}

impl InstanceHandle {
    /// The instance of a handle that may not be null.
    pub(crate) fn expect(&self, function: &str) -> Instance {
        if self.0 == [0; 2] {
            abort(function, "the handle of the instance is null");
        }
        // SAFETY: the handle was made of an instance: two words without anything between them, one
        // of which is the number of its store, which is never 0.
        unsafe { std::mem::transmute::<[u64; 2], Instance>(self.0) }
    }
}

impl From<Instance> for InstanceHandle {
    fn from(instance: Instance) -> Self {
        // SAFETY: an instance is two words, of which any bits are words.
        Self(unsafe { std::mem::transmute::<Instance, [u64; 2]>(instance) })
    }
}

impl From<Option<Func>> for FuncHandle {
    fn from(func: Option<Func>) -> Self {
        func.map_or(Self::NULL, Self::from)
    }
}

/// The items of one kind that C has handles of, each once.
struct Items<T> {
    items: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Copy + Eq + Hash> Items<T> {
    /// The place of an item, which is added if it is not there.
    fn place(&mut self, item: T) -> usize {
        let items = &mut self.items;
        *self.places.entry(item).or_insert_with(|| {
            items.push(item);
            items.len() - 1
        })
    }
}

/// The place of an item in its list. A store has no 2^32 items: each takes more than a byte.
fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or_else(|_| abort("handle", "a store has more than 2^32 items"))
}

/// The lists of a store.
pub(crate) struct Handles {
    store: u64,
    globals: Items<Global>,
    tables: Items<Table>,
    memories: Items<Memory>,
    /// Tags are compared by their store.
    tags: Vec<Tag>,
}

impl Handles {
    pub(crate) fn new() -> Self {
        Self {
            store: next_store(),
            globals: Items::default(),
            tables: Items::default(),
            memories: Items::default(),
            tags: Vec::new(),
        }
    }

    pub(crate) fn new_global(&mut self, global: Global) -> GlobalHandle {
        let place = self.globals.place(global);
        let Place { store, number } = self.place(place);
        GlobalHandle { store, number, unused: [0; 2] }
    }

    pub(crate) fn new_table(&mut self, table: Table) -> Handle {
        let place = self.tables.place(table);
        self.handle(place)
    }

    pub(crate) fn new_memory(&mut self, memory: Memory) -> Handle {
        let place = self.memories.place(memory);
        self.handle(place)
    }

    /// Where the item is that is at that place of a list.
    pub(crate) fn place(&self, place: usize) -> Place {
        Place { store: self.store, number: number_of(place) }
    }

    /// As [`place`](Self::place), as a handle.
    pub(crate) fn handle(&self, place: usize) -> Handle {
        Handle { place: self.place(place), unused: 0 }
    }

    /// The item of a list that a handle leads to.
    pub(crate) fn find<T: Copy>(&self, items: &[T], what: &str, place: Place) -> T {
        let Place { store, number } = place;
        match items.get(number as usize) {
            Some(item) if store == self.store => *item,
            _ => abort(
                what,
                format!("the handle is of store {store}, and is used with store {}", self.store),
            ),
        }
    }

    pub(crate) fn global(&self, handle: &GlobalHandle) -> Global {
        let GlobalHandle { store, number, .. } = *handle;
        self.find(&self.globals.items, "global", Place { store, number })
    }

    pub(crate) fn table(&self, handle: &Handle) -> Table {
        self.find(&self.tables.items, "table", handle.place)
    }

    pub(crate) fn memory(&self, handle: &Handle) -> Memory {
        self.find(&self.memories.items, "memory", handle.place)
    }

    pub(crate) fn tag(&self, handle: &Handle) -> Tag {
        self.find(&self.tags, "tag", handle.place)
    }
}

/// The handle of a tag.
pub(crate) fn new_tag(mut store: ContextMut<'_>, tag: Tag) -> Handle {
    let known = &store.data().handles.tags;
    let place = known.iter().position(|other| Tag::eq(other, &tag, &store));
    let handles = &mut store.data_mut().handles;
    let place = place.unwrap_or_else(|| {
        handles.tags.push(tag);
        handles.tags.len() - 1
    });
    handles.handle(place)
}

/// The lists of a store that is only read.
pub(crate) fn handles<'a>(store: &Context<'a>) -> &'a Handles {
    &store.data().handles
}
