//! The types of the parameters or results of a function.

use wasm_component::{Fields, InterfaceType};
use wasm_store::{Result, format_err};

/// The types of the parameters or results of a function.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum ListTypes<'a> {
    /// Parameters.
    Params(Fields<'a>),
    /// Results, of which there is one or none.
    Result(Option<InterfaceType>),
}

impl ListTypes<'_> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::Params(fields) => fields.len(),
            Self::Result(result) => usize::from(result.is_some()),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// If there are fewer, or the plan is damaged.
    pub fn get(self, place: usize) -> Result<InterfaceType> {
        let found = match self {
            Self::Params(fields) => fields.get(place)?.map(|field| field.ty),
            Self::Result(result) => result.filter(|_| place == 0),
        };
        found.ok_or_else(|| format_err!("there is no parameter or result {place}"))
    }

    /// What one of them is called.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Params(_) => "parameter",
            Self::Result(_) => "result",
        }
    }
}
