//! What is in the garbage-collected heap of a store, for people.

use std::fmt;

use super::{Caller, Store, StoreContextMut};
use crate::engine::Engine;
use crate::error::Result;
use crate::types::{ArrayType, Canonical, StructType};
use crate::vm::{ObjectType, OfType};

/// What a garbage-collected heap holds: see [`Store::heap_summary`]. `Display` shows it as a table.
#[derive(Clone, Debug)]
pub struct HeapSummary {
    types: Vec<HeapSummaryType>,
}

/// The objects of one type in a heap.
#[derive(Clone, Debug)]
pub struct HeapSummaryType {
    kind: HeapObjectKind,
    name: Option<String>,
    definition: Option<String>,
    count: u64,
    bytes: u64,
}

/// What an object in a heap is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HeapObjectKind {
    /// It stands for a value of the host: an [`ExternRef`](crate::ExternRef).
    HostValue,
    /// An exception.
    Exception,
    /// A structure.
    Struct,
    /// An array.
    Array,
    /// A continuation.
    Continuation,
}

impl HeapSummary {
    /// The types that objects are of, those first whose objects take most of the heap.
    pub fn types(&self) -> &[HeapSummaryType] {
        &self.types
    }

    /// How many objects there are.
    pub fn count(&self) -> u64 {
        self.types.iter().map(|ty| ty.count).sum()
    }

    /// How many bytes they take in the heap.
    pub fn bytes(&self) -> u64 {
        self.types.iter().map(|ty| ty.bytes).sum()
    }
}

impl HeapSummaryType {
    /// What the objects are.
    pub fn kind(&self) -> HeapObjectKind {
        self.kind
    }

    /// The name that the name section of a module has for the type. Equal types of several modules
    /// are one type, of which the first name is known.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The type as in the text format; `None` for exceptions and values of the host.
    pub fn definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    /// How many objects there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many bytes they take in the heap. What the host's values take themselves is not counted.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn new(engine: &Engine, of: OfType) -> Self {
        let OfType { ty, id, count, bytes } = of;
        let kind = match ty {
            ObjectType::HostValue => HeapObjectKind::HostValue,
            ObjectType::Exception(_) => HeapObjectKind::Exception,
            ObjectType::Struct(_) => HeapObjectKind::Struct,
            ObjectType::Array(_) => HeapObjectKind::Array,
            ObjectType::Continuation => HeapObjectKind::Continuation,
        };
        let (mut name, mut definition) = (None, None);
        if let Some(id) = id {
            name = engine.types().name(id).map(|name| name.to_string());
            definition = match engine.types().get(id) {
                Some(Canonical::Struct(record)) => {
                    Some(StructType::from_record(engine, record).to_string())
                }
                Some(Canonical::Array(record)) => {
                    Some(ArrayType::from_record(engine, record).to_string())
                }
                _ => None,
            };
        }
        Self { kind, name, definition, count, bytes }
    }
}

impl fmt::Display for HeapObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeapObjectKind::HostValue => "value of the host",
            HeapObjectKind::Exception => "exception",
            HeapObjectKind::Struct => "struct",
            HeapObjectKind::Array => "array",
            HeapObjectKind::Continuation => "continuation",
        })
    }
}

impl fmt::Display for HeapSummaryType {
    /// Writes the kind with the name, or else with what the type is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// How much of a definition is shown.
        const MUCH: usize = 100;
        match (&self.name, &self.definition) {
            (Some(name), _) => write!(f, "{} ${}", self.kind, wasm_types::Escaped::new(name)),
            (None, Some(definition)) if definition.chars().count() > MUCH => {
                let start: String = definition.chars().take(MUCH).collect();
                write!(f, "{start}…")
            }
            (None, Some(definition)) => f.write_str(definition),
            (None, None) => self.kind.fmt(f),
        }
    }
}

impl fmt::Display for HeapSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "objects in the heap: {}, of {} bytes", self.count(), self.bytes())?;
        if !self.types.is_empty() {
            writeln!(f, "{:>12} {:>14}  type", "count", "bytes")?;
        }
        for ty in &self.types {
            writeln!(f, "{:>12} {:>14}  {ty}", ty.count, ty.bytes)?;
        }
        Ok(())
    }
}

impl<T: 'static> Store<T> {
    /// What the garbage-collected heap holds, type by type, after a collection. This goes through
    /// the whole heap.
    ///
    /// Where nothing is collected (see [`Store::gc`]), this includes what nothing refers to.
    ///
    /// # Errors
    ///
    /// As for [`Store::gc`].
    pub fn heap_summary(&mut self) -> Result<HeapSummary> {
        StoreContextMut(self.inner_mut()).heap_summary()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// As [`Store::heap_summary`].
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn heap_summary(&mut self) -> Result<HeapSummary> {
        let types = self.0.vm.heap_summary()?;
        let engine = self.0.engine();
        Ok(HeapSummary {
            types: types.into_iter().map(|of| HeapSummaryType::new(engine, of)).collect(),
        })
    }
}

impl<T: 'static> Caller<'_, T> {
    /// As [`Store::heap_summary`].
    ///
    /// # Errors
    ///
    /// As for that function.
    pub fn heap_summary(&mut self) -> Result<HeapSummary> {
        self.store.heap_summary()
    }
}
