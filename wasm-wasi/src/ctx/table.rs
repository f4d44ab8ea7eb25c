//! The descriptors of a guest, by number.

use super::Descriptor;
use crate::abi::Errno;

/// The descriptors of a guest. A new one gets the lowest free number, as on POSIX.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Option<Descriptor>>,
    /// The maximum number of descriptors.
    limit: usize,
}

impl Table {
    /// A table with what the host hands over, whatever the limit is.
    pub(crate) fn new(descriptors: impl IntoIterator<Item = Descriptor>, limit: usize) -> Self {
        let slots: Vec<_> = descriptors.into_iter().map(Some).collect();
        let limit = limit.max(slots.len());
        Self { slots, limit }
    }

    /// Whether there is room. To be checked before anything is opened.
    pub(crate) fn check_room(&self) -> Result<(), Errno> {
        if self.slots.len() < self.limit || self.slots.iter().any(Option::is_none) {
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
        let number = u32::try_from(free).map_err(|_| Errno::MFile)?;
        self.slots[free] = Some(descriptor);
        Ok(number)
    }

    /// The maximum number of descriptors.
    #[cfg(feature = "p2")]
    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// All descriptors.
    #[cfg(feature = "p2")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Descriptor> {
        self.slots.iter().flatten()
    }

    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.slots.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.slots.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::Badf)
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
