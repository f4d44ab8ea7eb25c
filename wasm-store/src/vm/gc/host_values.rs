//! The values of the host that objects stand for. A value is dropped some time after its object is
//! no longer referred to.

use std::any::Any;

/// A value of the host.
pub(crate) type HostValue = Box<dyn Any + Send + Sync>;

/// The values of a heap, by the numbers that their objects have.
#[derive(Default)]
pub(super) struct HostValues {
    places: Vec<Place>,
    /// Places that are empty.
    free: Vec<u32>,
    /// Those whose objects are in the nursery.
    young: Vec<u32>,
    /// What is to be dropped.
    dead: Vec<HostValue>,
}

struct Place {
    value: Option<HostValue>,
    /// The object that stands for it.
    object: u32,
}

impl std::fmt::Debug for HostValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostValues").field("places", &self.places.len()).finish_non_exhaustive()
    }
}

impl HostValues {
    /// Keeps a value. Returns its number.
    pub(super) fn add(&mut self, value: HostValue, object: u32, young: bool) -> u32 {
        let place = Place { value: Some(value), object };
        let number = match self.free.pop() {
            Some(number) => {
                self.places[number as usize] = place;
                number
            }
            None => {
                self.places.push(place);
                // Each has an object of its own, of which there are fewer than a number can count.
                (self.places.len() - 1) as u32
            }
        };
        if young {
            self.young.push(number);
        }
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&HostValue> {
        self.places.get(number as usize)?.value.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut HostValue> {
        self.places.get_mut(number as usize)?.value.as_mut()
    }

    /// Everything has left the nursery that is still referred to: `moved` says where it went.
    pub(super) fn after_minor(&mut self, moved: impl Fn(u32) -> Option<u32>) {
        for number in std::mem::take(&mut self.young) {
            self.follow(number, &moved);
        }
    }

    /// Everything was moved that is still referred to: `moved` says where it went.
    pub(super) fn after_major(&mut self, moved: impl Fn(u32) -> Option<u32>) {
        self.young.clear();
        for number in 0..self.places.len() as u32 {
            if self.places[number as usize].value.is_some() {
                self.follow(number, &moved);
            }
        }
        // What is left of a time with many more is given back.
        let used = self.places.iter().rposition(|place| place.value.is_some());
        self.places.truncate(used.map_or(0, |last| last + 1));
        let len = self.places.len();
        self.free.retain(|number| (*number as usize) < len);
        if self.places.capacity() > 4 * len + 1024 {
            self.places.shrink_to(2 * len);
            self.free.shrink_to(2 * len);
        }
    }

    fn follow(&mut self, number: u32, moved: &impl Fn(u32) -> Option<u32>) {
        let place = &mut self.places[number as usize];
        match moved(place.object) {
            Some(object) => place.object = object,
            None => {
                self.dead.extend(place.value.take());
                self.free.push(number);
            }
        }
    }

    pub(super) fn take_dead(&mut self) -> Vec<HostValue> {
        std::mem::take(&mut self.dead)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.places.iter().filter(|place| place.value.is_some()).count()
    }
}
