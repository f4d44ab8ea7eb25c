//! The core functions that the instances of a component get from the runtime: host functions that
//! are imported, builtins, and what destroys resources of the host. They are made once for all
//! instances that are made of the same imports; each instance only binds them.

use std::sync::Arc;

use wasm_component::{ResourceIndex, Trampoline};
use wasm_store::{FuncType, NumericFuncs, Result, ValType, bail, ensure};

use super::import::{Import, ImportResource};
use crate::builtins;
use crate::component::{Component, Def, ResourceSource, TrampolineType};
use crate::func::LoweredImport;
use crate::instance::data::{InstanceData, RuntimeFunc};
use crate::resource::ResourceType;

/// The core functions that instances get.
pub(super) struct Functions<T: 'static> {
    /// Those of the component, by their numbers, and behind them those that destroy resources.
    pub(super) all: NumericFuncs<T, InstanceData>,
    pub(super) resources: Box<[ImportedResource]>,
    /// The exported functions that are functions of the runtime, which no core instance has got.
    pub(super) lifted: Box<[Lifted]>,
}

/// A type of resources that is imported.
pub(super) struct ImportedResource {
    pub(super) resource: ResourceIndex,
    pub(super) ty: ResourceType,
    /// Which function destroys one.
    pub(super) destructor: usize,
}

/// An exported function that is a function of the runtime.
pub(super) struct Lifted {
    /// Its number among the exported functions.
    pub(super) number: usize,
    pub(super) trampoline: usize,
}

impl<T: 'static> Functions<T> {
    /// The functions for instances that are made of these imports.
    pub(super) fn new(
        component: &Component,
        imports: &[Import<T>],
        drops: builtins::Drops<T>,
    ) -> Result<Self> {
        let program = component.program()?;
        let mut all = Vec::with_capacity(program.trampolines.len());
        for trampoline in &program.trampolines {
            ensure!(
                !matches!(trampoline.what, Trampoline::Intrinsic(_))
                    || component.allows_unsafe_intrinsics(),
                "the component was compiled to have access to the host's memory: call \
                 `Component::allow_unsafe_intrinsics` when it was loaded"
            );
            all.push(make(trampoline, imports, drops)?);
        }
        let mut resources = Vec::new();
        for (number, source) in program.resources.iter().enumerate() {
            let ResourceSource::Imported(import) = source else { continue };
            let resource = ResourceIndex::new(number as u32);
            let Some(Import::Resource(ImportResource { ty, destructor })) =
                imports.get(import.index())
            else {
                bail!("the plan of the component is damaged: a resource is not imported");
            };
            resources.push(ImportedResource { resource, ty: *ty, destructor: all.len() });
            let ty = FuncType::new(component.engine(), [ValType::I32], []);
            all.push(Arc::clone(destructor).to_core(ty)?);
        }
        let exported = component.exports()?.funcs().iter().enumerate();
        let lifted = exported.filter_map(|(number, func)| match func.def {
            Def::Trampoline(trampoline) => Some(Lifted { number, trampoline }),
            _ => None,
        });
        Ok(Self {
            lifted: lifted.collect(),
            all: NumericFuncs::new(component.engine(), all)?,
            resources: resources.into(),
        })
    }
}

fn make<T: 'static>(
    trampoline: &TrampolineType,
    imports: &[Import<T>],
    drops: builtins::Drops<T>,
) -> Result<RuntimeFunc<T>> {
    let ty = trampoline.ty.clone();
    let Some(lowering) = &trampoline.lowering else {
        return builtins::make(trampoline.what, ty, drops);
    };
    let Some(Import::Func(func)) = imports.get(lowering.import.index()) else {
        bail!("the plan of the component is damaged: a function is not imported");
    };
    let import = LoweredImport::new(lowering.options, lowering.signature);
    Arc::clone(func).to_core(ty, import)
}
