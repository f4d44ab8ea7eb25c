//! What is imported and exported.

use alloc::vec;
use alloc::vec::Vec;

use crate::core_def::CoreDef;
use crate::error::Error;
use crate::format::{ItemRecord, NONE, NoteRecord, RangeRef, StrRef, item, note, origin};
use crate::index::{
    FuncTypeIndex, ImportIndex, ModuleTypeIndex, OptionsIndex, ResourceIndex, StaticModuleIndex,
};
use crate::interface_type::InterfaceType;
use crate::read::{MAX_INSTANCE_DEPTH, Note};
use crate::write::{PlanBuilder, fit};

/// An item that is imported or exported, with all that is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ItemTree<'a> {
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
    /// An instance, with its items in the order in which they were declared.
    Instance(Vec<(&'a str, ItemTree<'a>)>),
    /// A value type with a name.
    Type(InterfaceType),
    /// A resource.
    Resource(ResourceIndex),
}

impl PlanBuilder {
    /// A new import. It is found later by the first item among the [imports](Self::imports) that
    /// names it.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn import(&mut self) -> Result<ImportIndex, Error> {
        self.import_count.next().map(ImportIndex::new)
    }

    /// What the component imports, in the order in which it was declared. To be called once, after
    /// all imports and resources were made.
    ///
    /// # Errors
    ///
    /// If it is too large or too deep, or an import is not among it.
    pub fn imports(&mut self, items: &[(&str, ItemTree<'_>)]) -> Result<(), Error> {
        self.imports_of_items = vec![NONE; self.import_count.count() as usize];
        self.imports = Some(self.tree(items)?);
        if self.imports_of_items.contains(&NONE) {
            return Err(Error::unsupported("an import is not among what is imported"));
        }
        Ok(())
    }

    /// Notes what the component says of an import or export, or of something in one, beside its
    /// name. `path` are the names that lead there.
    ///
    /// # Errors
    ///
    /// If the plan gets too large.
    pub fn note(&mut self, note: &Note<'_>) -> Result<(), Error> {
        let strings = &mut self.types.strings;
        let mut flags = if note.is_export { note::EXPORT } else { 0 };
        let path = strings.add(note.path)?;
        let mut add = |text: Option<&str>, flag| match text {
            Some(text) => {
                flags |= flag;
                strings.add(text)
            }
            None => Ok(StrRef::EMPTY),
        };
        let implements = add(note.implements, note::IMPLEMENTS)?;
        let external_id = add(note.external_id, note::EXTERNAL_ID)?;
        self.notes.push(NoteRecord { flags: flags.into(), path, implements, external_id });
        Ok(())
    }

    /// What the component exports, in the order in which it was declared. To be called once, after
    /// [`imports`](Self::imports).
    ///
    /// # Errors
    ///
    /// If it is too large or too deep.
    pub fn exports(&mut self, items: &[(&str, ItemTree<'_>)]) -> Result<(), Error> {
        self.exports = Some(self.tree(items)?);
        Ok(())
    }

    /// Writes a tree so that what is in an instance stands together, behind what the instance
    /// itself stands in.
    fn tree(&mut self, roots: &[(&str, ItemTree<'_>)]) -> Result<RangeRef, Error> {
        let whole = self.neighbours(NONE, roots)?;
        let mut level = Vec::from([(whole, roots)]);
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            let mut next = Vec::new();
            for (range, items) in level {
                let start = range.start.get() as usize;
                for (offset, (_, item)) in items.iter().enumerate() {
                    // The order of the records is that of the names; what was declared as the nth
                    // is where the nth record says.
                    let place = start + self.items[start + offset].declared.get() as usize;
                    if let ItemTree::Instance(inside) = item {
                        let inside_range = self.neighbours(fit(place)?, inside)?;
                        self.items[place].a = inside_range.start;
                        self.items[place].b = inside_range.len;
                        next.push((inside_range, inside.as_slice()));
                    }
                }
            }
            if depth > MAX_INSTANCE_DEPTH && !next.is_empty() {
                return Err(Error::too_large("instances lie within each other more than 100 deep"));
            }
            level = next;
        }
        Ok(whole)
    }

    fn neighbours(
        &mut self,
        parent: u32,
        items: &[(&str, ItemTree<'_>)],
    ) -> Result<RangeRef, Error> {
        let start = self.items.len();
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|place| items[*place].0);
        let mut declared = vec![0; items.len()];
        for (sorted, place) in order.iter().enumerate() {
            declared[*place] = fit(sorted)?;
        }
        for (sorted, place) in order.iter().enumerate() {
            let (name, tree) = &items[*place];
            let (kind, a, b, c) = self.item(tree, start + sorted)?;
            let record = ItemRecord {
                name: self.types.strings.add(name)?,
                kind: kind.into(),
                a: a.into(),
                b: b.into(),
                c: c.into(),
                parent: parent.into(),
                declared: declared[sorted].into(),
            };
            self.items.push(record);
        }
        Ok(RangeRef { start: fit(start)?.into(), len: fit(items.len())?.into() })
    }

    /// Kind and fields of a record.
    fn item(&mut self, tree: &ItemTree<'_>, place: usize) -> Result<(u32, u32, u32, u32), Error> {
        Ok(match tree {
            ItemTree::ImportedFunc { import, ty } => {
                self.found_import(import.index(), place)?;
                (item::IMPORTED_FUNC, import.as_u32(), ty.as_u32(), 0)
            }
            ItemTree::LiftedFunc { def, ty, options } => {
                (item::LIFTED_FUNC, self.core_def(def)?, ty.as_u32(), options.as_u32())
            }
            ItemTree::ImportedModule { import, ty } => {
                self.found_import(import.index(), place)?;
                (item::IMPORTED_MODULE, import.as_u32(), ty.as_u32(), 0)
            }
            ItemTree::StaticModule { module, ty } => {
                (item::STATIC_MODULE, module.as_u32(), ty.as_u32(), 0)
            }
            // Its items are written later.
            ItemTree::Instance(_) => (item::INSTANCE, 0, 0, 0),
            ItemTree::Type(ty) => {
                let (kind, index) = InterfaceType::encode(Some(*ty));
                (item::TYPE, kind, index, 0)
            }
            ItemTree::Resource(resource) => {
                let record = self.resources.get(resource.index());
                if let Some(record) = record
                    && record.origin.get() == origin::IMPORTED
                {
                    self.found_import(record.index.get() as usize, place)?;
                }
                (item::RESOURCE, resource.as_u32(), 0, 0)
            }
        })
    }

    fn found_import(&mut self, import: usize, place: usize) -> Result<(), Error> {
        let place = fit(place)?;
        match self.imports_of_items.get_mut(import) {
            Some(found) if *found == NONE => *found = place,
            _ => {}
        }
        Ok(())
    }
}
