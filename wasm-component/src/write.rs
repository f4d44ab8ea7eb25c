//! Making plans.
//!
//! A [`PlanBuilder`] takes what a translator found out about a component, in the order of the
//! instantiation, and gives the bytes that [`Plan`](crate::Plan) reads. Equal types, options and
//! trampolines are kept once.

mod items;
mod modules;
mod pool;
mod steps;
mod types;

use alloc::vec::Vec;

use zerocopy::IntoBytes;

use crate::error::Error;
use crate::format::{
    ArgRecord, CoreDefRecord, CoreItemRecord, Header, InitializerRecord, ItemRecord,
    LoweringRecord, MAGIC, ModuleRecord, ModuleTypeRecord, NoteRecord, OptionsRecord, PARTS,
    PLAN_VERSION, Part, PartRecord, RangeRef, ResourceRecord, TrampolineRecord,
};
use crate::write::pool::{Counter, Pool};

pub use items::ItemTree;
pub use modules::{CoreItemDecl, CoreItemDeclType};
pub use types::TypesBuilder;

/// A plan that is being made.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    types: TypesBuilder,
    resources: Vec<ResourceRecord>,
    items: Vec<ItemRecord>,
    imports_of_items: Vec<u32>,
    imports: Option<RangeRef>,
    exports: Option<RangeRef>,
    options: Pool<OptionsRecord>,
    lowerings: Pool<LoweringRecord>,
    trampolines: Pool<TrampolineRecord>,
    core_defs: Pool<CoreDefRecord>,
    args: Vec<ArgRecord>,
    initializers: Vec<InitializerRecord>,
    modules: Vec<ModuleRecord>,
    module_types: Vec<ModuleTypeRecord>,
    core_items: Vec<CoreItemRecord>,
    notes: Vec<NoteRecord>,
    core_instances: Counter,
    component_instances: Counter,
    import_count: Counter,
    memories: Counter,
    reallocs: Counter,
    post_returns: Counter,
}

impl PlanBuilder {
    /// An empty plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its types.
    pub fn types(&mut self) -> &mut TypesBuilder {
        &mut self.types
    }

    /// Its types, to be read.
    pub fn types_ref(&self) -> crate::Types<'_> {
        self.types.view()
    }

    /// The plan.
    ///
    /// # Errors
    ///
    /// If it is too large.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let imports: Vec<zerocopy::little_endian::U32> =
            self.imports_of_items.iter().map(|place| (*place).into()).collect();
        let view = self.types.view();
        let parts: [(Part, &[u8]); PARTS] = [
            (Part::Strings, view.strings),
            (Part::Types, view.types.as_bytes()),
            (Part::Children, view.children.as_bytes()),
            (Part::FuncTypes, view.funcs.as_bytes()),
            (Part::Flats, view.flats),
            (Part::Resources, self.resources.as_bytes()),
            (Part::Items, self.items.as_bytes()),
            (Part::Imports, imports.as_bytes()),
            (Part::Options, self.options.records().as_bytes()),
            (Part::Lowerings, self.lowerings.records().as_bytes()),
            (Part::Trampolines, self.trampolines.records().as_bytes()),
            (Part::CoreDefs, self.core_defs.records().as_bytes()),
            (Part::Args, self.args.as_bytes()),
            (Part::Initializers, self.initializers.as_bytes()),
            (Part::Modules, self.modules.as_bytes()),
            (Part::ModuleTypes, self.module_types.as_bytes()),
            (Part::CoreItems, self.core_items.as_bytes()),
            (Part::Notes, self.notes.as_bytes()),
        ];
        let none = PartRecord { start: 0.into(), len: 0.into() };
        let mut header = Header {
            magic: MAGIC,
            version: PLAN_VERSION.into(),
            size: 0.into(),
            core_instances: self.core_instances.count().into(),
            component_instances: self.component_instances.count().into(),
            memories: self.memories.count().into(),
            reallocs: self.reallocs.count().into(),
            post_returns: self.post_returns.count().into(),
            imports: self.imports.unwrap_or(RangeRef::EMPTY),
            exports: self.exports.unwrap_or(RangeRef::EMPTY),
            directory: [none; PARTS],
        };
        let mut end = size_of::<Header>();
        for (part, bytes) in &parts {
            let entry = &mut header.directory[*part as usize];
            entry.start = fit(end)?.into();
            entry.len = fit(bytes.len())?.into();
            end += bytes.len();
        }
        header.size = fit(end)?.into();
        let mut plan = Vec::with_capacity(end);
        plan.extend_from_slice(header.as_bytes());
        for (_, bytes) in &parts {
            plan.extend_from_slice(bytes);
        }
        Ok(plan)
    }
}

/// A number as it can be written.
fn fit(number: usize) -> Result<u32, Error> {
    u32::try_from(number)
        .ok()
        .filter(|number| *number != u32::MAX)
        .ok_or_else(|| Error::too_large("its plan would have 4 GiB or more"))
}
