//! Numbers for functions, and their names.

use std::collections::HashMap;
use std::string::String;
use std::vec::Vec;

/// A function, as an observer knows it: a number that a [`FunctionNames`] gave out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionId(u32);

impl FunctionId {
    /// The number: functions are numbered from 0 on in the order in which they were first asked for.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a function is: in which module, by a number that is up to the caller, and its index there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FunctionPlace {
    /// The module.
    pub module: u64,
    /// The index of the function in its module.
    pub index: u32,
}

/// The functions that observers were told of.
///
/// ```
/// use wasm_hooks::observe::{FunctionNames, FunctionPlace};
///
/// let mut names = FunctionNames::default();
/// let place = FunctionPlace { module: 0, index: 3 };
/// let main = names.id(place, || "main".into());
/// // The name is asked for once.
/// assert_eq!(names.id(place, || unreachable!()), main);
/// assert_eq!(names.name(main), "main");
/// assert_eq!(names.place(main).index, 3);
/// ```
#[derive(Clone, Default, Debug)]
pub struct FunctionNames {
    functions: Vec<(FunctionPlace, String)>,
    ids: HashMap<FunctionPlace, FunctionId>,
}

impl FunctionNames {
    /// The number of a function. Its name is asked for if there is none yet.
    pub fn id(&mut self, place: FunctionPlace, name: impl FnOnce() -> String) -> FunctionId {
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
    /// If the number was given out by another list; as does the next function.
    pub fn name(&self, function: FunctionId) -> &str {
        &self.functions[function.index()].1
    }

    /// The name of the function with a number that [`FunctionId::index`] said.
    pub(super) fn by_number(&self, number: usize) -> &str {
        &self.functions[number].1
    }

    /// Where a function is.
    pub fn place(&self, function: FunctionId) -> FunctionPlace {
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

    /// Whether no function was asked for yet.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }
}
