//! What all instances of a module share.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use wasm_artifact::{Artifact, ConstExprRef, ElementRefKind, ItemsRef};
use wasm_loader::Loaded;
use wasm_types::WasmFeatures;
use wasm_types::abi::ContextLayout;
use wasm_types::{
    DataIndex, ElemIndex, EntityIndex, EntityType, FuncIndex, GlobalIndex, TagIndex, TypeIndex,
};

use super::counters::ModuleCounters;
use super::state::sizes::SizedImport;
use super::type_record::{ArrayTypeRecord, FuncTypeRecord, StructTypeRecord};
use crate::Error;

/// The type of a structure, an array or a continuation. The records live as long as the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CollectedType {
    /// A structure.
    Struct(NonNull<StructTypeRecord>),
    /// An array.
    Array(NonNull<ArrayTypeRecord>),
    /// A continuation: all are of one type in the heap.
    Cont,
}

/// A loaded module, with its types as the engine knows them.
#[derive(Debug)]
pub(crate) struct VmModule {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) layout: ContextLayout,
    /// By type index; null for types that are not those of functions.
    pub(crate) types: Box<[*const FuncTypeRecord]>,
    /// The engine-wide ids, as they stand in every instance context.
    pub(super) type_ids: Box<[u32]>,
    /// The structures, arrays and continuations that it declares, in order.
    collected_types: Box<[(TypeIndex, CollectedType)]>,
    /// How its code finds out whether it is to stop.
    pub(super) interrupt_check: InterruptCheck,
    /// If its code counts.
    pub(crate) counters: Option<ModuleCounters>,
    data_plan: OnceLock<DataPlan>,
    imports: ModuleImports,
    collected_globals: OnceLock<Box<[GlobalIndex]>>,
    made_segments: OnceLock<Box<[ElemIndex]>>,
    tag_exports: OnceLock<Box<[(TagIndex, u32)]>>,
}

/// The imports of a module.
#[derive(Debug, Default)]
pub(crate) struct ModuleImports {
    /// The index of each in the index space of its kind, in order.
    all: Vec<EntityIndex>,
    /// The imports whose size matters.
    sized: Vec<SizedImport>,
    /// The positions of functions among them, in order.
    #[cfg(feature = "call-hook")]
    funcs: Vec<u32>,
}

impl ModuleImports {
    /// Adds the next import.
    pub(crate) fn push(&mut self, index: EntityIndex, ty: EntityType) {
        let place = self.all.len();
        self.sized.extend(SizedImport::of(place, index, ty));
        #[cfg(feature = "call-hook")]
        if matches!(index, EntityIndex::Func(_)) {
            self.funcs.push(place as u32);
        }
        self.all.push(index);
    }
}

/// Where the code of a module finds out whether it is to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum InterruptCheck {
    /// Nowhere: it can't be interrupted.
    Nowhere,
    /// At the page below the module's first memory, which is not shared.
    BelowMemory,
    /// At a page of the store.
    Page,
}

impl InterruptCheck {
    fn of(artifact: &Artifact<'_>) -> Result<Self, wasm_artifact::Error> {
        let tunables = artifact.tunables();
        if !tunables.interruption {
            return Ok(Self::Nowhere);
        }
        let has_memory = artifact.counts().memories > 0;
        let is_below = has_memory
            && tunables.interrupts_below(&artifact.memory(wasm_types::MemoryIndex::new(0))?);
        Ok(if is_below { Self::BelowMemory } else { Self::Page })
    }
}

/// What each instantiation has to do about data segments.
#[derive(Debug)]
pub(super) struct DataPlan {
    /// For each segment, whether it is active. Active segments are dropped once they are written.
    pub(super) active: Box<[bool]>,
    /// The active segments that are not part of a memory's initial image, in order.
    pub(super) writes: Box<[DataIndex]>,
}

// SAFETY: the records of types are never written after they were made, and live as long as the
// engine, which every module keeps alive.
unsafe impl Send for VmModule {}
// SAFETY: as above.
unsafe impl Sync for VmModule {}

impl VmModule {
    /// A module from its artifact, its function types by type index (null for other types), the
    /// engine-wide ids of all its types, the structures and arrays among them, and its imports.
    pub(crate) fn new(
        loaded: Arc<Loaded>,
        types: Box<[*const FuncTypeRecord]>,
        type_ids: Box<[u32]>,
        collected_types: Box<[(TypeIndex, CollectedType)]>,
        imports: ModuleImports,
    ) -> Result<Self, Error> {
        let layout = loaded.artifact().context_layout().map_err(Error::new)?;
        let interrupt_check = InterruptCheck::of(loaded.artifact()).map_err(Error::new)?;
        let counters = ModuleCounters::of(loaded.artifact()).map_err(Error::new)?;
        Ok(Self {
            loaded,
            layout,
            types,
            type_ids,
            collected_types,
            interrupt_check,
            counters,
            data_plan: OnceLock::new(),
            imports,
            collected_globals: OnceLock::new(),
            made_segments: OnceLock::new(),
            tag_exports: OnceLock::new(),
        })
    }

    /// What to do about data segments. It is worked out at the first instantiation: then neither
    /// loading nor further instantiations look at each segment, of which a module can have
    /// thousands.
    pub(super) fn data_plan(&self) -> Result<&DataPlan, wasm_artifact::Error> {
        if let Some(plan) = self.data_plan.get() {
            return Ok(plan);
        }
        let segments = self.loaded.artifact().data_uses()?;
        let mut active = Vec::with_capacity(segments.len());
        let mut writes = Vec::new();
        for (number, segment) in (0..).zip(segments) {
            if segment.is_active && !segment.in_image {
                writes.push(DataIndex::new(number));
            }
            active.push(segment.is_active);
        }
        let plan = DataPlan { active: active.into(), writes: writes.into() };
        Ok(self.data_plan.get_or_init(|| plan))
    }

    /// Whether its code has to do with continuations.
    pub(super) fn suspends(&self) -> bool {
        self.loaded.artifact().features().contains(WasmFeatures::STACK_SWITCHING)
    }

    /// The structures, arrays and continuations that it declares, in order.
    pub(super) fn collected_types(&self) -> &[(TypeIndex, CollectedType)] {
        &self.collected_types
    }

    /// The engine-wide id of one of its types.
    pub(super) fn type_id(&self, ty: TypeIndex) -> Option<u32> {
        self.type_ids.get(ty.index()).copied()
    }

    /// The largest engine-wide id of its types; `None` if it has none.
    pub(super) fn most_type_id(&self) -> Option<u32> {
        self.type_ids.iter().max().copied()
    }

    /// The segments whose elements are made when the module is instantiated: the passive ones with
    /// expressions that make objects.
    pub(super) fn made_segments(&self) -> Result<&[ElemIndex], wasm_artifact::Error> {
        if let Some(made) = self.made_segments.get() {
            return Ok(made);
        }
        let mut made = Vec::new();
        // A module that declares no object makes none.
        let elements = match self.collected_types.is_empty() {
            true => None,
            false => Some(self.loaded.artifact().elements()),
        };
        for (number, element) in (0..).zip(elements.into_iter().flatten()) {
            let element = element?;
            if let (ElementRefKind::Passive, ItemsRef::Expressions(list)) =
                (element.kind, element.items)
                && list.iter().try_fold(false, |found, expr| Ok(found || makes_objects(expr?)?))?
            {
                made.push(ElemIndex::new(number));
            }
        }
        Ok(self.made_segments.get_or_init(|| made.into()))
    }

    /// Finds out which of the globals that the module defines hold references into the heap. To be
    /// called before there is an instance.
    pub(super) fn find_collected_globals(&self) -> Result<(), wasm_artifact::Error> {
        if self.collected_globals.get().is_some() {
            return Ok(());
        }
        let artifact = self.loaded.artifact();
        let counts = artifact.counts();
        let mut found = Vec::new();
        for global in (counts.imported_globals..counts.globals).map(GlobalIndex::new) {
            if artifact.global(global)?.content.is_collected() {
                found.push(global);
            }
        }
        self.collected_globals.get_or_init(|| found.into());
        Ok(())
    }

    /// The globals that the module defines and that hold references into the heap, once there is an
    /// instance of it.
    pub(super) fn collected_globals(&self) -> &[GlobalIndex] {
        self.collected_globals.get().map_or(&[], |globals| globals)
    }

    /// The tags that the module exports, with the positions of the exports. They are looked for
    /// once: an uncaught exception is named by them, and a module can have thousands of exports.
    pub(crate) fn tag_exports(&self) -> &[(TagIndex, u32)] {
        self.tag_exports.get_or_init(|| {
            let artifact = self.loaded.artifact();
            if artifact.counts().tags == 0 {
                return Box::default();
            }
            let tag =
                |(position, export): (u32, Result<wasm_artifact::ExportRef<'_>, _>)| match export
                    .ok()?
                    .index
                {
                    EntityIndex::Tag(tag) => Some((tag, position)),
                    _ => None,
                };
            (0..).zip(artifact.exports()).filter_map(tag).collect()
        })
    }

    /// The index of each import in the index space of its kind, in order.
    pub(super) fn imports(&self) -> &[EntityIndex] {
        &self.imports.all
    }

    /// The imports of tables and memories, in order.
    pub(super) fn sized_imports(&self) -> &[SizedImport] {
        &self.imports.sized
    }

    /// The import of a function; `None` if the module does not import it.
    #[cfg(feature = "call-hook")]
    pub(super) fn function_import(&self, func: FuncIndex) -> Option<wasm_artifact::ImportRef<'_>> {
        let place = *self.imports.funcs.get(func.index())?;
        self.loaded.artifact().import_at(place).ok()
    }

    /// The record of a function's type.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged, or has no such function.
    pub(crate) fn type_of(
        &self,
        func: FuncIndex,
    ) -> Result<NonNull<FuncTypeRecord>, wasm_artifact::Error> {
        self.func_type(self.loaded.artifact().function_type(func)?)
    }

    /// The record of a function type.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged, or the type is that of something else.
    pub(super) fn func_type(
        &self,
        ty: TypeIndex,
    ) -> Result<NonNull<FuncTypeRecord>, wasm_artifact::Error> {
        let artifact = self.loaded.artifact();
        match self.types.get(ty.index()).and_then(|ty| NonNull::new(ty.cast_mut())) {
            Some(record) => Ok(record),
            // The index is that of another kind of type. Reading it as a function type gives the
            // error that says so.
            None => Err(artifact
                .func_type(ty)
                .err()
                .unwrap_or_else(|| unreachable!("every function type has a record"))),
        }
    }
}

/// Whether the value of an expression is another object each time.
fn makes_objects(expr: ConstExprRef<'_>) -> Result<bool, wasm_artifact::Error> {
    for op in expr.ops() {
        if op?.makes_object() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How far below its frame pointer the function at an address keeps its instance context; `None` if
/// it does not keep it.
pub(super) fn frame_slot(pc: usize) -> Option<u32> {
    let loaded = wasm_loader::registry::find(pc)?;
    let artifact = loaded.artifact();
    let func = artifact.function_at(loaded.text_offset(pc)?)?;
    artifact.frame_slot(FuncIndex::new(artifact.counts().imported_functions + func.as_u32()))
}
