//! Which hooks observe which calls: querying filters, and binding host functions accordingly.
//!
//! If all hooks observe all calls in one direction, no filter is queried. Otherwise an import is
//! bound to the shims that notify hooks if a filter lets it through, and the set of hooks is
//! recorded for it. For references to host functions, and for functions that the host calls,
//! filters are queried at the first call.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::NonNull;
use std::sync::Arc;

use wasm_hooks::{CallDirection, CallTarget};

use super::Binding;
use crate::items::{BoundSet, Definition, HostFunc};
use crate::store::{Kept, StoreInner};
use crate::vm::{FuncRef, HostDef, HostImport, HostRecord, VmInstance, rebind};

/// The number of a list of hooks that are notified together.
pub(super) type Set = usize;

/// No hook.
pub(super) const NO_HOOKS: Set = 0;
/// All hooks that may observe calls to Wasm.
const TO_WASM: Set = 1;
/// All hooks that may observe calls to the host.
const TO_HOST: Set = 2;

/// Hashes an address. The low bits of addresses are all the same; the high bits of a product depend
/// on all others.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

type ByAddress<V> = HashMap<usize, V, BuildHasherDefault<AddressHasher>>;

/// Which hooks observe which calls.
#[derive(Default)]
pub(super) struct Selection {
    /// The lists of hooks that are notified together, each in order, as positions in the store's
    /// list.
    sets: Vec<Box<[usize]>>,
    /// Whether filters decide about single calls to Wasm.
    filters_wasm: bool,
    /// Whether filters decide about single calls to the host.
    filters_host: bool,
    /// Whether only one hook may observe calls to the host. Then it observes every call by a shim
    /// that notifies hooks.
    one_for_host: bool,
    /// The sets by the record of an import.
    imports: ByAddress<Set>,
    /// The sets by the record of a reference to a host function.
    references: ByAddress<Set>,
    /// The sets by the function that the host calls.
    funcs: ByAddress<Set>,
    /// The host functions that the store keeps, by their data.
    host_funcs: ByAddress<Found>,
    /// How many of the things that the store keeps alive have been searched for host functions.
    kept: usize,
    /// How many instances have been bound.
    instances: usize,
}

/// A host function that the store keeps.
enum Found {
    Alone(HostFunc),
    /// One of several, by its place.
    InSet(Arc<BoundSet>, usize),
}

impl Found {
    /// The definition for calls that are bound so.
    fn definition(&self, binding: Binding) -> NonNull<HostDef> {
        match self {
            Found::Alone(func) => func.definition(binding),
            Found::InSet(set, place) => set.definition(*place, binding),
        }
    }

    /// The data of the shims, which no two functions share.
    fn data(&self) -> *const () {
        // SAFETY: the definition is borrowed from this value.
        unsafe { self.definition(Binding::Plain).as_ref() }.data
    }
}

impl Selection {
    /// The position of a hook in the store's list, by its number in a set.
    #[inline(always)]
    pub(super) fn hook(&self, set: Set, number: usize) -> Option<usize> {
        self.sets.get(set)?.get(number).copied()
    }

    fn intern(&mut self, hooks: Vec<usize>) -> Set {
        self.sets.iter().position(|set| **set == *hooks).unwrap_or_else(|| {
            self.sets.push(hooks.into());
            self.sets.len() - 1
        })
    }
}

/// The hooks that observe a call from the host.
#[inline(always)]
pub(super) fn of_wasm<T: 'static>(store: &mut StoreInner<T>, func: NonNull<FuncRef>) -> Set {
    if store.hook.selection.filters_wasm { known_of_wasm(store, func) } else { TO_WASM }
}

/// Not inlined, since it would be part of every call.
#[inline(never)]
fn known_of_wasm<T: 'static>(store: &mut StoreInner<T>, func: NonNull<FuncRef>) -> Set {
    match store.hook.selection.funcs.get(&func.addr().get()) {
        Some(set) => *set,
        None => query_for_func(store, func),
    }
}

/// The hooks that observe a call to the host.
///
/// # Safety
///
/// The record is the one that a shim of this store was called with.
#[inline(always)]
pub(super) unsafe fn of_host<T: 'static>(
    store: &mut StoreInner<T>,
    record: *const HostRecord,
) -> Set {
    let selection = &store.hook.selection;
    // SAFETY: as the caller promises.
    unsafe {
        if !selection.filters_host || selection.one_for_host && !(*record).instance.is_null() {
            return TO_HOST;
        }
        known_of_host(store, record)
    }
}

/// Not inlined, since it would be part of every shim.
///
/// # Safety
///
/// As for [`of_host`].
#[inline(never)]
unsafe fn known_of_host<T: 'static>(store: &mut StoreInner<T>, record: *const HostRecord) -> Set {
    let selection = &store.hook.selection;
    // SAFETY: as the caller promises.
    let is_reference = unsafe { (*record).instance.is_null() };
    let sets = if is_reference { &selection.references } else { &selection.imports };
    let known = sets.get(&record.addr());
    match known {
        Some(set) => *set,
        // SAFETY: as the caller promises.
        None => unsafe { query_for_record(store, record) },
    }
}

/// The positions of the hooks whose filters let a function through, under any of its names.
fn query_filters<T: 'static>(store: &StoreInner<T>, targets: &[CallTarget<'_>]) -> Vec<usize> {
    let hooks = store.hook.hooks.iter().enumerate();
    hooks
        .filter(|(_, entry)| targets.iter().any(|target| entry.filter.selects(target)))
        .map(|(place, _)| place)
        .collect()
}

/// Queries filters with the names of imports, or without names if there are none.
fn query_for_imports<T: 'static>(
    store: &StoreInner<T>,
    direction: CallDirection,
    imports: &[HostImport],
) -> Vec<usize> {
    let mut targets = Vec::new();
    for (module, name) in imports.iter().filter_map(HostImport::names) {
        let mut target = CallTarget::import(module, name);
        target.direction = direction;
        targets.push(target);
    }
    if targets.is_empty() {
        targets.push(CallTarget::new(direction));
    }
    query_filters(store, &targets)
}

#[cold]
#[inline(never)]
fn query_for_func<T: 'static>(store: &mut StoreInner<T>, func: NonNull<FuncRef>) -> Set {
    // SAFETY: the function is one of this store.
    let hooks = match unsafe { rebind::definer(func) } {
        Some(instance) => {
            // SAFETY: as above.
            let index = unsafe { rebind::defined_index(func, instance) };
            // SAFETY: an instance lives as long as its store.
            let artifact = unsafe { instance.as_ref() }.module().loaded.artifact();
            let exports: Vec<_> = match index {
                Some(index) => super::context::exports_of(artifact, index).collect(),
                None => Vec::new(),
            };
            let mut target = CallTarget::exported(&exports);
            target.module = artifact.module_name();
            target.name = index.and_then(|index| artifact.name(index));
            query_filters(store, &[target])
        }
        None => {
            let imports: Vec<_> = store.vm.imports_of_reference(func).collect();
            query_for_imports(store, CallDirection::ToWasm, &imports)
        }
    };
    let selection = &mut store.hook.selection;
    let set = selection.intern(hooks);
    selection.funcs.insert(func.addr().get(), set);
    set
}

/// # Safety
///
/// The record is one of this store.
#[cold]
#[inline(never)]
unsafe fn query_for_record<T: 'static>(
    store: &mut StoreInner<T>,
    record: *const HostRecord,
) -> Set {
    // SAFETY: as the caller promises.
    let (imports, is_import) = unsafe {
        match rebind::import_of(record) {
            Some(import) => (vec![import], true),
            None => {
                let func = rebind::reference_of(record);
                (store.vm.imports_of_reference(func).collect(), false)
            }
        }
    };
    let hooks = query_for_imports(store, CallDirection::ToHost, &imports);
    let selection = &mut store.hook.selection;
    let set = selection.intern(hooks);
    let sets = if is_import { &mut selection.imports } else { &mut selection.references };
    sets.insert(record.addr(), set);
    set
}

/// Binds everything again, since the hooks have changed.
pub(super) fn bind_all<T: 'static>(store: &mut StoreInner<T>) {
    let hooks = &store.hook.hooks;
    let observers = |direction| {
        let entries = hooks.iter().enumerate();
        let observers = entries.filter(|(_, entry)| !entry.filter.selects_none(direction));
        observers.map(|(place, _)| place).collect::<Box<[usize]>>()
    };
    let filters = |direction, observers: &[usize]| {
        !observers.iter().all(|&at| hooks[at].filter.selects_all(direction))
    };
    let to_wasm = observers(CallDirection::ToWasm);
    let to_host = observers(CallDirection::ToHost);
    let none_waits = store.watched.binding(true) == Binding::Hooked;
    let selection = &mut store.hook.selection;
    selection.filters_wasm = filters(CallDirection::ToWasm, &to_wasm);
    selection.filters_host = filters(CallDirection::ToHost, &to_host);
    // Where a hook may wait, functions that this one does not observe have such shims, too.
    selection.one_for_host = to_host.len() == 1 && none_waits;
    selection.sets = vec![Box::default(), to_wasm, to_host];
    debug_assert!(selection.sets[NO_HOOKS].is_empty());
    // The sets have other numbers now, whatever a filter does when it is queried.
    selection.imports.clear();
    selection.references.clear();
    selection.funcs.clear();
    selection.instances = 0;
    find_host_funcs(store);
    let binding = store.watched.binding(store.watched.to_host);
    for func in store.vm.host_references() {
        // SAFETY: a store whose hooks change runs nothing, since it is borrowed as itself and not
        // through a caller. The store keeps its host functions alive.
        unsafe { bind_reference(store, func, binding) };
    }
    bind_instances(store);
}

/// Binds the imports of instances that were just made, and have not run yet.
#[inline(always)]
pub(crate) fn bind_new<T: 'static>(store: &mut StoreInner<T>) {
    if store.hook.selection.filters_host || store.watched.binding(true) != Binding::Hooked {
        find_host_funcs(store);
        bind_instances(store);
    } else if store.hook.selection.filters_wasm {
        // Functions that the host calls may have more names now.
        store.hook.selection.funcs.clear();
    }
}

/// The definition of a host function by which its calls notify the hooks that observe it, and do
/// not wait for any; `None` if the store does not keep such a function.
///
/// # Safety
///
/// The record is one of this store.
#[cfg(feature = "async")]
pub(super) unsafe fn hooked_of<T: 'static>(
    store: &mut StoreInner<T>,
    record: *const HostRecord,
) -> Option<NonNull<HostDef>> {
    // SAFETY: as the caller promises.
    let data = unsafe { (*record).data.addr() };
    if !store.hook.selection.host_funcs.contains_key(&data) {
        // It was made while Wasm ran.
        find_host_funcs(store);
    }
    Some(store.hook.selection.host_funcs.get(&data)?.definition(Binding::Hooked))
}

/// Finds the host functions among what the store has kept alive since the last search.
fn find_host_funcs<T: 'static>(store: &mut StoreInner<T>) {
    let mut found = Vec::new();
    let kept = store.kept_alive();
    for kept in &kept[store.hook.selection.kept..] {
        match kept {
            Kept::Host(func) => found.push(Found::Alone(func.clone())),
            Kept::Items(items) => found.extend(items.iter().filter_map(|item| match item {
                Definition::Host(func) => Some(Found::Alone(func.clone())),
                Definition::Extern { .. } => None,
            })),
            Kept::Bound(set) => {
                found.extend((0..set.len()).map(|place| Found::InSet(Arc::clone(set), place)));
            }
        }
    }
    let count = kept.len();
    let selection = &mut store.hook.selection;
    selection.kept = count;
    selection.host_funcs.extend(found.into_iter().map(|func| (func.data().addr(), func)));
}

/// Binds the imports of instances that were made since the last time.
#[inline(never)]
fn bind_instances<T: 'static>(store: &mut StoreInner<T>) {
    let new = store.hook.selection.instances..store.vm.instances().len();
    for number in new {
        bind_instance(store, store.vm.instances()[number]);
        store.hook.selection.instances = number + 1;
    }
    // Functions may be imported under more names now.
    store.hook.selection.references.clear();
    store.hook.selection.funcs.clear();
}

fn bind_instance<T: 'static>(store: &mut StoreInner<T>, instance: NonNull<VmInstance>) {
    let imports: Vec<_> = store.vm.host_imports_of(instance).collect();
    for import in imports {
        let is_hooked = if store.hook.selection.filters_host {
            // SAFETY: the record is that of an import of this store.
            let set = unsafe { query_for_record(store, import.host_record()) };
            set != NO_HOOKS
        } else {
            store.watched.all_to_host
        };
        // SAFETY: the instance runs nothing. The store keeps host functions alive.
        unsafe {
            if let Some(func) = store.hook.selection.host_funcs.get(&import.data().addr()) {
                import.bind(func.definition(store.watched.binding(is_hooked)));
            }
            if let Some(reference) = import.reference() {
                bind_reference(store, reference, store.watched.binding(store.watched.to_host));
            }
        }
    }
}

/// Makes calls through a reference to a host function notify hooks as its binding says.
///
/// # Safety
///
/// The reference is to a host function of this store, which nothing is calling.
unsafe fn bind_reference<T: 'static>(
    store: &StoreInner<T>,
    func: NonNull<FuncRef>,
    binding: Binding,
) {
    // SAFETY: as the caller promises. The store keeps its host functions alive.
    unsafe {
        let data = (*rebind::record_of(func)).data;
        if let Some(host) = store.hook.selection.host_funcs.get(&data.addr()) {
            rebind::bind_reference(func, host.definition(binding));
        }
    }
}
