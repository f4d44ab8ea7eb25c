//! Types of core modules that are imported or exported.

use wasm_types::{MemoryType, RefType, ValType};

use crate::core_def::CoreKind;
use crate::error::Error;
use crate::format::{CoreItemRecord, ModuleTypeRecord, Part, RangeRef, limit_bits};
use crate::index::ModuleTypeIndex;
use crate::read::plan::Plan;

/// A type of core modules.
#[derive(Clone, Copy, Debug)]
pub struct ModuleType<'a> {
    imports: CoreItems<'a>,
    exports: CoreItems<'a>,
}

/// What a module imports or exports.
#[derive(Clone, Copy, Debug)]
pub struct CoreItems<'a> {
    plan: Plan<'a>,
    records: &'a [CoreItemRecord],
}

/// An import or export of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoreItem<'a> {
    /// The first name of an import; empty for exports.
    pub module: &'a str,
    /// The name.
    pub name: &'a str,
    /// Its type.
    pub ty: CoreItemType<'a>,
}

/// The type of an import or export of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CoreItemType<'a> {
    /// A function.
    Func {
        /// Its parameters.
        params: CoreValTypes<'a>,
        /// Its results.
        results: CoreValTypes<'a>,
    },
    /// A table.
    Table {
        /// The type of its elements.
        element: RefType,
        /// The size at the start.
        minimum: u64,
        /// The largest size.
        maximum: Option<u64>,
        /// Whether it is indexed with 64-bit integers.
        table64: bool,
        /// Whether it is shared between threads.
        shared: bool,
    },
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global {
        /// The type of its value.
        content: ValType,
        /// Whether it can be set.
        mutable: bool,
    },
    /// A tag.
    Tag {
        /// What it carries.
        params: CoreValTypes<'a>,
    },
}

/// Some types of core values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoreValTypes<'a> {
    bytes: &'a [u8],
}

/// Its types of core modules.
impl<'a> Plan<'a> {
    /// A type of core modules.
    ///
    /// # Errors
    ///
    /// If there is no such type, or the plan is damaged.
    pub fn module_type(self, index: ModuleTypeIndex) -> Result<ModuleType<'a>, Error> {
        ModuleType::new(self, index)
    }
}

impl<'a> ModuleType<'a> {
    pub(crate) fn new(plan: Plan<'a>, index: ModuleTypeIndex) -> Result<Self, Error> {
        let damaged = || Error::damaged("a module type does not exist");
        let table = plan.table::<ModuleTypeRecord>(Part::ModuleTypes);
        let record = table.get(index.index()).ok_or_else(damaged)?;
        let items = plan.table::<CoreItemRecord>(Part::CoreItems);
        let of = |range: RangeRef| {
            let records = range.of(items).ok_or_else(damaged)?;
            Ok(CoreItems { plan, records })
        };
        Ok(Self { imports: of(record.imports)?, exports: of(record.exports)? })
    }

    /// The imports that a module of the type may have.
    pub fn imports(self) -> CoreItems<'a> {
        self.imports
    }

    /// The exports that a module of the type must have.
    pub fn exports(self) -> CoreItems<'a> {
        self.exports
    }
}

impl<'a> CoreItems<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.records.is_empty()
    }

    /// All of them, in the order in which they were declared.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<CoreItem<'a>, Error>> + 'a {
        self.records.iter().map(move |record| self.item(record))
    }

    fn item(self, record: &'a CoreItemRecord) -> Result<CoreItem<'a>, Error> {
        let flats = self.plan.types().flats;
        let types = |range: RangeRef| {
            let bytes =
                range.of(flats).ok_or_else(|| Error::damaged("a core type does not exist"))?;
            if bytes.iter().any(|byte| decode_val_type(*byte).is_none()) {
                return Err(Error::damaged("a core type is unknown"));
            }
            Ok(CoreValTypes { bytes })
        };
        let single = || {
            let damaged = || Error::damaged("a core item has no type");
            types(record.types)?.iter().next().ok_or_else(damaged)
        };
        let bits = record.bits.get();
        let has = |bit| bits & bit != 0;
        if bits & !limit_bits::ALL != 0 {
            return Err(Error::damaged("a core item has an unknown property"));
        }
        let minimum = record.minimum.get();
        let maximum = has(limit_bits::HAS_MAXIMUM).then_some(record.maximum.get());
        let kind = CoreKind::ALL.get(record.kind.get() as usize);
        let ty = match kind.ok_or_else(|| Error::damaged("a core item has an unknown kind"))? {
            CoreKind::Func => {
                CoreItemType::Func { params: types(record.types)?, results: types(record.results)? }
            }
            CoreKind::Table => CoreItemType::Table {
                element: single()?
                    .as_ref()
                    .ok_or_else(|| Error::damaged("a table has elements that are no references"))?,
                minimum,
                maximum,
                table64: has(limit_bits::IS_64),
                shared: has(limit_bits::SHARED),
            },
            CoreKind::Memory => CoreItemType::Memory(MemoryType {
                minimum,
                maximum,
                memory64: has(limit_bits::IS_64),
                shared: has(limit_bits::SHARED),
                page_size_log2: match record.page_size.get() {
                    log2 @ (0 | 16) => log2 as u8,
                    _ => return Err(Error::damaged("a memory has an impossible page size")),
                },
            }),
            CoreKind::Global => {
                CoreItemType::Global { content: single()?, mutable: has(limit_bits::MUTABLE) }
            }
            CoreKind::Tag => CoreItemType::Tag { params: types(record.types)? },
        };
        let strings = self.plan.strings();
        Ok(CoreItem { module: record.module.of(strings)?, name: record.name.of(strings)?, ty })
    }
}

impl<'a> CoreValTypes<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl Iterator<Item = ValType> + 'a {
        // All were looked at when the list was made.
        self.bytes.iter().filter_map(|byte| decode_val_type(*byte))
    }
}

/// The types that module types of a plan can have, by their numbers.
pub(crate) const VAL_TYPES: [ValType; 7] = [
    ValType::I32,
    ValType::I64,
    ValType::F32,
    ValType::F64,
    ValType::V128,
    ValType::FUNCREF,
    ValType::EXTERNREF,
];

fn decode_val_type(number: u8) -> Option<ValType> {
    VAL_TYPES.get(usize::from(number)).copied()
}
