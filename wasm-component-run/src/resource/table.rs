//! A table of the host's own values, by the numbers that guests know them by.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Resource;

/// How many entries a table may have, unless it is set otherwise.
const DEFAULT_MAX_CAPACITY: usize = 1_000_000;

/// Why an operation of a [`ResourceTable`] failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ResourceTableError {
    /// The table has as many entries as it may have.
    Full,
    /// There is no entry of that number.
    NotPresent,
    /// The entry is of another type.
    WrongType,
    /// The entry has children, which have to go first.
    HasChildren,
}

impl fmt::Display for ResourceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "resource table has no free keys",
            Self::NotPresent => "resource not present",
            Self::WrongType => "resource is of another type",
            Self::HasChildren => "resource has children",
        })
    }
}

impl fmt::Debug for ResourceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for ResourceTableError {}

/// An entry.
struct Entry {
    value: Box<dyn Any + Send>,
    parent: Option<u32>,
    children: BTreeSet<u32>,
}

enum Slot {
    Free { next: Option<usize> },
    Used(Entry),
}

/// Values of the host by number: what a [`Resource`] that the host defines stands for.
///
/// ```
/// use wasm_component_run::ResourceTable;
///
/// # fn main() -> Result<(), wasm_component_run::ResourceTableError> {
/// let mut table = ResourceTable::new();
/// let resource = table.push("text".to_owned())?;
/// table.get_mut(&resource)?.push('!');
/// assert_eq!(table.delete(resource)?, "text!");
/// # Ok(())
/// # }
/// ```
pub struct ResourceTable {
    slots: Vec<Slot>,
    free: Option<usize>,
    max_capacity: usize,
}

impl ResourceTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty table with room for that many entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { slots: Vec::with_capacity(capacity), free: None, max_capacity: DEFAULT_MAX_CAPACITY }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot, Slot::Free { .. }))
    }

    /// How many entries there may be.
    pub fn max_capacity(&self) -> usize {
        self.max_capacity
    }

    /// Sets how many entries there may be. Those that are there stay, also if they are more.
    ///
    /// Default: 1,000,000.
    pub fn set_max_capacity(&mut self, max: usize) {
        self.max_capacity = max;
    }

    /// Adds a value.
    ///
    /// # Errors
    ///
    /// If there are as many entries as there may be.
    pub fn push<T: Send + 'static>(&mut self, entry: T) -> Result<Resource<T>, ResourceTableError> {
        self.add(entry, None).map(Resource::new_own)
    }

    /// Adds a value that depends on another one, which can't be deleted before.
    ///
    /// # Errors
    ///
    /// If there is no such parent, or as many entries as there may be.
    pub fn push_child<T: Send + 'static, U: 'static>(
        &mut self,
        entry: T,
        parent: &Resource<U>,
    ) -> Result<Resource<T>, ResourceTableError> {
        let parent = parent.rep();
        self.entry(parent)?;
        let child = self.add(entry, Some(parent))?;
        self.entry_mut(parent)?.children.insert(child);
        Ok(Resource::new_own(child))
    }

    /// Makes one entry depend on another.
    ///
    /// # Errors
    ///
    /// If there is no such entry, or the child has a parent
    /// ([`HasChildren`](ResourceTableError::HasChildren)).
    pub fn add_child<T: 'static, U: 'static>(
        &mut self,
        child: Resource<T>,
        parent: Resource<U>,
    ) -> Result<(), ResourceTableError> {
        self.entry(parent.rep())?;
        let entry = self.entry_mut(child.rep())?;
        if entry.parent.is_some() {
            return Err(ResourceTableError::HasChildren);
        }
        entry.parent = Some(parent.rep());
        self.entry_mut(parent.rep())?.children.insert(child.rep());
        Ok(())
    }

    /// Makes one entry no longer depend on another.
    ///
    /// # Errors
    ///
    /// If there is no such entry, or it does not depend on that one
    /// ([`NotPresent`](ResourceTableError::NotPresent)).
    pub fn remove_child<T: 'static, U: 'static>(
        &mut self,
        child: Resource<T>,
        parent: Resource<U>,
    ) -> Result<(), ResourceTableError> {
        let entry = self.entry_mut(child.rep())?;
        if entry.parent != Some(parent.rep()) {
            return Err(ResourceTableError::NotPresent);
        }
        entry.parent = None;
        self.entry_mut(parent.rep())?.children.remove(&child.rep());
        Ok(())
    }

    /// The value of an entry.
    ///
    /// # Errors
    ///
    /// If there is no such entry, or it is of another type.
    pub fn get<T: Any>(&self, key: &Resource<T>) -> Result<&T, ResourceTableError> {
        self.entry(key.rep())?.value.downcast_ref().ok_or(ResourceTableError::WrongType)
    }

    /// The value of an entry, to be changed.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    pub fn get_mut<T: Any>(&mut self, key: &Resource<T>) -> Result<&mut T, ResourceTableError> {
        self.entry_mut(key.rep())?.value.downcast_mut().ok_or(ResourceTableError::WrongType)
    }

    /// The value of an entry of any type, by its number.
    ///
    /// # Errors
    ///
    /// If there is no such entry.
    pub fn get_any_mut(&mut self, key: u32) -> Result<&mut dyn Any, ResourceTableError> {
        Ok(&mut *self.entry_mut(key)?.value)
    }

    /// Takes an entry out. Its number may be that of a later one.
    ///
    /// # Errors
    ///
    /// If there is no such entry, it is of another type, or others depend on it. Then it stays.
    pub fn delete<T: Any>(&mut self, resource: Resource<T>) -> Result<T, ResourceTableError> {
        let key = resource.rep();
        let entry = self.entry(key)?;
        if !entry.children.is_empty() {
            return Err(ResourceTableError::HasChildren);
        }
        if !entry.value.is::<T>() {
            return Err(ResourceTableError::WrongType);
        }
        let free = Slot::Free { next: self.free };
        let place = key as usize;
        let slot = self.slots.get_mut(place).ok_or(ResourceTableError::NotPresent)?;
        let Slot::Used(entry) = std::mem::replace(slot, free) else {
            return Err(ResourceTableError::NotPresent);
        };
        self.free = Some(place);
        if let Some(parent) = entry.parent {
            self.entry_mut(parent)?.children.remove(&key);
        }
        entry.value.downcast().map(|value| *value).map_err(|_| ResourceTableError::WrongType)
    }

    /// The entries of the given numbers, each with what the map has for it.
    pub fn iter_entries<T>(
        &mut self,
        map: BTreeMap<u32, T>,
    ) -> impl Iterator<Item = (Result<&mut dyn Any, ResourceTableError>, T)> {
        let mut slots = self.slots.iter_mut().enumerate();
        map.into_iter().map(move |(key, wanted)| {
            // Both are in the order of the numbers.
            let found = slots.find(|(place, _)| *place == key as usize);
            let value = match found {
                Some((_, Slot::Used(entry))) => Ok(&mut *entry.value as &mut dyn Any),
                _ => Err(ResourceTableError::NotPresent),
            };
            (value, wanted)
        })
    }

    /// What depends on an entry.
    ///
    /// # Errors
    ///
    /// If there is no such entry.
    pub fn iter_children<T: 'static>(
        &self,
        parent: &Resource<T>,
    ) -> Result<impl Iterator<Item = &(dyn Any + Send)> + use<'_, T>, ResourceTableError> {
        let parent = self.entry(parent.rep())?;
        Ok(parent.children.iter().filter_map(|child| Some(&*self.entry(*child).ok()?.value)))
    }

    /// All values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut (dyn Any + Send)> {
        self.slots.iter_mut().filter_map(|slot| match slot {
            Slot::Used(entry) => Some(&mut *entry.value),
            Slot::Free { .. } => None,
        })
    }

    fn add(
        &mut self,
        value: impl Any + Send,
        parent: Option<u32>,
    ) -> Result<u32, ResourceTableError> {
        let entry = |value| Slot::Used(Entry { value, parent, children: BTreeSet::new() });
        if let Some(place) = self.free
            && let Some(slot @ Slot::Free { .. }) = self.slots.get_mut(place)
        {
            if let Slot::Free { next } = slot {
                self.free = *next;
            }
            *slot = entry(Box::new(value));
            return u32::try_from(place).map_err(|_| ResourceTableError::Full);
        }
        if self.slots.len() >= self.max_capacity {
            return Err(ResourceTableError::Full);
        }
        let key = u32::try_from(self.slots.len()).map_err(|_| ResourceTableError::Full)?;
        self.slots.push(entry(Box::new(value)));
        Ok(key)
    }

    fn entry(&self, key: u32) -> Result<&Entry, ResourceTableError> {
        match self.slots.get(key as usize) {
            Some(Slot::Used(entry)) => Ok(entry),
            _ => Err(ResourceTableError::NotPresent),
        }
    }

    fn entry_mut(&mut self, key: u32) -> Result<&mut Entry, ResourceTableError> {
        match self.slots.get_mut(key as usize) {
            Some(Slot::Used(entry)) => Ok(entry),
            _ => Err(ResourceTableError::NotPresent),
        }
    }
}

impl Default for ResourceTable {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ResourceTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = |(place, slot)| matches!(slot, &Slot::Used(_)).then_some(place);
        f.debug_list().entries(self.slots.iter().enumerate().filter_map(used)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again() -> Result<(), ResourceTableError> {
        let mut table = ResourceTable::new();
        let (x, y) = (table.push(0)?, table.push(1)?);
        assert_eq!((x.rep(), y.rep()), (0, 1));
        table.delete(x)?;
        assert_eq!(table.push(2)?.rep(), 0);
        assert_eq!(table.push(3)?.rep(), 2);
        assert_eq!(format!("{table:?}"), "[0, 1, 2]");
        Ok(())
    }

    #[test]
    fn parents_outlive_children() -> Result<(), ResourceTableError> {
        let mut table = ResourceTable::new();
        let parent = table.push("parent")?;
        let child = table.push_child(5_u8, &parent)?;
        let number = parent.rep();
        assert_eq!(table.iter_children(&parent)?.count(), 1);
        assert_eq!(table.delete(parent), Err(ResourceTableError::HasChildren));
        assert_eq!(table.delete(child)?, 5);
        assert_eq!(table.delete(Resource::<&str>::new_own(number))?, "parent");
        assert!(table.is_empty());
        Ok(())
    }

    #[test]
    fn the_wrong_type_harms_nothing() -> Result<(), ResourceTableError> {
        let mut table = ResourceTable::new();
        let entry = table.push(1_u32)?;
        let wrong = Resource::<String>::new_own(entry.rep());
        assert_eq!(table.get(&wrong), Err(ResourceTableError::WrongType));
        assert_eq!(table.delete(wrong), Err(ResourceTableError::WrongType));
        assert_eq!(table.get(&entry), Ok(&1));
        table.set_max_capacity(1);
        assert_eq!(table.push(2_u32).map(|entry| entry.rep()), Err(ResourceTableError::Full));
        Ok(())
    }
}
