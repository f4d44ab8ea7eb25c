//! Which hooks are told of which calls: asking filters, and binding host functions accordingly.
//!
//! Where all hooks want to know of all calls that go one way, nobody is asked. Else an import is bound to the
//! shims that tell hooks if a filter lets it through, and which hooks these are is written down. References to
//! host functions, and functions that the host calls, are asked for when they are first called.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::NonNull;

use wasm_hooks::{CallDirection, CallTarget};

use crate::items::HostFunc;
use crate::linker::Definition;
use crate::store::{Kept, StoreInner};
use crate::vm::{FuncRef, HostImport, HostRecord, VmInstance, rebind};

/// A list of hooks that are told together, by its number.
pub(super) type Set = usize;

/// No hook.
pub(super) const NOBODY: Set = 0;
/// All hooks that may be told of calls to Wasm.
const TO_WASM: Set = 1;
/// All hooks that may be told of calls to the host.
const TO_HOST: Set = 2;

/// Hashes an address: its low bits are all the same, and the high ones of a product depend on all others.
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

/// Which hooks are told of which calls.
#[derive(Default)]
pub(super) struct Selection {
    /// The places of hooks that are told together, in order.
    sets: Vec<Box<[usize]>>,
    /// Whether filters have a say in calls to Wasm.
    wasm_asks: bool,
    /// Whether filters have a say in calls to the host.
    host_asks: bool,
    /// Whether only one hook may be told of calls to the host, so that it is told of all that tell.
    one_for_host: bool,
    /// By the record of an import.
    imports: ByAddress<Set>,
    /// By the record of a reference to a host function.
    references: ByAddress<Set>,
    /// By the function that the host calls.
    funcs: ByAddress<Set>,
    /// The host functions that the store keeps, by their data.
    host_funcs: ByAddress<HostFunc>,
    /// How much of what the store keeps has been looked through for them.
    kept: usize,
    /// How many instances have been bound.
    instances: usize,
}

impl Selection {
    /// The place of a hook of a list.
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

/// The hooks that are told of a call from the host.
#[inline(always)]
pub(super) fn of_wasm<T: 'static>(store: &mut StoreInner<T>, func: NonNull<FuncRef>) -> Set {
    if store.hook.selection.wasm_asks { known_of_wasm(store, func) } else { TO_WASM }
}

/// Apart, since it would be part of every call.
#[inline(never)]
fn known_of_wasm<T: 'static>(store: &mut StoreInner<T>, func: NonNull<FuncRef>) -> Set {
    match store.hook.selection.funcs.get(&func.addr().get()) {
        Some(set) => *set,
        None => ask_for_func(store, func),
    }
}

/// The hooks that are told of a call to the host.
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
        if !selection.host_asks || selection.one_for_host && !(*record).instance.is_null() {
            return TO_HOST;
        }
        known_of_host(store, record)
    }
}

/// Apart, since it would be part of every shim.
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
        None => unsafe { ask_for_record(store, record) },
    }
}

/// The places of hooks whose filters let a function through, under any of its names.
fn ask<T: 'static>(store: &StoreInner<T>, targets: &[CallTarget<'_>]) -> Vec<usize> {
    let hooks = store.hook.hooks.iter().enumerate();
    hooks
        .filter(|(_, entry)| targets.iter().any(|target| entry.filter.selects(target)))
        .map(|(place, _)| place)
        .collect()
}

/// Asks by the names of imports, or without names if there are none.
fn ask_for_imports<T: 'static>(
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
    ask(store, &targets)
}

#[cold]
#[inline(never)]
fn ask_for_func<T: 'static>(store: &mut StoreInner<T>, func: NonNull<FuncRef>) -> Set {
    // SAFETY: the function is one of this store.
    let told = match unsafe { rebind::definer(func) } {
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
            ask(store, &[target])
        }
        None => {
            let imports: Vec<_> = store.vm.imports_of_reference(func).collect();
            ask_for_imports(store, CallDirection::ToWasm, &imports)
        }
    };
    let selection = &mut store.hook.selection;
    let set = selection.intern(told);
    selection.funcs.insert(func.addr().get(), set);
    set
}

/// # Safety
///
/// The record is one of this store.
#[cold]
#[inline(never)]
unsafe fn ask_for_record<T: 'static>(store: &mut StoreInner<T>, record: *const HostRecord) -> Set {
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
    let told = ask_for_imports(store, CallDirection::ToHost, &imports);
    let selection = &mut store.hook.selection;
    let set = selection.intern(told);
    let sets = if is_import { &mut selection.imports } else { &mut selection.references };
    sets.insert(record.addr(), set);
    set
}

/// Binds everything anew, since there are other hooks.
pub(super) fn bind_all<T: 'static>(store: &mut StoreInner<T>) {
    let hooks = &store.hook.hooks;
    let told = |way| {
        let told = hooks.iter().enumerate().filter(|(_, entry)| !entry.filter.selects_none(way));
        told.map(|(place, _)| place).collect::<Box<[usize]>>()
    };
    let asks = |way, told: &[usize]| !told.iter().all(|&at| hooks[at].filter.selects_all(way));
    let (to_wasm, to_host) = (told(CallDirection::ToWasm), told(CallDirection::ToHost));
    let selection = &mut store.hook.selection;
    selection.wasm_asks = asks(CallDirection::ToWasm, &to_wasm);
    selection.host_asks = asks(CallDirection::ToHost, &to_host);
    selection.one_for_host = to_host.len() == 1;
    selection.sets = vec![Box::default(), to_wasm, to_host];
    debug_assert!(selection.sets[NOBODY].is_empty());
    // Sets have other numbers now, whatever a filter does when it is asked.
    selection.imports.clear();
    selection.references.clear();
    selection.funcs.clear();
    selection.instances = 0;
    find_host_funcs(store);
    let is_hooked = store.watched.to_host;
    for func in store.vm.host_references() {
        // SAFETY: a store whose hooks change runs nothing, since it is borrowed as itself and not through
        // a caller. Its host functions are kept with it.
        unsafe { bind_reference(store, func, is_hooked) };
    }
    bind_instances(store);
}

/// Binds the imports of instances that were just made, and have not run yet.
#[inline(always)]
pub(crate) fn bind_new<T: 'static>(store: &mut StoreInner<T>) {
    if store.hook.selection.host_asks {
        find_host_funcs(store);
        bind_instances(store);
    } else if store.hook.selection.wasm_asks {
        // Functions that the host calls may have got other names.
        store.hook.selection.funcs.clear();
    }
}

/// Learns of host functions that the store keeps by now.
fn find_host_funcs<T: 'static>(store: &mut StoreInner<T>) {
    let mut found = Vec::new();
    let kept = store.kept_alive();
    for kept in &kept[store.hook.selection.kept..] {
        match kept {
            Kept::Host(func) => found.push(func.clone()),
            Kept::Items(items) => found.extend(items.iter().filter_map(|item| match item {
                Definition::Host(func) => Some(func.clone()),
                Definition::Extern { .. } => None,
            })),
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
    // What functions are called by may be more than what it was.
    store.hook.selection.references.clear();
    store.hook.selection.funcs.clear();
}

fn bind_instance<T: 'static>(store: &mut StoreInner<T>, instance: NonNull<VmInstance>) {
    let imports: Vec<_> = store.vm.host_imports_of(instance).collect();
    for import in imports {
        let is_hooked = if store.hook.selection.host_asks {
            // SAFETY: the record is that of an import of this store.
            let set = unsafe { ask_for_record(store, import.host_record()) };
            set != NOBODY
        } else {
            store.watched.all_to_host
        };
        // SAFETY: the instance runs nothing. Host functions are kept with their store.
        unsafe {
            if let Some(func) = store.hook.selection.host_funcs.get(&import.data().addr()) {
                import.bind(func.definition(is_hooked));
            }
            if let Some(reference) = import.reference() {
                bind_reference(store, reference, store.watched.to_host);
            }
        }
    }
}

/// Has calls through a reference to a host function tell hooks, or not.
///
/// # Safety
///
/// The reference is to a host function of this store, which nothing is calling.
unsafe fn bind_reference<T: 'static>(
    store: &StoreInner<T>,
    func: NonNull<FuncRef>,
    is_hooked: bool,
) {
    // SAFETY: as the caller promises. Host functions are kept with their store.
    unsafe {
        let data = (*rebind::record_of(func)).data;
        if let Some(host) = store.hook.selection.host_funcs.get(&data.addr()) {
            rebind::bind_reference(func, host.definition(is_hooked));
        }
    }
}
