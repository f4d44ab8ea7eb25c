//! Making an instance: its imports, memories, tables, globals and segments (Wasm 3.0, section
//! 4.7.2), up to but without the call of the start function.

#![allow(unsafe_code)]

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use wasm_artifact::{DataRefKind, ElementRef, ElementRefKind, ItemsRef};
use wasm_types::{
    DefinedGlobalIndex, DefinedMemoryIndex, DefinedTableIndex, ElemIndex, EntityIndex, FuncIndex,
    MemoryIndex, TableIndex, TrapCode,
};

use super::const_eval::evaluate;
use super::context::{
    FuncRef, HostDef, HostRecord, ImportRecord, MemoryImport, TableImport, VMContext,
};
use super::instance::VmInstance;
use super::memory::{VmMemory, VmSharedMemory};
use super::module::VmModule;
use super::room_for;
use super::store::VmStore;
use super::table::VmTable;
use super::tag::VmTag;
use super::unwind::{TrapInfo, Unwind};
use super::value::ValRaw;
use crate::Error;

/// What an import is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VmImport {
    /// A function of the store.
    Func(NonNull<FuncRef>),
    /// A host function that is not part of the store.
    Host(NonNull<HostDef>),
    /// A table.
    Table(NonNull<VmTable>),
    /// A memory.
    Memory(NonNull<VmMemory>),
    /// A memory that stores share. It is kept by an `Arc`, at least until it is bound.
    SharedMemory(NonNull<VmSharedMemory>),
    /// A global.
    Global(NonNull<ValRaw>),
    /// A tag.
    Tag(NonNull<VmTag>),
}

/// What an allocation was for, in errors.
const WHAT: &str = "references of a segment";

pub(super) fn trap(code: TrapCode) -> Box<Unwind> {
    Box::new(Unwind::Trap(TrapInfo { code, pc: 0, fp: 0, address: None }))
}

pub(super) fn fail(error: impl Into<Error>) -> Box<Unwind> {
    Box::new(Unwind::Error(error.into()))
}

fn damaged(error: wasm_artifact::Error) -> Box<Unwind> {
    Box::new(Unwind::Error(Error::new(error)))
}

fn no_such_item() -> Box<Unwind> {
    fail(Error::msg("the artifact is damaged: a segment names a table or memory that is not there"))
}

impl VmStore {
    /// Makes an instance of a module. On failure what active segments have written stays, as the
    /// specification wants.
    ///
    /// # Safety
    ///
    /// There is one import for each that the module declares, in the same order, of the declared
    /// type and large enough ([`VmModule::check_sizes`]), and from this store. Definitions of host
    /// functions live as long as the store. The store is pinned.
    pub(crate) unsafe fn instantiate(
        &mut self,
        module: &Arc<VmModule>,
        imports: &[VmImport],
    ) -> Result<NonNull<VmInstance>, Box<Unwind>> {
        self.count_instance().map_err(fail)?;
        self.prepare_interruption(module).map_err(fail)?;
        let reused = self.engine.reuse(module, self.context());
        let is_new = reused.is_none();
        let pointer = match reused {
            Some(pointer) => pointer,
            None => VmInstance::new(self.context(), module).map_err(fail)?,
        };
        self.adopt_instance(pointer);
        if !is_new {
            // SAFETY: its memories and tables are nobody else's.
            unsafe { self.adopt_items_of(pointer) };
        }
        // SAFETY: nothing borrows the instance.
        unsafe { self.enter_types(pointer).map_err(fail)? };
        // SAFETY: just made. Tables and memories that are made on the way keep its address, and
        // use it only after this function, or through calls below that hold no borrow.
        unsafe {
            bind_imports(pointer, module, imports)?;
            if is_new {
                self.make_memories(pointer, module)?;
                self.make_tables(pointer, module)?;
            }
            self.open_memory(pointer.as_ref(), module).map_err(fail)?;
            set_globals(pointer, module)?;
            make_elements(pointer, module)?;
            fill_tables(pointer, module)?;
            apply_elements(pointer, module)?;
            apply_data(pointer, module)?;
            (*pointer.as_ptr()).whole = true;
        }
        Ok(pointer)
    }

    unsafe fn make_memories(
        &mut self,
        pointer: NonNull<VmInstance>,
        module: &VmModule,
    ) -> Result<(), Box<Unwind>> {
        let artifact = module.loaded.artifact();
        let counts = artifact.counts();
        // SAFETY: the instance is not used by anything else now.
        let instance = unsafe { &mut *pointer.as_ptr() };
        for number in 0..counts.memories - counts.imported_memories {
            let index = MemoryIndex::new(counts.imported_memories + number);
            let ty = artifact.memory(index).map_err(damaged)?;
            let Ok(offset) = module.layout.memory(index) else {
                unreachable!("a defined memory has a record")
            };
            let image = artifact.memory_image(DefinedMemoryIndex::new(number)).map_err(damaged)?;
            // SAFETY: the record is in the context, which lives as long as the store.
            let mut memory = unsafe {
                if ty.shared {
                    let shared = VmSharedMemory::new(ty, &self.engine).map_err(fail)?;
                    let memory = VmMemory::of_shared(shared);
                    bind_memory(instance.at(offset), &memory);
                    memory
                } else {
                    let record = NonNull::new_unchecked(instance.at(offset));
                    VmMemory::new(ty, &self.engine, record).map_err(fail)?
                }
            };
            if let Some(image) = image {
                // SAFETY: nothing borrows the new memory; artifacts do not change while loaded.
                unsafe { memory.set_image(&image, &module.loaded, number) }.map_err(fail)?;
            }
            instance.memories.push(self.adopt_memory(memory));
        }
        Ok(())
    }

    unsafe fn make_tables(
        &mut self,
        pointer: NonNull<VmInstance>,
        module: &VmModule,
    ) -> Result<(), Box<Unwind>> {
        let artifact = module.loaded.artifact();
        let counts = artifact.counts();
        // SAFETY: the instance is not used by anything else now.
        let instance = unsafe { &mut *pointer.as_ptr() };
        for number in counts.imported_tables..counts.tables {
            let index = TableIndex::new(number);
            let ty = artifact.table(index).map_err(damaged)?;
            let Ok(offset) = module.layout.table(index) else {
                unreachable!("a defined table has a record")
            };
            // SAFETY: record and instance live as long as the store.
            let table = unsafe {
                let record = NonNull::new_unchecked(instance.at(offset));
                VmTable::new(ty, record, Some((pointer, number)), 0).map_err(fail)?
            };
            instance.tables.push(self.adopt_table(table));
        }
        Ok(())
    }
}

/// Writes the import records, and puts the imported tables and memories at the start of the
/// instance's lists.
pub(super) unsafe fn bind_imports(
    pointer: NonNull<VmInstance>,
    module: &VmModule,
    imports: &[VmImport],
) -> Result<(), Box<Unwind>> {
    // SAFETY: the instance is not used by anything else now.
    let instance = unsafe { &mut *pointer.as_ptr() };
    for (import, bound) in module.imports().iter().zip(imports) {
        // SAFETY: the layout gives places within the context; what is bound lives as long as the
        // store, and has the type declared, as the caller promises.
        unsafe {
            match (*import, *bound) {
                (EntityIndex::Func(func), VmImport::Func(func_ref)) => {
                    let record = instance.at(module.layout.imported_function(func));
                    bind_func(record, instance.vmctx(), func_ref);
                }
                (EntityIndex::Func(func), VmImport::Host(def)) => {
                    bind_host(instance, module, func, def);
                }
                (EntityIndex::Table(table), VmImport::Table(bound)) => {
                    let Err(offset) = module.layout.table(table) else {
                        unreachable!("an imported table has an import record")
                    };
                    let owner = bound.as_ref().owner();
                    instance.at::<TableImport>(offset).write(TableImport {
                        table: bound.as_ref().record().as_ptr(),
                        owner: owner.map_or(std::ptr::null_mut(), |owner| owner.as_ref().vmctx()),
                    });
                    set_or_push(&mut instance.tables, table.index(), bound);
                }
                (EntityIndex::Memory(memory), VmImport::Memory(bound)) => {
                    let Err(offset) = module.layout.memory(memory) else {
                        unreachable!("an imported memory has an import record")
                    };
                    bind_memory(instance.at(offset), bound.as_ref());
                    set_or_push(&mut instance.memories, memory.index(), bound);
                }
                (EntityIndex::Memory(memory), VmImport::SharedMemory(shared)) => {
                    // It becomes part of the store with the first instance that imports it.
                    let store = &mut *(*instance.store()).vm;
                    let bound = store.shared_memory(shared);
                    let Err(offset) = module.layout.memory(memory) else {
                        unreachable!("an imported memory has an import record")
                    };
                    bind_memory(instance.at(offset), bound.as_ref());
                    set_or_push(&mut instance.memories, memory.index(), bound);
                }
                (EntityIndex::Global(global), VmImport::Global(bound)) => {
                    let Err(offset) = module.layout.global(global) else {
                        unreachable!("an imported global has a pointer")
                    };
                    instance.at::<*mut ValRaw>(offset).write(bound.as_ptr());
                }
                (EntityIndex::Tag(tag), VmImport::Tag(bound)) => {
                    instance.at::<*mut VmTag>(module.layout.tag(tag)).write(bound.as_ptr());
                }
                _ => return Err(fail(Error::msg("an import is bound to an item of another kind"))),
            }
        }
    }
    Ok(())
}

/// Writes the record of a memory that is imported or shared.
///
/// # Safety
///
/// The record is in a context, and the memory lives as long as that.
unsafe fn bind_memory(record: *mut MemoryImport, memory: &VmMemory) {
    let import = MemoryImport { base: memory.base(), memory: memory.record().as_ptr() };
    // SAFETY: as the caller promises.
    unsafe { record.write(import) };
}

/// Sets an element of a list that already has it, or else appends it: then all elements before it
/// must be there.
fn set_or_push<T>(list: &mut Vec<T>, place: usize, value: T) {
    match list.get_mut(place) {
        Some(old) => *old = value,
        None => list.push(value),
    }
}

/// Binds an import to a function of the store. A host function gets a record of its own here, that
/// names the importing instance.
unsafe fn bind_func(
    record: *mut ImportRecord,
    importer: *mut VMContext,
    func_ref: NonNull<FuncRef>,
) {
    // SAFETY: as promised to `instantiate`.
    unsafe {
        let func = func_ref.as_ref();
        let host = if func.is_host() {
            let shared = &*func.context.cast::<HostRecord>();
            HostRecord { instance: importer, ..*shared }
        } else {
            NO_HOST
        };
        record.write(ImportRecord {
            code: func.code,
            context: func.context,
            func_ref: func_ref.as_ptr(),
            host,
        });
        if func.is_host() {
            (*record).context = (&raw mut (*record).host).cast();
        }
    }
}

/// The host part of the record of an import that is not the host's.
const NO_HOST: HostRecord = HostRecord {
    ty: std::ptr::null(),
    store: std::ptr::null_mut(),
    shim: std::ptr::null(),
    data: std::ptr::null(),
    instance: std::ptr::null_mut(),
};

/// Binds an import to a host function that is not part of the store. The reference to the function
/// is made on first use.
unsafe fn bind_host(
    instance: &mut VmInstance,
    module: &VmModule,
    func: FuncIndex,
    def: NonNull<HostDef>,
) {
    // SAFETY: as promised to `instantiate`.
    unsafe {
        let (code, shim) = def.as_ref().thunk_and_shim();
        let record = instance.at::<ImportRecord>(module.layout.imported_function(func));
        record.write(ImportRecord {
            code,
            context: (&raw mut (*record).host).cast(),
            func_ref: std::ptr::null_mut(),
            host: HostRecord {
                ty: def.as_ref().ty.as_ptr(),
                store: instance.store(),
                shim,
                data: def.as_ref().data,
                instance: instance.vmctx(),
            },
        });
    }
    instance.host_imports[func.index()] = Some(def);
}

unsafe fn set_globals(instance: NonNull<VmInstance>, module: &VmModule) -> Result<(), Box<Unwind>> {
    let artifact = module.loaded.artifact();
    let counts = artifact.counts();
    for number in 0..counts.globals - counts.imported_globals {
        let init = artifact.global_init(DefinedGlobalIndex::new(number)).map_err(damaged)?;
        let global = wasm_types::GlobalIndex::new(counts.imported_globals + number);
        // SAFETY: nothing borrows the instance. The place of a defined global is in the context,
        // where a collector looks; those that come later are null.
        unsafe {
            let value = evaluate(instance, init)?;
            instance.as_ref().global(global).write(value);
        }
    }
    Ok(())
}

/// Fills tables that are declared with an initial value.
unsafe fn fill_tables(instance: NonNull<VmInstance>, module: &VmModule) -> Result<(), Box<Unwind>> {
    let artifact = module.loaded.artifact();
    let counts = artifact.counts();
    for number in 0..counts.tables - counts.imported_tables {
        let init = artifact.table_init(DefinedTableIndex::new(number)).map_err(damaged)?;
        if let Some(init) = init {
            // SAFETY: the value of a reference type is its low 64 bits; nothing borrows the
            // instance and its table.
            unsafe {
                let value = evaluate(instance, init)?.u64;
                let index = TableIndex::new(counts.imported_tables + number);
                let table = &mut *instance.as_ref().table(index).as_ptr();
                table.fill(0, value, table.size());
            }
        }
    }
    Ok(())
}

unsafe fn apply_elements(
    instance: NonNull<VmInstance>,
    module: &VmModule,
) -> Result<(), Box<Unwind>> {
    for (number, element) in (0..).zip(module.loaded.artifact().elements()) {
        let element = element.map_err(damaged)?;
        match element.kind {
            ElementRefKind::Passive => continue,
            ElementRefKind::Active { table, offset } if !element.in_image => {
                let (elem, all) = (ElemIndex::new(number), 0..element.items.len());
                // SAFETY: the type of an offset is an integer, whose value the low 64 bits are.
                // Nothing borrows the instance and the table.
                unsafe {
                    let start = evaluate(instance, offset)?.u64;
                    let values = element_values(instance, elem, &element, all)?;
                    let table = instance.as_ref().tables.get(table.index());
                    let table = &mut *table.ok_or_else(no_such_item)?.as_ptr();
                    if !table.write(start, values.into_iter()) {
                        return Err(trap(TrapCode::TableOutOfBounds));
                    }
                }
            }
            ElementRefKind::Active { .. } | ElementRefKind::Declared => {}
        }
        // SAFETY: as above.
        unsafe { (&mut (*instance.as_ptr()).dropped_elements)[number as usize] = true };
    }
    Ok(())
}

/// Makes the elements of segments that make objects, so that they are the same whenever they are
/// used.
unsafe fn make_elements(
    instance: NonNull<VmInstance>,
    module: &VmModule,
) -> Result<(), Box<Unwind>> {
    for &elem in module.made_segments().map_err(damaged)? {
        let element = module.loaded.artifact().element(elem).map_err(damaged)?;
        // SAFETY: nothing borrows the instance.
        unsafe {
            let values = element_values(instance, elem, &element, 0..element.items.len())?;
            (*instance.as_ptr()).made_elements.push((elem, values.into()));
        }
    }
    Ok(())
}

/// The references that a segment holds in a range of its elements.
///
/// # Safety
///
/// As for [`evaluate`].
pub(super) unsafe fn element_values(
    instance: NonNull<VmInstance>,
    elem: ElemIndex,
    element: &ElementRef<'_>,
    places: Range<u32>,
) -> Result<Vec<u64>, Box<Unwind>> {
    let mut values = room_for::with_room(places.len(), WHAT).map_err(fail)?;
    // SAFETY: the instance is not borrowed for longer than each of these calls, as the caller
    // promises. The value of a reference type is its low 64 bits.
    unsafe {
        let made = (*instance.as_ptr()).made_elements.iter().find(|(made, _)| *made == elem);
        if let Some((_, made)) = made {
            values.extend_from_slice(&made[places.start as usize..places.end as usize]);
            return Ok(values);
        }
        match &element.items {
            ItemsRef::Functions(list) => {
                for place in places {
                    values.push(match list.get(place) {
                        Some(func) => {
                            let func = (*instance.as_ptr()).func(func);
                            func.map_err(damaged)?.as_ptr() as u64
                        }
                        None => 0,
                    });
                }
            }
            ItemsRef::Expressions(list) => {
                let vm = (*(*instance.as_ptr()).store()).vm;
                // A collector looks at those that are there while the others are made.
                let is_seen = element.ty.is_collected();
                for place in places {
                    let expr = list.get(place).map_err(damaged)?;
                    if is_seen {
                        (*vm).gc.unplaced.push(std::mem::take(&mut values));
                    }
                    let value = evaluate(instance, expr);
                    if is_seen {
                        values = (*vm).gc.unplaced.pop().expect("it was put there");
                    }
                    values.push(value?.u64);
                }
            }
        }
    }
    Ok(values)
}

unsafe fn apply_data(instance: NonNull<VmInstance>, module: &VmModule) -> Result<(), Box<Unwind>> {
    let plan = module.data_plan().map_err(damaged)?;
    for &number in &plan.writes {
        let data = module.loaded.artifact().data(number).map_err(damaged)?;
        let DataRefKind::Active { memory, offset } = data.kind else { continue };
        // SAFETY: the type of an offset is an integer, whose value the low 64 bits are. The copy is
        // within the memory, which is checked first.
        unsafe {
            let start = evaluate(instance, offset)?.u64;
            let memory = instance.as_ref().memories.get(memory.index());
            let memory = memory.ok_or_else(no_such_item)?.as_ref();
            let end = start.checked_add(data.bytes.len() as u64);
            if end.is_none_or(|end| end > memory.byte_size() as u64) {
                // The segments before this one are written and dropped.
                let dropped = &mut (*instance.as_ptr()).dropped_data;
                mark(dropped, &plan.active[..number.index()]);
                return Err(trap(TrapCode::MemoryOutOfBounds));
            }
            let to = memory.base().add(start as usize);
            std::ptr::copy_nonoverlapping(data.bytes.as_ptr(), to, data.bytes.len());
        }
    }
    // SAFETY: nothing borrows the instance.
    unsafe { mark(&mut (*instance.as_ptr()).dropped_data, &plan.active) };
    return Ok(());

    fn mark(dropped: &mut [bool], active: &[bool]) {
        // A damaged artifact may declare more segments than there are.
        dropped.iter_mut().zip(active).for_each(|(dropped, active)| *dropped = *active);
    }
}
