//! Values out of a guest.

use std::borrow::Cow;
use std::fmt;

use wasm_component::{ResourceIndex, Types};
use wasm_store::{Error, Result, bail, format_err};

use super::Options;
use crate::handles::{Kind, Table};
use crate::instance::Instance;
use crate::instance::data::InstanceData;
use crate::resource::{Destructor, ResourceType};
use crate::state::ComponentState;
use crate::strings::Place;
use crate::tables::Resources;
use crate::types::InstanceType;

/// What values are lifted with: the memory, the options and the types of the function that has
/// passed or returned them, and how much may be copied.
pub struct LiftContext<'a> {
    memory: &'a [u8],
    options: &'a Options,
    data: &'a InstanceData,
    /// `None` for values that are words.
    resources: Option<&'a mut Resources>,
    fuel: usize,
    number_lists: bool,
}

impl<'a> LiftContext<'a> {
    #[inline]
    pub(crate) fn new(
        memory: &'a [u8],
        state: &'a mut ComponentState,
        options: &'a Options,
        data: &'a InstanceData,
    ) -> Self {
        let (fuel, number_lists) = (state.hostcall_fuel, state.number_lists);
        Self { memory, options, data, resources: Some(&mut state.resources), fuel, number_lists }
    }

    /// For values that are words, for which neither the memory nor resources are needed.
    #[inline]
    pub(crate) fn of_words(options: &'a Options, data: &'a InstanceData) -> Self {
        let (fuel, number_lists) = (usize::MAX, false);
        Self { memory: &[], options, data, resources: None, fuel, number_lists }
    }

    /// The memory; empty if there is none.
    #[inline]
    pub fn memory(&self) -> &'a [u8] {
        self.memory
    }

    /// The canonical options.
    #[inline]
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// Whether lists of numbers of unknown types come without a value for each.
    pub(crate) fn number_lists(&self) -> bool {
        self.number_lists
    }

    /// The types of the component. To get them takes some nanoseconds.
    ///
    /// # Errors
    ///
    /// If the plan of the component is damaged.
    pub fn types(&self) -> Result<Types<'a>> {
        self.data.types()
    }

    /// The instance.
    pub(crate) fn instance(&self) -> Instance {
        Instance { root: self.data.root(), id: self.data.id() }
    }

    /// The types of the component, with those of its resources.
    pub fn instance_type(&self) -> InstanceType<'a> {
        self.data.instance_type()
    }

    /// Takes what copying that many bytes costs from what this call may copy.
    ///
    /// # Errors
    ///
    /// If that is more than is left.
    #[inline]
    pub fn consume_fuel(&mut self, bytes: usize) -> Result<()> {
        match self.fuel.checked_sub(bytes) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => Err(exhausted()),
        }
    }

    /// Takes what copying an array costs.
    ///
    /// # Errors
    ///
    /// As for [`consume_fuel`](Self::consume_fuel).
    #[inline]
    pub fn consume_fuel_array(&mut self, len: usize, size: usize) -> Result<()> {
        match len.checked_mul(size) {
            Some(bytes) => self.consume_fuel(bytes),
            None => Err(exhausted()),
        }
    }

    /// The bytes of a list, whose pointer and length the guest has passed. Nothing is allocated for
    /// a length that is not in the memory.
    ///
    /// # Errors
    ///
    /// If the list is not aligned, or not in the memory.
    #[inline]
    pub fn list_bytes(&self, pointer: u32, len: u32, size: u32, align: u32) -> Result<&'a [u8]> {
        let end = u64::from(pointer) + u64::from(len) * u64::from(size);
        let bytes = match (usize::try_from(pointer), usize::try_from(end)) {
            (Ok(start), Ok(end)) => self.memory.get(start..end),
            _ => None,
        };
        let Some(bytes) = bytes else {
            bail!("list pointer/length out of bounds of memory");
        };
        if !pointer.is_multiple_of(align) {
            bail!("list pointer is not aligned");
        }
        Ok(bytes)
    }

    /// A string, whose pointer and length the guest has passed; without a copy if it can be.
    ///
    /// # Errors
    ///
    /// If it is not aligned, not in the memory, or not valid in the guest's encoding.
    #[inline]
    pub fn lift_str(&mut self, pointer: u32, len: u32) -> Result<Cow<'a, str>> {
        let place = Place::new(self.options.encoding, pointer, len, self.memory.len())?;
        self.consume_fuel(place.bytes)?;
        place.decode(self.memory)
    }

    /// A string, as [`lift_str`](Self::lift_str), of the host's own.
    ///
    /// # Errors
    ///
    /// As for [`lift_str`](Self::lift_str).
    #[inline]
    pub fn lift_string(&mut self, pointer: u32, len: u32) -> Result<String> {
        Ok(self.lift_str(pointer, len)?.into_owned())
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
    pub(crate) fn resources(&mut self) -> Result<&mut Resources> {
        match &mut self.resources {
            Some(resources) => Ok(resources),
            None => bail!("a value that is a word is lifted as a resource"),
        }
    }

    /// What destroys a resource.
    pub(crate) fn destructor(&self, resource: ResourceIndex) -> Result<Option<Destructor>> {
        self.data.destructor(resource)
    }

    /// Takes an own from the guest, by its index.
    pub(crate) fn lift_own(&mut self, resource: ResourceIndex, index: u32) -> Result<u32> {
        let table = Table::Guest(self.options.table);
        self.resources()?.lift_own(table, index, Kind::Guest(resource.as_u32()))
    }

    /// Borrows a resource of the guest for the current call, by its index.
    pub(crate) fn lift_borrow(&mut self, resource: ResourceIndex, index: u32) -> Result<u32> {
        let table = Table::Guest(self.options.table);
        self.resources()?.lift_borrow(table, index, Kind::Guest(resource.as_u32()))
    }

    /// The bytes of parameters or results that are passed in the memory.
    #[inline]
    pub(crate) fn record_bytes(&self, pointer: u32, size: u32, align: u32) -> Result<&'a [u8]> {
        if !pointer.is_multiple_of(align) {
            bail!("pointer not aligned");
        }
        let (start, size) = (pointer as usize, size as usize);
        let bytes = start.checked_add(size).and_then(|end| self.memory.get(start..end));
        bytes.ok_or_else(|| format_err!("pointer out of bounds of memory"))
    }
}

impl fmt::Debug for LiftContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiftContext").field("options", &self.options).finish_non_exhaustive()
    }
}

#[cold]
fn exhausted() -> Error {
    format_err!(
        "too much data is being copied between the host and the guest: fuel allocated for \
         hostcalls has been exhausted"
    )
}
