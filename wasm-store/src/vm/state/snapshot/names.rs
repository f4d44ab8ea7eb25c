//! What references to functions refer to, in terms that hold in other stores too.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use wasm_types::abi::func_ref;
use wasm_types::{FuncIndex, TagIndex};

use crate::Error;
use crate::vm::context::{FuncRef, ImportRecord, NULL_FUNC_REF, VMContext};
use crate::vm::instance::VmInstance;
use crate::vm::module::VmModule;
use crate::vm::room_for;
use crate::vm::tag::VmTag;

/// A function of an instance of a state: the instance's number, and the function's index there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FuncName {
    /// The number of the instance.
    pub(crate) instance: usize,
    /// The function, imported or defined.
    pub(crate) func: FuncIndex,
}

/// A tag of an instance of a state: the instance's number, and the tag's index there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TagName {
    /// The number of the instance.
    pub(crate) instance: usize,
    /// The tag, imported or defined.
    pub(crate) tag: TagIndex,
}

/// What the references to functions in a state refer to.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The reference records in the contexts of instances, sorted by address.
    pub(super) records: Vec<(Range<u64>, usize, Arc<VmModule>)>,
    /// The references that lie elsewhere. Those with `None` have no name.
    others: HashMap<u64, Option<FuncName>>,
    /// The contexts of the instances, sorted by address.
    pub(super) contexts: Vec<(u64, usize)>,
    /// Where the tags of the instances start that define some, sorted by address.
    tags: Vec<(usize, usize)>,
    /// The tags of exceptions, by their numbers in the store.
    numbered_tags: BTreeMap<u32, TagName>,
}

impl Names {
    /// The names of the functions of instances, by their numbers. Functions that these import from
    /// elsewhere are included only `with_imports`.
    ///
    /// # Errors
    ///
    /// If the machine has no room for them.
    ///
    /// # Safety
    ///
    /// The instances live, and nothing borrows them exclusively.
    pub(super) unsafe fn new(
        instances: &[NonNull<VmInstance>],
        with_imports: bool,
    ) -> Result<Self, Error> {
        let mut names = Self::default();
        for (number, instance) in instances.iter().enumerate() {
            // SAFETY: as the caller promises.
            let instance = unsafe { instance.as_ref() };
            let module = instance.module();
            let context = instance.vmctx() as u64;
            let start = context + u64::from(module.layout.func_ref(0));
            let end = context + u64::from(module.layout.size());
            names.records.push((start..end, number, Arc::clone(module)));
            names.contexts.push((context, number));
            names.tags.extend(instance.own_tags_start().map(|start| (start, number)));
        }
        names.records.sort_by_key(|(range, ..)| range.start);
        names.contexts.sort_unstable();
        names.tags.sort_unstable();
        for (number, instance) in instances.iter().enumerate().filter(|_| with_imports) {
            // SAFETY: as the caller promises; the layout gives places within the context.
            unsafe { names.learn_imports(number, instance.as_ref(), instances)? };
        }
        Ok(names)
    }

    /// The instance and index of a tag that one of the instances defines.
    ///
    /// # Safety
    ///
    /// The instances live, and are those that the names were made for.
    pub(super) unsafe fn tag(
        &self,
        tag: NonNull<VmTag>,
        instances: &[NonNull<VmInstance>],
    ) -> Option<(usize, TagIndex)> {
        let place = self.tags.partition_point(|(start, _)| *start <= tag.addr().get());
        let (_, number) = *self.tags.get(place.checked_sub(1)?)?;
        // SAFETY: as the caller promises.
        Some((number, unsafe { instances.get(number)?.as_ref() }.own_tag(tag)?))
    }

    /// Gives the tag with a number in the store its name, if an instance has the tag.
    ///
    /// # Safety
    ///
    /// As above.
    pub(super) unsafe fn learn_tag(
        &mut self,
        number: u32,
        tag: NonNull<VmTag>,
        instances: &[NonNull<VmInstance>],
    ) {
        // SAFETY: as the caller promises.
        let imported = |(number, instance): (usize, &NonNull<VmInstance>)| unsafe {
            let instance = instance.as_ref();
            let count = instance.module().loaded.artifact().counts().imported_tags;
            let found = (0..count).map(TagIndex::new).find(|index| instance.tag(*index) == tag)?;
            Some((number, found))
        };
        // SAFETY: as above.
        let own = unsafe { self.tag(tag, instances) };
        let found = own.or_else(|| instances.iter().enumerate().find_map(imported));
        if let Some((instance, tag)) = found {
            self.numbered_tags.insert(number, TagName { instance, tag });
        }
    }

    /// The name of the tag with a number; `None` if it has none.
    pub(crate) fn numbered_tag(&self, number: u32) -> Option<TagName> {
        self.numbered_tags.get(&number).copied()
    }

    /// Adds the functions that an instance imports. A function gets the name that it has where it
    /// is defined. If no instance of the set defines it, it gets the importer's name for it.
    unsafe fn learn_imports(
        &mut self,
        number: usize,
        instance: &VmInstance,
        instances: &[NonNull<VmInstance>],
    ) -> Result<(), Error> {
        let module = instance.module();
        for index in 0..module.loaded.artifact().counts().imported_functions {
            let func = FuncIndex::new(index);
            // SAFETY: the layout gives places within the context; what an import is bound to lives.
            unsafe {
                let record = &*instance.at::<ImportRecord>(module.layout.imported_function(func));
                if let Some(bound) = NonNull::new(record.func_ref) {
                    let name = named(&self.contexts, bound, instances);
                    let name = name.unwrap_or(FuncName { instance: number, func });
                    self.add(bound.as_ptr() as u64, Some(name))?;
                }
            }
        }
        Ok(())
    }

    /// Adds the name of a reference that lies in no context, unless it is there already.
    fn add(&mut self, reference: u64, name: Option<FuncName>) -> Result<(), Error> {
        if self.others.contains_key(&reference) {
            return Ok(());
        }
        if self.others.try_reserve(1).is_err() {
            let len = self.others.len() + 1;
            return Err(room_for::no_room::<(u64, Option<FuncName>)>(len, "names of functions"));
        }
        self.others.insert(reference, name);
        Ok(())
    }

    /// Makes sure that a reference has a name if it can have one. To be called while the reference
    /// is valid.
    ///
    /// # Errors
    ///
    /// If the machine has no room for it.
    ///
    /// # Safety
    ///
    /// The reference is one of a live store, or the record that stands for null. `instances` are
    /// those that the names were made for.
    pub(super) unsafe fn learn(
        &mut self,
        reference: u64,
        instances: &[NonNull<VmInstance>],
    ) -> Result<(), Error> {
        let is_known = reference == 0
            || Self::is_null(reference)
            || self.record(reference).is_some()
            || self.others.contains_key(&reference);
        if is_known {
            return Ok(());
        }
        // SAFETY: as the caller promises.
        let name = NonNull::new(reference as *mut FuncRef)
            .and_then(|func| unsafe { named(&self.contexts, func, instances) });
        self.add(reference, name)
    }

    /// The name of a Wasm function; `None` if its instance is not in the set.
    ///
    /// # Safety
    ///
    /// As for [`learn`](Self::learn).
    pub(super) unsafe fn name(
        &self,
        func: NonNull<FuncRef>,
        instances: &[NonNull<VmInstance>],
    ) -> Option<FuncName> {
        // SAFETY: as the caller promises.
        unsafe { named(&self.contexts, func, instances) }
    }

    /// Whether an instance is in the set.
    ///
    /// # Safety
    ///
    /// The instance lives.
    pub(super) unsafe fn has(&self, instance: NonNull<VmInstance>) -> bool {
        // SAFETY: as the caller promises.
        instance_of(&self.contexts, unsafe { instance.as_ref() }.vmctx()).is_some()
    }

    /// Whether a reference is the record that stands for null.
    pub(crate) fn is_null(reference: u64) -> bool {
        reference == (&raw const NULL_FUNC_REF) as u64
    }

    /// The name of a reference other than null; `None` if it has none.
    pub(crate) fn of(&self, reference: u64) -> Option<FuncName> {
        match self.record(reference) {
            Some(name) => name,
            None => *self.others.get(&reference)?,
        }
    }

    /// The name of a reference that lies in a context; `None` if it does not lie in one.
    pub(super) fn record(&self, reference: u64) -> Option<Option<FuncName>> {
        let place = self.records.partition_point(|(range, ..)| range.start <= reference);
        let (range, instance, module) = self.records.get(place.checked_sub(1)?)?;
        if !range.contains(&reference) {
            return None;
        }
        let slot = (reference - range.start) / u64::from(func_ref::SIZE);
        let func = module.loaded.artifact().escaping_function(slot as u32);
        Some(func.map(|func| FuncName { instance: *instance, func }))
    }
}

/// The name of a function, by a reference to it; `None` for a host function, and for one of an
/// instance without a number.
///
/// # Safety
///
/// As for [`Names::learn`].
unsafe fn named(
    contexts: &[(u64, usize)],
    func: NonNull<FuncRef>,
    instances: &[NonNull<VmInstance>],
) -> Option<FuncName> {
    // SAFETY: as the caller promises; the context says which instance it is of.
    unsafe {
        if func.as_ref().is_host() {
            return None;
        }
        let instance = instance_of(contexts, func.as_ref().context.cast())?;
        let func = instances[instance].as_ref().index_of(func)?;
        Some(FuncName { instance, func })
    }
}

fn instance_of(contexts: &[(u64, usize)], context: *const VMContext) -> Option<usize> {
    let place = contexts.binary_search_by_key(&(context as u64), |(other, _)| *other).ok()?;
    Some(contexts[place].1)
}
