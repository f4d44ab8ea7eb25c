//! Whether the calls of a store have to be such that may wait: as soon as something of the store
//! may. Without the feature `async` nothing does.

#[cfg(not(feature = "async"))]
use super::StoreInner;
use super::{StoreContextMut, StoreOpaque};
use crate::error::Result;

impl StoreOpaque {
    /// Checks that nothing of this store may wait.
    ///
    /// # Errors
    ///
    /// If something may: then a call that can't would not know what to do.
    #[inline(always)]
    pub(crate) fn check_sync(&self) -> Result<()> {
        #[cfg(feature = "async")]
        if self.requires_async {
            return Err(requires_async());
        }
        Ok(())
    }

    /// From now on calls have to be such that may wait.
    #[cfg(feature = "async")]
    pub(crate) fn require_async(&mut self) {
        self.requires_async = true;
    }
}

#[cfg(not(feature = "async"))]
impl<T: 'static> StoreInner<T> {
    /// Checks that the limiter never has to wait: none does.
    #[inline(always)]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn check_sync_limiter(&self) -> Result<()> {
        Ok(())
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// Checks that calls which can't wait are possible: that nothing of this store may wait. Such
    /// calls check it themselves; this is for who does something before a call.
    ///
    /// # Errors
    ///
    /// If something may wait: then calls are futures.
    #[inline]
    pub fn check_calls_at_once(&self) -> Result<()> {
        self.0.check_sync()
    }
}

/// The error of a call that can't wait, in a store with something that may.
#[cfg(feature = "async")]
#[cold]
#[inline(never)]
pub(crate) fn requires_async() -> crate::Error {
    crate::format_err!(
        "the store's configuration requires that `*_async` functions are used instead: a host \
         function, a limiter or a deadline of it may wait"
    )
}
