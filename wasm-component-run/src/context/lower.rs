//! Values into a guest.

use wasm_component::{ResourceIndex, Types};
use wasm_store::{Result, StoreContextMut, bail, format_err};

use super::Options;
use crate::handles::{Kind, Table};
use crate::instance::data::InstanceData;
use crate::resource::ResourceType;
use crate::state::state;
use crate::strings;
use crate::tables::Resources;
use crate::trap::contained;
use crate::types::InstanceType;

/// What values are lowered with: the store, and the memory, the options and the types of the
/// function that they are passed to or returned to.
pub struct LowerContext<'a, T: 'static> {
    /// The store.
    pub store: StoreContextMut<'a, T>,
    options: &'a Options,
    data: &'a InstanceData,
}

impl<'a, T: 'static> LowerContext<'a, T> {
    #[inline]
    pub(crate) fn new(
        store: StoreContextMut<'a, T>,
        options: &'a Options,
        data: &'a InstanceData,
    ) -> Self {
        Self { store, options, data }
    }

    /// The canonical options.
    #[inline]
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// The types of the component. To get them takes some nanoseconds.
    ///
    /// # Errors
    ///
    /// If the plan of the component is damaged.
    pub fn types(&self) -> Result<Types<'a>> {
        self.data.types()
    }

    /// The types of the component, with those of its resources.
    pub fn instance_type(&self) -> InstanceType<'a> {
        self.data.instance_type()
    }

    /// The memory.
    ///
    /// # Errors
    ///
    /// If there is none. Validation knows that there is one where a type needs it.
    #[inline]
    pub fn memory_mut(&mut self) -> Result<&mut [u8]> {
        match self.options.memory {
            Some(memory) => Ok(memory.data_mut(&mut self.store)),
            None => no_memory(),
        }
    }

    /// Room in the memory, which was there when it was given out.
    ///
    /// # Errors
    ///
    /// If it is out of bounds.
    #[inline]
    pub fn slice_mut(&mut self, offset: usize, size: usize) -> Result<&mut [u8]> {
        let memory = self.memory_mut()?;
        let end = offset.checked_add(size);
        match end.and_then(|end| memory.get_mut(offset..end)) {
            Some(bytes) => Ok(bytes),
            None => out_of_bounds(),
        }
    }

    /// Writes to the memory.
    ///
    /// # Errors
    ///
    /// If it is out of bounds.
    #[inline]
    pub fn write<const N: usize>(&mut self, offset: usize, bytes: [u8; N]) -> Result<()> {
        let memory = self.memory_mut()?;
        match memory.get_mut(offset..).and_then(|rest| rest.first_chunk_mut()) {
            Some(place) => {
                *place = bytes;
                Ok(())
            }
            None => out_of_bounds(),
        }
    }

    /// Has the guest make room in its memory, or other room in place of what there is.
    ///
    /// # Errors
    ///
    /// If the guest traps, or what it returns is not aligned or not in its memory.
    pub fn realloc(
        &mut self,
        old: usize,
        old_size: usize,
        align: u32,
        new_size: usize,
    ) -> Result<usize> {
        let Some(realloc) = self.options.realloc else {
            bail!("the component has no `realloc` for what is passed in its memory");
        };
        let word = |value: usize| match u32::try_from(value) {
            Ok(value) => Ok(u64::from(value)),
            Err(_) => bail!("{value:#x} is beyond a memory of 32 bits"),
        };
        let mut slots = [word(old)?, word(old_size)?, u64::from(align), word(new_size)?];
        let flags = self.options.flags;
        let before = flags.begin_realloc(&mut self.store)?;
        if let Err(error) = realloc.call_at_once(&mut self.store, &mut slots) {
            state(&mut self.store).poison(self.data.root());
            return Err(contained(&mut self.store, error));
        }
        flags.end_realloc(&mut self.store, before)?;
        let result = slots[0] as u32;
        if !result.is_multiple_of(align) {
            bail!("realloc return: result not aligned");
        }
        let result = result as usize;
        let size = self.memory_mut()?.len();
        if result.checked_add(new_size).is_none_or(|end| end > size) {
            bail!("realloc return: beyond end of memory");
        }
        Ok(result)
    }

    /// Writes a string, in the guest's encoding. Returns its pointer and its length, tagged where
    /// the encoding has it.
    ///
    /// # Errors
    ///
    /// If it is too long, or the guest has no room.
    pub fn lower_string(&mut self, text: &str) -> Result<(u32, u32)> {
        let encoding = self.options.encoding;
        strings::lower(self, encoding, text)
    }

    /// The type of a resource.
    ///
    /// # Errors
    ///
    /// If there is none of that number.
    pub fn resource_type(&self, resource: ResourceIndex) -> Result<ResourceType> {
        self.data.resource_type(resource)
    }

    /// Who holds which resource.
    pub(crate) fn resources(&mut self) -> &mut Resources {
        &mut state(&mut self.store).resources
    }

    /// Gives the guest an own. Returns the guest's index.
    pub(crate) fn lower_own(&mut self, resource: ResourceIndex, rep: u32) -> Result<u32> {
        let table = Table::Guest(self.options.table);
        self.resources().lower_own(table, rep, Kind::Guest(resource.as_u32()))
    }

    /// Lends the guest a resource. Returns the guest's index; who defines the resource gets what
    /// it is.
    pub(crate) fn lower_borrow(&mut self, resource: ResourceIndex, rep: u32) -> Result<u32> {
        if self.data.defines(self.options.instance, resource) {
            return Ok(rep);
        }
        let table = Table::Guest(self.options.table);
        self.resources().lower_borrow(table, rep, Kind::Guest(resource.as_u32()))
    }
}

impl<T: 'static> strings::Destination for LowerContext<'_, T> {
    fn realloc(&mut self, old: usize, old_size: usize, align: u32, size: usize) -> Result<usize> {
        LowerContext::realloc(self, old, old_size, align, size)
    }

    fn room(&mut self, start: usize, size: usize) -> Result<&mut [u8]> {
        self.slice_mut(start, size)
    }
}

impl<T: 'static> std::fmt::Debug for LowerContext<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LowerContext").field("options", &self.options).finish_non_exhaustive()
    }
}

#[cold]
pub(super) fn no_memory<R>() -> Result<R> {
    Err(format_err!("the component has no memory for what is passed in it"))
}

#[cold]
fn out_of_bounds<R>() -> Result<R> {
    Err(format_err!("pointer out of bounds of memory"))
}
