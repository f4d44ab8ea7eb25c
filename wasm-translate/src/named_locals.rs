//! The locals that native debuggers find variables of the source by: they are written to the frame
//! whenever they get a value.
//!
//! A register would have them for as long as the code needs them, and not for as long as the source
//! has the variable; and after branches come together, which one has them may depend on the way.

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_codegen::ir::Value;
use wasm_types::{DefinedFuncIndex, ValType};

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

/// The locals of each function that are kept, in order.
pub(crate) type NamedLocals = Arc<HashMap<DefinedFuncIndex, Vec<u32>>>;

/// A value that a function keeps for debuggers.
#[derive(Clone, Copy)]
pub(crate) struct KeptPlace {
    /// `None` for where the base of the first memory is.
    pub(crate) local: Option<u32>,
    /// How many bytes the value has.
    pub(crate) size: u8,
    /// Bytes from the frame pointer down to it.
    pub(crate) below: u32,
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Keeps where the memory is, without which locals are of no use.
    pub(crate) fn keep_memory(&mut self) -> Result<(), Error> {
        if self.named_locals.is_some() && !self.env.keep_memory_place(&mut self.builder)? {
            self.named_locals = None;
        }
        Ok(())
    }

    /// Keeps a local that starts with a value, if it is named.
    pub(crate) fn keep_new_named(&mut self, local: u32, ty: ValType, value: Value) {
        let is_number = matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
        if is_number && self.is_named(local) {
            self.env.keep_named_local(&mut self.builder, local, value);
        }
    }

    /// Keeps the value that a local has got, if it is named.
    #[inline]
    pub(crate) fn keep_named(&mut self, local: u32, value: Value) {
        if self.is_named(local) {
            self.env.keep_named_local_again(&mut self.builder, local, value);
        }
    }

    fn is_named(&self, local: u32) -> bool {
        let Some(named) = self.named_locals.filter(|_| self.inlined.is_none()) else {
            return false;
        };
        named.binary_search(&local).is_ok()
    }
}
