//! The descriptors of a guest, by number.

use super::Descriptor;
use crate::abi::{Errno, Rights};

/// The most descriptors of one guest. The host's own limit usually comes first.
const LIMIT: usize = 1 << 16;

/// The descriptors of a guest. A new one gets the lowest free number, as on POSIX.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Option<Descriptor>>,
}

impl Table {
    /// Whether there is room, to be asked before anything is opened.
    pub(crate) fn check_room(&self) -> Result<(), Errno> {
        if self.slots.len() < LIMIT || self.slots.iter().any(Option::is_none) {
            Ok(())
        } else {
            Err(Errno::MFile)
        }
    }

    pub(crate) fn insert(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        self.check_room()?;
        let free = self.slots.iter().position(Option::is_none).unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[free] = Some(descriptor);
        u32::try_from(free).map_err(|_| Errno::MFile)
    }

    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.slots.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.slots.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::Badf)
    }

    /// A descriptor that has these rights; otherwise [`Errno::NotCapable`].
    pub(crate) fn with_rights(&self, fd: u32, rights: Rights) -> Result<&Descriptor, Errno> {
        let descriptor = self.get(fd)?;
        descriptor.check(rights)?;
        Ok(descriptor)
    }

    /// As [`Table::with_rights`].
    pub(crate) fn with_rights_mut(
        &mut self,
        fd: u32,
        rights: Rights,
    ) -> Result<&mut Descriptor, Errno> {
        let descriptor = self.get_mut(fd)?;
        descriptor.check(rights)?;
        Ok(descriptor)
    }

    pub(crate) fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        self.slots.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::Badf)
    }

    /// Moves a descriptor to the number of another, which is closed by this.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(to)?;
        self.get(from)?;
        if from != to {
            let descriptor = self.remove(from)?;
            *self.get_mut(to)? = descriptor;
        }
        Ok(())
    }
}
