//! Lists of a plan: the steps of the instantiation, and core modules.

use wasm_types::ValType;

use crate::error::Error;
use crate::format::{InitializerRecord, ModuleRecord, NONE, Part, initializer, role};
use crate::index::LoweringIndex;
use crate::initializer::Initializer;
use crate::read::args::Args;
use crate::read::plan::Plan;

/// The steps of the instantiation.
#[derive(Clone, Copy, Debug)]
pub struct Initializers<'a> {
    plan: Plan<'a>,
    records: &'a [InitializerRecord],
}

/// The core modules that are compiled with a component.
#[derive(Clone, Copy, Debug)]
pub struct Modules<'a> {
    records: &'a [ModuleRecord],
    strings: &'a [u8],
}

/// A core module that is compiled with a component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StaticModule<'a> {
    /// Its name, if its name section has one.
    pub name: &'a str,
    /// Whether it is no module of the component, but connects components in it.
    pub adapter: bool,
}

/// Its lists.
impl<'a> Plan<'a> {
    /// The steps of the instantiation.
    pub fn initializers(self) -> Initializers<'a> {
        Initializers::new(self, self.table(Part::Initializers))
    }

    /// The core modules that are compiled with the component.
    pub fn modules(self) -> Modules<'a> {
        Modules::new(self.table(Part::Modules), self.strings())
    }
}

impl<'a> Initializers<'a> {
    pub(crate) fn new(plan: Plan<'a>, records: &'a [InitializerRecord]) -> Self {
        Self { plan, records }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.records.is_empty()
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<Initializer<'a>, Error>> + 'a {
        self.records.iter().map(move |record| self.decode(record))
    }

    fn decode(self, record: &'a InitializerRecord) -> Result<Initializer<'a>, Error> {
        let plan = self.plan;
        let (a, b) = (record.a.get(), record.b.get());
        let args = || {
            let damaged = || Error::damaged("an instance gets arguments that do not exist");
            let records = record.args.of(plan.table(Part::Args)).ok_or_else(damaged)?;
            Ok(Args::new(plan, records))
        };
        Ok(match record.kind.get() {
            initializer::INSTANTIATE_MODULE => Initializer::InstantiateModule {
                instance: plan.checked_core_instance(a)?,
                module: plan.checked_module(b)?,
                args: args()?,
            },
            initializer::INSTANTIATE_IMPORTED_MODULE => Initializer::InstantiateImportedModule {
                instance: plan.checked_core_instance(a)?,
                import: plan.checked_import(b)?,
                args: args()?,
            },
            initializer::LOWER_IMPORT => {
                let lowering = LoweringIndex::new(a);
                plan.lowering(lowering)?;
                Initializer::LowerImport { lowering }
            }
            initializer::EXTRACT_MEMORY => {
                Initializer::ExtractMemory { slot: plan.checked_memory(a)?, def: plan.core_def(b)? }
            }
            initializer::EXTRACT_REALLOC => Initializer::ExtractRealloc {
                slot: plan.checked_realloc(a)?,
                def: plan.core_def(b)?,
            },
            initializer::EXTRACT_POST_RETURN => Initializer::ExtractPostReturn {
                slot: plan.checked_post_return(a)?,
                def: plan.core_def(b)?,
            },
            initializer::DEFINE_RESOURCE => Initializer::DefineResource {
                resource: plan.checked_resource(a)?,
                instance: plan.checked_component_instance(b)?,
                rep: ValType::I32,
                dtor: match record.args.start.get() {
                    NONE => None,
                    place => Some(plan.core_def(place)?),
                },
            },
            _ => return Err(Error::damaged("a step of the instantiation has an unknown kind")),
        })
    }
}

impl<'a> Modules<'a> {
    pub(crate) fn new(records: &'a [ModuleRecord], strings: &'a [u8]) -> Self {
        Self { records, strings }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.records.is_empty()
    }

    /// All of them, by index.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<StaticModule<'a>, Error>> + 'a {
        self.records.iter().map(move |record| {
            let adapter = match record.role.get() {
                role::OWN => false,
                role::ADAPTER => true,
                _ => return Err(Error::damaged("a module is of an unknown kind")),
            };
            Ok(StaticModule { name: record.name.of(self.strings)?, adapter })
        })
    }
}
