//! The canonical options of a function of an instance, looked up.

use wasm_component::{ComponentInstanceIndex, StringEncoding, instance_flags};
use wasm_store::{Global, Memory, NumericFunc, Result, StoreContextMut};

use crate::tasks::ContextOf;
use crate::trap::cannot_leave;

/// The canonical options of a function: how its values lie in the guest.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub(crate) encoding: StringEncoding,
    pub(crate) memory: Option<Memory>,
    pub(crate) realloc: Option<NumericFunc>,
    pub(crate) post_return: Option<NumericFunc>,
    pub(crate) flags: Flags,
    /// The component instance.
    pub(crate) instance: ComponentInstanceIndex,
    /// The number of its table of handles, in the store.
    pub(crate) table: usize,
}

impl Options {
    /// How strings are encoded.
    pub fn string_encoding(&self) -> StringEncoding {
        self.encoding
    }

    /// The memory, if there is one.
    pub fn memory(&self) -> Option<Memory> {
        self.memory
    }

    /// The function that gives room in the memory, if there is one.
    pub fn realloc(&self) -> Option<NumericFunc> {
        self.realloc
    }
}

/// The flags of a component instance: a global that adapters use, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags(pub(crate) Global);

impl Flags {
    #[inline]
    fn get<T: 'static>(self, store: &mut StoreContextMut<'_, T>) -> i32 {
        // It was made as an `i32`.
        self.0.word(store).unwrap_or(0) as i32
    }

    /// Checks that the instance may call out.
    #[inline]
    pub(crate) fn check_may_leave<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
    ) -> Result<()> {
        if self.get(store) & instance_flags::MAY_LEAVE == 0 {
            return Err(cannot_leave());
        }
        Ok(())
    }

    /// In which call the instance is, and whether the values of that are there.
    pub(crate) fn context<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
    ) -> (ContextOf, bool) {
        let flags = self.get(store);
        if flags & instance_flags::IN_REALLOC != 0 {
            (ContextOf::Realloc, flags & instance_flags::REALLOC_HAS_CONTEXT != 0)
        } else {
            (ContextOf::Call, flags & instance_flags::HAS_CONTEXT != 0)
        }
    }

    /// Says whether the values of a call are there.
    pub(crate) fn set_has_context<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        of: ContextOf,
        has: bool,
    ) -> Result<()> {
        let bit = match of {
            ContextOf::Call => instance_flags::HAS_CONTEXT,
            ContextOf::Realloc => instance_flags::REALLOC_HAS_CONTEXT,
        };
        let flags = self.get(store) & !bit | if has { bit } else { 0 };
        self.0.set_word(store, u64::from(flags as u32))
    }

    /// Begins a call of `realloc`, which can't call out. Returns what [`end_realloc`] takes.
    ///
    /// [`end_realloc`]: Self::end_realloc
    #[inline]
    pub(crate) fn begin_realloc<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
    ) -> Result<i32> {
        let before = self.get(store);
        let cleared = instance_flags::MAY_LEAVE | instance_flags::REALLOC_HAS_CONTEXT;
        let flags = before & !cleared | instance_flags::IN_REALLOC;
        self.0.set_word(store, u64::from(flags as u32))?;
        Ok(before)
    }

    /// Ends a call of `realloc`. It can change no flag but its own.
    #[inline]
    pub(crate) fn end_realloc<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        before: i32,
    ) -> Result<()> {
        self.0.set_word(store, u64::from(before as u32))
    }

    /// Says whether the instance may call out.
    #[inline]
    pub(crate) fn set_may_leave<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        may: bool,
    ) -> Result<()> {
        let flags = self.get(store);
        let bit = if may { instance_flags::MAY_LEAVE } else { 0 };
        self.0.set_word(store, u64::from((flags & !instance_flags::MAY_LEAVE | bit) as u32))
    }
}
