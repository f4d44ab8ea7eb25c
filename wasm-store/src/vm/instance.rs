//! An instance: its context, and what the store knows about it.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use wasm_types::abi::{context, import};
use wasm_types::{
    DataIndex, DefinedTableIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex,
    TagIndex, TypeIndex,
};

use super::context::{
    FuncRef, HostDef, HostRecord, ImportRecord, NULL_FUNC_REF, VMContext, VMStoreContext,
};
use super::counters::Words;
use super::debugging::InstanceStops;
use super::gc::type_of_header;
use super::memory::VmMemory;
use super::module::VmModule;
use super::room_for;
use super::table::VmTable;
use super::tag::VmTag;
use super::value::ValRaw;
use crate::Error;

/// An instance of a module in a store. Lives as long as its store.
#[derive(Debug)]
pub(crate) struct VmInstance {
    context: NonNull<VMContext>,
    module: Arc<VmModule>,
    /// All memories, imported and defined.
    pub(super) memories: Vec<NonNull<VmMemory>>,
    /// All tables, imported and defined.
    pub(super) tables: Vec<NonNull<VmTable>>,
    /// The definitions of imported host functions, by function; `None` for other imports.
    pub(super) host_imports: Box<[Option<NonNull<HostDef>>]>,
    pub(super) dropped_elements: Box<[bool]>,
    pub(super) dropped_data: Box<[bool]>,
    /// The elements of segments that were made with the instance, as far as they were not dropped.
    pub(super) made_elements: Vec<(ElemIndex, Box<[u64]>)>,
    /// References to functions that can't escape by themselves, made for the host, in the order of
    /// these functions. Boxed, as their addresses are given out.
    #[allow(clippy::vec_box, reason = "references stay where they are")]
    pub(super) inner_refs: Vec<Box<InnerRef>>,
    /// The tags that it defines. Their addresses are what they are.
    tags: Box<[VmTag]>,
    /// What its code counts in, if it does. The context has their address.
    _counters: Option<Words>,
    /// Where its code stops for a debugger. The context has the address of what the code reads.
    #[cfg_attr(not(feature = "debug"), allow(dead_code, reason = "there is nothing in it"))]
    pub(super) stops: InstanceStops,
    user_data: usize,
    /// Whether instantiation went all the way, up to the call of the start function.
    pub(super) whole: bool,
    /// While the instance is halted: the code that is entered from elsewhere in place of its own.
    /// An instance is halted when something that its code takes for granted does not hold.
    pub(super) halted: Option<*const u8>,
    /// Whether its state was put back only in part.
    pub(super) lost: bool,
}

/// A reference that is not in the context of its instance, and the function it refers to. While the
/// instance is halted, the code pointer in it does not identify the function.
#[derive(Debug)]
#[repr(C)]
pub(super) struct InnerRef {
    pub(super) func_ref: FuncRef,
    pub(super) func: FuncIndex,
}

/// The tags that a module defines, anew.
fn defined_tags(module: &VmModule) -> Result<Box<[VmTag]>, Error> {
    let artifact = module.loaded.artifact();
    let counts = artifact.counts();
    let mut tags = room_for::with_room((counts.tags - counts.imported_tags) as usize, "tags")?;
    for index in counts.imported_tags..counts.tags {
        let ty = module.func_type(artifact.tag(TagIndex::new(index))?.ty)?;
        tags.push(VmTag::new(ty));
    }
    Ok(tags.into())
}

fn context_layout(size: u32) -> Layout {
    Layout::from_size_align(size as usize, 16).expect("at most 2 GiB, as the layout promises")
}

impl VmInstance {
    /// An instance whose context has its head and type ids, and is zero otherwise.
    ///
    /// # Errors
    ///
    /// If the machine has no room for as much as the module wants.
    pub(super) fn new(
        store: *mut VMStoreContext,
        module: &Arc<VmModule>,
    ) -> Result<NonNull<Self>, Error> {
        const WHAT: &str = "an instance";
        module.find_collected_globals()?;
        let counts = module.loaded.artifact().counts();
        let host_imports = room_for::filled(None, counts.imported_functions as usize, WHAT)?;
        let dropped_elements = room_for::filled(false, counts.elements as usize, WHAT)?;
        let dropped_data = room_for::filled(false, counts.data as usize, WHAT)?;
        let tags = defined_tags(module)?;
        let counters = module.counters.as_ref().map(|counters| counters.take()).transpose()?;
        let words = counters.as_ref().map(|words| words.as_ptr());
        let stops = InstanceStops::new(module.loaded.artifact())?;
        let flags = stops.address();
        let layout = context_layout(module.layout.size());
        // SAFETY: the size is not zero: a context has a head.
        let memory = unsafe { alloc_zeroed(layout) };
        let Some(context) = NonNull::new(memory.cast::<VMContext>()) else {
            return Err(room_for::no_room::<u8>(layout.size(), WHAT));
        };
        let instance = Box::new(Self {
            context,
            module: Arc::clone(module),
            memories: Vec::new(),
            tables: Vec::new(),
            host_imports,
            dropped_elements,
            dropped_data,
            made_elements: Vec::new(),
            inner_refs: Vec::new(),
            tags,
            _counters: counters,
            stops,
            user_data: 0,
            whole: false,
            halted: None,
            lost: false,
        });
        let instance = NonNull::from(Box::leak(instance));
        // SAFETY: the context is as large as its layout says, and fresh.
        unsafe {
            context.write(VMContext {
                magic: context::MAGIC_VALUE,
                store,
                builtins: super::builtins::table(),
                null_func_ref: &raw const NULL_FUNC_REF,
                interrupt_page: (*store).interrupt_page,
                fuel: &raw mut (*store).fuel,
                instance: instance.as_ptr(),
                heap: std::ptr::null_mut(),
            });
            if !module.type_ids.is_empty() {
                let ids = memory.add(module.layout.type_id(TypeIndex::new(0)) as usize);
                let from = module.type_ids.as_ptr();
                std::ptr::copy_nonoverlapping(from, ids.cast(), module.type_ids.len());
            }
            if let Some(words) = words {
                let place = memory.add(module.layout.counters() as usize);
                place.cast::<*const AtomicU64>().write(words);
            }
            if let Some(flags) = flags {
                let place = memory.add(module.layout.stops() as usize);
                place.cast::<*const u8>().write(flags);
            }
            for (index, tag) in (counts.imported_tags..).zip(&instance.as_ref().tags) {
                let place = memory.add(module.layout.tag(TagIndex::new(index)) as usize);
                place.cast::<NonNull<VmTag>>().write(NonNull::from(tag));
            }
        }
        Ok(instance)
    }

    /// The instance's context.
    pub(crate) fn vmctx(&self) -> *mut VMContext {
        self.context.as_ptr()
    }

    /// The store's context.
    pub(super) fn store(&self) -> *mut VMStoreContext {
        // SAFETY: the context lives as long as the instance.
        unsafe { self.context.as_ref().store }
    }

    /// An address in the context.
    ///
    /// # Safety
    ///
    /// The offset is one that the module's layout gave.
    pub(super) unsafe fn at<T>(&self, offset: u32) -> *mut T {
        // SAFETY: as the caller promises.
        unsafe { self.context.as_ptr().cast::<u8>().add(offset as usize).cast() }
    }

    /// The number that the store has for a structure or an array of the module.
    ///
    /// # Safety
    ///
    /// The module declares it.
    pub(super) unsafe fn number_of(&self, ty: TypeIndex) -> u32 {
        // SAFETY: the layout has a place for each type.
        unsafe { type_of_header(*self.at(self.module.layout.type_id(ty))) }
    }

    /// The module.
    pub(crate) fn module(&self) -> &Arc<VmModule> {
        &self.module
    }

    /// What the API layer keeps with the instance.
    pub(crate) fn user_data(&self) -> usize {
        self.user_data
    }

    /// Keeps a word for the API layer.
    pub(crate) fn set_user_data(&mut self, data: usize) {
        self.user_data = data;
    }

    /// A table, imported or defined.
    ///
    /// # Panics
    ///
    /// If there is no such table; so do the following for theirs.
    pub(crate) fn table(&self, table: TableIndex) -> NonNull<VmTable> {
        self.tables[table.index()]
    }

    /// A memory, imported or defined.
    pub(crate) fn memory(&self, memory: MemoryIndex) -> NonNull<VmMemory> {
        self.memories[memory.index()]
    }

    /// Where the value of a global is, imported or defined.
    pub(crate) fn global(&self, global: GlobalIndex) -> NonNull<ValRaw> {
        assert!(
            global.as_u32() < self.module.loaded.artifact().counts().globals,
            "the module has no global {global}"
        );
        // SAFETY: the layout gives places within the context; imports were filled in.
        let value = unsafe {
            match self.module.layout.global(global) {
                Ok(offset) => self.at::<ValRaw>(offset),
                Err(offset) => *self.at::<*mut ValRaw>(offset),
            }
        };
        NonNull::new(value).expect("an instance has all its imports")
    }

    /// A tag, imported or defined.
    pub(crate) fn tag(&self, tag: TagIndex) -> NonNull<VmTag> {
        let counts = self.module.loaded.artifact().counts();
        assert!(tag.as_u32() < counts.tags, "the module has no tag {tag}");
        // SAFETY: the layout gives places within the context; imports were filled in.
        let place = unsafe { *self.at::<*mut VmTag>(self.module.layout.tag(tag)) };
        NonNull::new(place).expect("an instance has all its imports")
    }

    /// The tags have no numbers any more.
    pub(super) fn forget_tag_numbers(&self) {
        self.tags.iter().for_each(|tag| tag.set_number(0));
    }

    /// Where the tags start that this instance defines, if it defines some.
    pub(super) fn own_tags_start(&self) -> Option<usize> {
        (!self.tags.is_empty()).then(|| self.tags.as_ptr().addr())
    }

    /// The index of a tag, if this instance defines it.
    pub(super) fn own_tag(&self, tag: NonNull<VmTag>) -> Option<TagIndex> {
        // They are in one list, so their addresses tell their numbers.
        let bytes = tag.addr().get().checked_sub(self.tags.as_ptr().addr())?;
        let place = bytes / size_of::<VmTag>();
        self.tags.get(place)?;
        let counts = self.module.loaded.artifact().counts();
        Some(TagIndex::new(counts.imported_tags + place as u32))
    }

    /// The reference to a function, imported or defined.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged so that it is not known, or there is no such function.
    pub(crate) fn func(
        &mut self,
        func: FuncIndex,
    ) -> Result<NonNull<FuncRef>, wasm_artifact::Error> {
        let counts = self.module.loaded.artifact().counts();
        if func.as_u32() < counts.imported_functions {
            return Ok(self.imported_func(func));
        }
        match self.module.loaded.artifact().funcref_slot(func)? {
            Some(slot) => {
                // SAFETY: the layout has a record for each escaping function.
                unsafe {
                    let record = self.at::<FuncRef>(self.module.layout.func_ref(slot));
                    if (*record).code.is_null() {
                        record.write(self.make_ref(func)?);
                    }
                    Ok(NonNull::new_unchecked(record))
                }
            }
            None => {
                let place = match self.inner_refs.binary_search_by_key(&func, |inner| inner.func) {
                    Ok(place) => place,
                    Err(place) => {
                        let func_ref = self.make_ref(func)?;
                        self.inner_refs.insert(place, Box::new(InnerRef { func_ref, func }));
                        place
                    }
                };
                Ok(NonNull::from(&mut *self.inner_refs[place]).cast())
            }
        }
    }

    /// The index of a function that this instance defines, found by the address of the reference to
    /// it. The code pointer does not identify the function: while the instance is halted, it leads
    /// elsewhere. `None` if the artifact is damaged.
    ///
    /// # Safety
    ///
    /// The reference is one to a Wasm function, with this instance's context, of a live store.
    #[inline]
    pub(crate) unsafe fn index_of(&self, func: NonNull<FuncRef>) -> Option<FuncIndex> {
        // References to functions that escape are a table of the context, in the order of these
        // functions. Others lie elsewhere, which is beyond the end of the table or before its
        // start.
        let first = self.vmctx().addr() + self.module.layout.func_ref(0) as usize;
        let slot = func.addr().get().checked_sub(first).map(|place| place / size_of::<FuncRef>());
        let slot = slot.and_then(|slot| u32::try_from(slot).ok());
        let artifact = self.module.loaded.artifact();
        match slot {
            Some(slot) if slot < artifact.counts().escaping_functions => {
                artifact.escaping_function(slot)
            }
            // SAFETY: a reference of an instance that is not in its context is one of these.
            _ => Some(unsafe { func.cast::<InnerRef>().as_ref().func }),
        }
    }

    fn imported_func(&mut self, func: FuncIndex) -> NonNull<FuncRef> {
        // SAFETY: the record is within the context; a host function's definition lives as long as
        // the store.
        unsafe {
            let record = self.at::<ImportRecord>(self.module.layout.imported_function(func));
            if (*record).func_ref.is_null() {
                let def = self.host_imports[func.index()]
                    .expect("an import without a reference is the host's");
                let store = &mut *(*self.store()).vm;
                (*record).func_ref = store.new_host_func(def).as_ptr();
            }
            NonNull::new_unchecked((*record).func_ref)
        }
    }

    /// How the instance calls a function itself: the reference to it, and, if it is a function of
    /// the host that is imported, the record of that import, by which it knows its caller.
    pub(crate) fn own_call(
        &mut self,
        func: FuncIndex,
    ) -> Option<(NonNull<FuncRef>, Option<NonNull<HostRecord>>)> {
        let reference = self.func(func).ok()?;
        let imported = self.module.loaded.artifact().counts().imported_functions;
        // SAFETY: a function lives as long as its store.
        if func.as_u32() >= imported || !unsafe { reference.as_ref().is_host() } {
            return Some((reference, None));
        }
        // SAFETY: the layout gives a place within the context, whose record was written when the
        // import was bound.
        let record = unsafe {
            let record = self.at::<ImportRecord>(self.module.layout.imported_function(func));
            &raw mut (*record).host
        };
        Some((reference, NonNull::new(record)))
    }

    fn make_ref(&self, func: FuncIndex) -> Result<FuncRef, wasm_artifact::Error> {
        let ty = self.module.type_of(func)?;
        Ok(FuncRef {
            code: self.entry_code(func)?,
            context: self.context.as_ptr().cast(),
            // SAFETY: a type's record lives as long as the engine.
            type_id: unsafe { ty.as_ref().id() },
            flags: 0,
            ty: ty.as_ptr(),
        })
    }

    /// The function that an element of one of this instance's own tables refers to at the start;
    /// `None` for null.
    pub(super) fn lazy_element(
        &mut self,
        table: u32,
        place: usize,
    ) -> Result<Option<NonNull<FuncRef>>, wasm_artifact::Error> {
        let artifact = self.module.loaded.artifact();
        let defined = DefinedTableIndex::new(table - artifact.counts().imported_tables);
        let Some(image) = artifact.table_image(defined)? else { return Ok(None) };
        image.func(place as u64)?.map(|func| self.func(func)).transpose()
    }

    /// Whether an element segment was dropped. Out of range counts as dropped.
    pub(crate) fn element_dropped(&self, elem: ElemIndex) -> bool {
        self.dropped_elements.get(elem.index()).copied().unwrap_or(true)
    }

    /// Drops an element segment.
    pub(super) fn drop_element(&mut self, elem: ElemIndex) {
        if let Some(dropped) = self.dropped_elements.get_mut(elem.index()) {
            *dropped = true;
        }
        self.made_elements.retain(|(made, _)| *made != elem);
    }

    /// Whether a data segment was dropped. Out of range counts as dropped.
    pub(crate) fn data_dropped(&self, data: DataIndex) -> bool {
        self.dropped_data.get(data.index()).copied().unwrap_or(true)
    }
}

const _: () = assert!(import::SIZE as usize == size_of::<ImportRecord>());

impl Drop for VmInstance {
    fn drop(&mut self) {
        // SAFETY: allocated with the same layout when the instance was made.
        unsafe {
            dealloc(self.context.as_ptr().cast(), context_layout(self.module.layout.size()));
        }
    }
}
