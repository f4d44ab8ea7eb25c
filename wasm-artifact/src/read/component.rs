//! Reading the artifacts of components in place.

use alloc::vec::Vec;

use super::Artifact;
use crate::error::{Error, ErrorKind};
use crate::format::{HEADER_OFFSET, Part};

/// A compiled component, read in place from the bytes of an artifact: compiled modules, and the
/// plan by which they are put together.
#[derive(Clone, Debug)]
pub struct ComponentArtifact<'a> {
    whole: Artifact<'a>,
    plan: &'a [u8],
    modules: Vec<Artifact<'a>>,
}

impl<'a> ComponentArtifact<'a> {
    /// Opens an artifact, as [`Artifact::parse`] does, and each of the modules in it. The plan is
    /// compared with its checksums, so that all of it is what was written.
    ///
    /// # Errors
    ///
    /// If the bytes are something else (the error says what), too short, of another format version,
    /// damaged, or the artifact of a module, which [`Artifact::parse`] opens.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let whole = Artifact::parse_any(bytes)?;
        if !whole.is_component() {
            return Err(Error::new(
                ErrorKind::OtherKind,
                "this is a compiled module, and a compiled component was expected: load it with \
                 `Module::deserialize` or `deserialize_file`"
                    .into(),
            ));
        }
        let tables = &whole.tables;
        let plan = tables.plan.all(&whole.checksums).ok_or_else(|| Error::damaged("the plan"))?;
        let records = tables.module_table.all(&whole.checksums);
        let records = records.ok_or_else(|| Error::damaged("the table of modules"))?;
        let place = whole.directory.iter().find(|entry| entry.id.get() == Part::Modules as u32);
        let (start, len) = place.map_or((0, 0), |entry| (entry.offset.get(), entry.len.get()));
        let (mut text_end, mut modules) = (0, Vec::with_capacity(records.len()));
        for record in records {
            let own_end = record.start.get().checked_add(record.len.get());
            if own_end.is_none_or(|end| end > len) {
                return Err(Error::damaged_at("the place of a module", HEADER_OFFSET));
            }
            let module = Artifact::parse_at(whole.bytes, start + record.start.get())?;
            module.check_is_part_of(&whole, &mut text_end)?;
            modules.push(module);
        }
        Ok(Self { whole, plan, modules })
    }

    /// The artifact as a whole: producer, target, settings and so on, which are those of all
    /// modules. It has all of the machine code, and no functions.
    pub fn whole(&self) -> &Artifact<'a> {
        &self.whole
    }

    /// How the component is put together, in the form of the crate `wasm-component`.
    pub fn plan(&self) -> &'a [u8] {
        self.plan
    }

    /// The modules, in the order in which the plan counts them.
    pub fn modules(&self) -> &[Artifact<'a>] {
        &self.modules
    }
}

impl<'a> Artifact<'a> {
    /// Checks that a module is one of the component's: for the same machine and with the same
    /// settings, since those of the whole are what is compared with the host; and with its code in
    /// the component's, behind that of the modules before it.
    fn check_is_part_of(&self, whole: &Artifact<'a>, text_end: &mut usize) -> Result<(), Error> {
        let wrong = |what| Err(Error::damaged_at(what, HEADER_OFFSET));
        let same = self.target() == whole.target()
            && self.abi_version() == whole.abi_version()
            && self.page_size() == whole.page_size()
            && self.tunables() == whole.tunables()
            && whole.features().contains(self.features());
        if self.is_component() || self.unknown_settings() != whole.unknown_settings() || !same {
            return wrong("a module is not for what the component is for");
        }
        for name in self.extensions() {
            let name = name?;
            if !whole.extensions().any(|known| known.is_ok_and(|known| known == name)) {
                return wrong("a module is not for what the component is for");
            }
        }
        let range = |bytes: &[u8]| {
            let start = bytes.as_ptr().addr().wrapping_sub(whole.bytes.as_ptr().addr());
            (start, start.wrapping_add(bytes.len()))
        };
        let (all_start, all_end) = range(whole.text());
        let (start, end) = range(self.text());
        if !self.text().is_empty() {
            if start < all_start.max(*text_end) || end > all_end {
                return wrong("the place of a module's code");
            }
            *text_end = end;
        }
        let (all_start, all_end) = range(whole.tables.images.unsummed());
        let images = self.tables.images.unsummed();
        let (start, end) = range(images);
        if !images.is_empty() && (start < all_start || end > all_end) {
            return wrong("the place of a module's images");
        }
        Ok(())
    }
}
