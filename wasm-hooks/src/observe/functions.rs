//! Numbers for functions, and their names.

use std::collections::HashMap;
use std::string::String;
use std::vec::Vec;

/// A function, as observers identify it: a number that a [`FunctionNames`] gave out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionId(u32);

impl FunctionId {
    /// The number. Functions are numbered from 0 in the order in which they first occurred.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Identifies a function: its module, by a number that the caller chooses, and its index there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FunctionKey {
    /// The module.
    pub module: u64,
    /// The index of the function in its module.
    pub index: u32,
}

/// The functions that observers were notified of.
///
/// ```
/// use wasm_hooks::observe::{FunctionNames, FunctionKey};
///
/// let mut names = FunctionNames::default();
/// let place = FunctionKey { module: 0, index: 3 };
/// let main = names.id(place, || "main".into());
/// // The name is requested once.
/// assert_eq!(names.id(place, || unreachable!()), main);
/// assert_eq!(names.name(main), "main");
/// assert_eq!(names.key(main).index, 3);
/// ```
#[derive(Clone, Default, Debug)]
pub struct FunctionNames {
    functions: Vec<(FunctionKey, String)>,
    ids: HashMap<FunctionKey, FunctionId>,
}

impl FunctionNames {
    /// The number of a function. Its name is requested if the function has no number yet.
    pub fn id(&mut self, place: FunctionKey, name: impl FnOnce() -> String) -> FunctionId {
        let functions = &mut self.functions;
        *self.ids.entry(place).or_insert_with(|| {
            functions.push((place, name()));
            FunctionId(functions.len() as u32 - 1)
        })
    }

    /// The name of a function.
    ///
    /// # Panics
    ///
    /// If the number was given out by another list. The next function panics for the same reason.
    pub fn name(&self, function: FunctionId) -> &str {
        &self.functions[function.index()].1
    }

    /// The name of the function with a number that [`FunctionId::index`] returned.
    pub(super) fn by_number(&self, number: usize) -> &str {
        &self.functions[number].1
    }

    /// The module and index of a function.
    pub fn key(&self, function: FunctionId) -> FunctionKey {
        self.functions[function.index()].0
    }

    /// All numbers that were given out.
    pub fn ids(&self) -> impl Iterator<Item = FunctionId> + use<> {
        (0..self.functions.len() as u32).map(FunctionId)
    }

    /// How many functions there are.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether no function has a number yet.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }
}
