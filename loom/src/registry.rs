//! The loader's registry: readers take no lock, and nothing that a reader holds is freed.

use std::ptr;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::model;
use crate::sync::{self, Arc, AtomicPtr, AtomicUsize};

#[path = "../../wasm-loader/src/code_map/published.rs"]
mod published;

use published::{Present, Published};

/// A value whose reads and frees Loom observes.
struct Value {
    number: usize,
    alive: UnsafeCell<bool>,
}

impl Value {
    fn new(number: usize) -> Self {
        Self { number, alive: UnsafeCell::new(true) }
    }

    fn read(&self) -> usize {
        // SAFETY: Loom fails the model if it is written meanwhile.
        assert!(self.alive.with(|alive| unsafe { *alive }), "it was freed");
        self.number
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Self::new(self.read())
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: Loom fails the model if it is read meanwhile.
        self.alive.with_mut(|alive| unsafe { *alive = false });
    }
}

/// The values, freed at the end of the model.
struct Shared(Published<Value>);

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self(Published {
            current: AtomicPtr::new(ptr::null_mut()),
            epoch: AtomicUsize::new(0),
            present: Present {
                readers: [AtomicUsize::new(0), AtomicUsize::new(0)],
                writer: AtomicUsize::new(0),
            },
        }))
    }

    fn read(&self) -> usize {
        self.0.read(|value| value.map_or(0, Value::read))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let last = self.0.current.load(sync::Ordering::SeqCst);
        if !last.is_null() {
            // SAFETY: it was made by a box, and all threads of the model are over.
            drop(unsafe { Box::from_raw(last) });
        }
    }
}

pub(crate) fn models() {
    model("registry: a reader, and two replacements", || {
        let shared = Shared::new();
        shared.0.replace(|value| value.number = 1);
        let reader = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let (first, second) = (shared.read(), shared.read());
                assert!((1..=3).contains(&first) && first <= second, "{first}, then {second}");
            }
        });
        shared.0.replace(|value| value.number += 1);
        shared.0.replace(|value| value.number += 1);
        reader.join().expect("it does not panic");
        assert_eq!(shared.read(), 3);
    });
    // There is no reader here: one writer would wait for it while the other writer waits for the
    // first. Loom finds no end for two threads that wait by checking again.
    model("registry: two writers", || {
        let shared = Shared::new();
        let writer = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.0.replace(|value| value.number += 1)
        });
        shared.0.replace(|value| value.number += 1);
        writer.join().expect("it does not panic");
        assert_eq!(shared.read(), 2);
    });
    model("registry: what was taken out has no readers", || {
        let shared = Shared::new();
        shared.0.replace(|value| value.number = 1);
        // Stands for a record: the value says whether it is registered.
        let record = Arc::new(Value::new(7));
        let reader = thread::spawn({
            let (shared, record) = (Arc::clone(&shared), Arc::clone(&record));
            move || {
                shared.0.read(|value| {
                    if value.is_some_and(|value| value.read() == 1) {
                        assert_eq!(record.read(), 7);
                    }
                });
            }
        });
        shared.0.replace(|value| value.number = 0);
        // SAFETY: Loom fails the model if somebody still reads it.
        record.alive.with_mut(|alive| unsafe { *alive = false });
        reader.join().expect("it does not panic");
    });
}
