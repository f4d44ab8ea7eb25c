//! What a component imports and exports: two trees of named items.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::core_def::CoreDef;
use crate::error::Error;
use crate::format::{ItemRecord, NONE, NoteRecord, Part, RangeRef, StrRef, item, note};
use crate::index::{
    FuncTypeIndex, ImportIndex, ModuleTypeIndex, OptionsIndex, ResourceIndex, StaticModuleIndex,
};
use crate::interface_type::InterfaceType;
use crate::name::{compare_with_track, track};
use crate::read::plan::Plan;

/// Items of an instance, or the imports or exports of the component.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    plan: Plan<'a>,
    /// Where the records begin in the whole table.
    start: usize,
    records: &'a [ItemRecord],
    /// The instance that they are in, or none.
    parent: u32,
    /// In how many instances they are.
    depth: u32,
}

/// How deep instances may lie within each other in what is imported and exported.
pub const MAX_INSTANCE_DEPTH: u32 = 100;

/// An item with its name.
#[derive(Clone, Copy, Debug)]
pub struct NamedItem<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub item: Item<'a>,
}

/// Something that is imported or exported.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A function that the component imports.
    ImportedFunc {
        /// Which of the imports it is.
        import: ImportIndex,
        /// Its type.
        ty: FuncTypeIndex,
    },
    /// A core function that is lifted.
    LiftedFunc {
        /// The core function.
        def: CoreDef<'a>,
        /// Its type.
        ty: FuncTypeIndex,
        /// How it is lifted.
        options: OptionsIndex,
    },
    /// A core module that the component imports.
    ImportedModule {
        /// Which of the imports it is.
        import: ImportIndex,
        /// Its type.
        ty: ModuleTypeIndex,
    },
    /// A core module of the component.
    StaticModule {
        /// The module.
        module: StaticModuleIndex,
        /// Its type.
        ty: ModuleTypeIndex,
    },
    /// An instance.
    Instance(Items<'a>),
    /// A value type with a name.
    Type(InterfaceType),
    /// A resource. Among imports, [`Resource::import`](crate::Resource::import) says at which item
    /// it is imported; other items that name the same resource have to be that one.
    Resource(ResourceIndex),
}

/// A function, module or resource that the component imports.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The item.
    pub item: NamedItem<'a>,
    plan: Plan<'a>,
    parent: u32,
}

/// What a component says of an import or export, or of something in one, beside its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Note<'a> {
    /// Whether it is of an export.
    pub is_export: bool,
    /// The names that lead there, with [`Note::SEPARATOR`] in between.
    pub path: &'a str,
    /// The interface that it implements, if that is not its name.
    pub implements: Option<&'a str>,
    /// What it is outside: a text of whoever made the component, for the host.
    pub external_id: Option<&'a str>,
}

impl Note<'_> {
    /// Stands between the names of a path, and in none.
    pub const SEPARATOR: char = note::SEPARATOR;
}

/// Its imports and exports.
impl<'a> Plan<'a> {
    /// What the component imports.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn imports(self) -> Result<Items<'a>, Error> {
        Items::new(self, self.header().imports, NONE, 0)
    }

    /// What the component says of its imports and exports, and of what is in them, beside their
    /// names.
    ///
    /// # Errors
    ///
    /// Of an element, if the plan is damaged.
    pub fn notes(self) -> impl ExactSizeIterator<Item = Result<Note<'a>, Error>> + 'a {
        let records = self.table::<NoteRecord>(Part::Notes).iter();
        records.map(move |record| {
            let flags = record.flags.get();
            let text = |text: StrRef, flag| {
                let said = (flags & flag != 0).then(|| text.of(self.strings()));
                said.transpose()
            };
            Ok(Note {
                is_export: flags & note::EXPORT != 0,
                path: record.path.of(self.strings())?,
                implements: text(record.implements, note::IMPLEMENTS)?,
                external_id: text(record.external_id, note::EXTERNAL_ID)?,
            })
        })
    }

    /// What the component exports.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn exports(self) -> Result<Items<'a>, Error> {
        Items::new(self, self.header().exports, NONE, 0)
    }

    /// A function, module or resource that is imported.
    ///
    /// # Errors
    ///
    /// If there is no such import, or the plan is damaged.
    pub fn import(self, index: ImportIndex) -> Result<Import<'a>, Error> {
        Import::new(self, index)
    }
}

impl<'a> Items<'a> {
    pub(crate) fn new(
        plan: Plan<'a>,
        range: RangeRef,
        parent: u32,
        depth: u32,
    ) -> Result<Self, Error> {
        let damaged = || Error::damaged("an instance has items that do not exist");
        let records = range.of(plan.items()).ok_or_else(damaged)?;
        if depth > MAX_INSTANCE_DEPTH {
            return Err(Error::damaged("instances are nested too deep"));
        }
        Ok(Self { plan, start: range.start.get() as usize, records, parent, depth })
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.records.is_empty()
    }

    /// All of them, in the order in which they were declared.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<NamedItem<'a>, Error>> + 'a {
        self.records.iter().map(move |record| {
            let place = record.declared.get() as usize;
            self.item(place)
        })
    }

    /// All of them, sorted by name.
    pub fn sorted(self) -> impl ExactSizeIterator<Item = Result<NamedItem<'a>, Error>> + 'a {
        (0..self.records.len()).map(move |place| self.item(place))
    }

    /// The item of exactly that name.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn find_exact(self, name: &str) -> Result<Option<Item<'a>>, Error> {
        let place = self.partition(|other| other < name)?;
        if place == self.records.len() {
            return Ok(None);
        }
        let found = self.item(place)?;
        Ok((found.name == name).then_some(found.item))
    }

    /// The item of that name, or if there is none, that with the highest version which can stand
    /// for it (see [`track`]).
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn find(self, name: &str) -> Result<Option<Item<'a>>, Error> {
        if let Some(item) = self.find_exact(name)? {
            return Ok(Some(item));
        }
        let Some((key, _)) = track(name) else { return Ok(None) };
        let start = self.partition(|other| compare_with_track(other, key) == Ordering::Less)?;
        let mut best = None;
        for (place, record) in self.records.iter().enumerate().skip(start) {
            let name = record.name.of(self.plan.strings())?;
            if compare_with_track(name, key) != Ordering::Equal {
                break;
            }
            if let Some((of, version)) = track(name)
                && of == key
                && best.is_none_or(|(highest, _)| version > highest)
            {
                best = Some((version, place));
            }
        }
        best.map(|(_, place)| Ok(self.item(place)?.item)).transpose()
    }

    /// How many records stand before the first for whose name `before` is false.
    fn partition(self, before: impl Fn(&str) -> bool) -> Result<usize, Error> {
        let (mut low, mut high) = (0, self.records.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.records[middle].name.of(self.plan.strings())?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The item at a place.
    fn item(self, place: usize) -> Result<NamedItem<'a>, Error> {
        let record =
            self.records.get(place).ok_or_else(|| Error::damaged("an item is out of order"))?;
        // A tree that is damaged must not send a reader around in a circle: what is in an instance
        // stands behind it. Nor to the same items again and again, which takes time without end.
        let end = self.start + self.records.len();
        let inside = record.a.get() as usize;
        if record.kind.get() == item::INSTANCE && record.b.get() != 0 && inside < end {
            return Err(Error::damaged("an instance lies within itself"));
        }
        if record.parent.get() != self.parent {
            return Err(Error::damaged("an item lies within two instances"));
        }
        record.decode(self.plan, self.start + place, self.depth)
    }
}

impl ItemRecord {
    /// The item that the record at that place of the whole table is.
    fn decode<'a>(
        &'a self,
        plan: Plan<'a>,
        place: usize,
        depth: u32,
    ) -> Result<NamedItem<'a>, Error> {
        let (a, b, c) = (self.a.get(), self.b.get(), self.c.get());
        let item = match self.kind.get() {
            item::IMPORTED_FUNC => Item::ImportedFunc {
                import: plan.checked_import(a)?,
                ty: plan.checked_func_type(b)?,
            },
            item::LIFTED_FUNC => Item::LiftedFunc {
                def: plan.core_def(a)?,
                ty: plan.checked_func_type(b)?,
                options: plan.checked_options(c)?,
            },
            item::IMPORTED_MODULE => Item::ImportedModule {
                import: plan.checked_import(a)?,
                ty: plan.checked_module_type(b)?,
            },
            item::STATIC_MODULE => Item::StaticModule {
                module: plan.checked_module(a)?,
                ty: plan.checked_module_type(b)?,
            },
            item::INSTANCE => {
                let range = RangeRef { start: self.a, len: self.b };
                // The table has fewer records than 32 bits can count.
                Item::Instance(Items::new(plan, range, place as u32, depth + 1)?)
            }
            item::TYPE => {
                let unknown = || Error::damaged("an item has a type of an unknown kind");
                let ty = InterfaceType::decode(a, b).ok_or_else(unknown)?;
                plan.types().check_known(ty)?;
                Item::Type(ty)
            }
            item::RESOURCE => Item::Resource(plan.checked_resource(a)?),
            _ => return Err(Error::damaged("an item has an unknown kind")),
        };
        Ok(NamedItem { name: self.name.of(plan.strings())?, item })
    }
}

impl<'a> Import<'a> {
    pub(crate) fn new(plan: Plan<'a>, index: ImportIndex) -> Result<Self, Error> {
        let damaged = || Error::damaged("an import does not exist");
        let place = plan.imports_table().get(index.index()).ok_or_else(damaged)?.get();
        let record = plan.items().get(place as usize).ok_or_else(damaged)?;
        Ok(Self {
            item: record.decode(plan, place as usize, 0)?,
            plan,
            parent: record.parent.get(),
        })
    }

    /// The names that lead to it: of the import, of the instances in it, and its own.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn path(self) -> Result<Vec<&'a str>, Error> {
        let mut path = Vec::from([self.item.name]);
        let mut parent = self.parent;
        let mut before = usize::MAX;
        while parent != NONE {
            let place = parent as usize;
            let record = self.plan.items().get(place);
            let record =
                record.ok_or_else(|| Error::damaged("an item has a parent that does not exist"))?;
            if place >= before {
                return Err(Error::damaged("an item is its own parent"));
            }
            before = place;
            path.push(record.name.of(self.plan.strings())?);
            parent = record.parent.get();
        }
        path.reverse();
        Ok(path)
    }

    /// That path as one text, for messages: the names with `#` between them.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn name(self) -> Result<String, Error> {
        Ok(self.path()?.join("#"))
    }
}
