//! Fuel: what is left of it, as compiled code and the host see it.
//!
//! Compiled code counts down a number in the store's context, to which instance contexts have a
//! pointer. It compares the number with zero only now and then, so the number may be below zero in
//! between. For some operators it takes the fuel ahead, for others afterwards. After a trap the
//! artifact says how much was taken ahead (a negative amount is still to be taken), and the number
//! is corrected by that.
//!
//! What the code sees may be only a part of what is left, and the rest be put aside: then the code,
//! if it was compiled for it, calls a builtin whenever that part is used, and goes on with the next
//! one. In calls that may wait it gives way to others each time.

#![allow(unsafe_code)]

use super::context::VMStoreContext;
use super::engine::VmEngine;
use super::store::VmStore;

/// The fuel that a store starts with: none if fuel is counted. Otherwise a number that is never
/// used up, since nobody can see it.
pub(super) fn initial(engine: &VmEngine) -> i64 {
    if engine.tunables.fuel_costs.is_some() { 0 } else { i64::MAX }
}

/// Corrects the fuel that is left after a trap at an instruction.
///
/// # Errors
///
/// If the artifact is damaged where it says how much fuel was taken ahead.
///
/// # Safety
///
/// The store lives, and none of its code is running.
pub(super) unsafe fn settle(
    store: *mut VMStoreContext,
    pc: usize,
) -> Result<(), wasm_artifact::Error> {
    // SAFETY: as the caller promises; a store's context knows its store once that is pinned.
    unsafe {
        let vm = &*(*store).vm;
        if vm.engine.tunables.fuel_costs.is_some() {
            let ahead = wasm_loader::registry::fuel_ahead_at(pc)?;
            (*store).fuel = (*store).fuel.saturating_add(ahead.into());
        }
    }
    Ok(())
}

impl VmStore {
    /// What is left. Below zero there is nothing.
    pub(crate) fn fuel(&self) -> u64 {
        // SAFETY: the context is this store's own.
        let left = unsafe { (*self.context()).fuel };
        self.fuel_reserve.saturating_add_signed(left)
    }

    /// Sets what is left.
    pub(crate) fn set_fuel(&mut self, fuel: u64) {
        let active = fuel.min(self.most_active());
        self.fuel_reserve = fuel - active;
        // SAFETY: the context is this store's own. Compiled code reads it anew after it has called
        // the host.
        unsafe { (*self.context()).fuel = active.cast_signed() };
    }

    /// Counts what was used, as code does: the next check finds out whether there was enough.
    pub(crate) fn use_fuel(&mut self, amount: u64) {
        // SAFETY: the context is this store's own.
        let fuel = unsafe { &mut (*self.context()).fuel };
        *fuel = fuel.saturating_sub_unsigned(amount);
    }

    /// Checks, as code does, whether there was enough for what was used.
    pub(crate) fn has_had_fuel(&mut self) -> bool {
        // SAFETY: the context is this store's own.
        let enough = |store: &Self| unsafe { (*store.context()).fuel >= 0 };
        enough(self) || (self.refuel() && enough(self))
    }

    /// The most that the code sees of what is left.
    fn most_active(&self) -> u64 {
        self.fuel_interval.unwrap_or(u64::MAX).min(i64::MAX as u64)
    }

    /// After how much fuel the code gives way, if it does.
    #[cfg(feature = "async")]
    pub(super) fn fuel_interval(&self) -> Option<u64> {
        self.fuel_interval
    }

    /// Sets after how much fuel, which is not 0, the code gives way.
    #[cfg(feature = "async")]
    pub(crate) fn set_fuel_interval(&mut self, interval: Option<u64>) {
        self.fuel_interval = interval;
        self.set_fuel(self.fuel());
    }

    /// Lets the code see a further part of what is left. `false` if there is none.
    pub(super) fn refuel(&mut self) -> bool {
        let more = self.fuel_reserve.min(self.most_active());
        self.fuel_reserve -= more;
        // SAFETY: the context is this store's own, and compiled code reads it anew.
        unsafe {
            let fuel = &mut (*self.context()).fuel;
            *fuel = fuel.saturating_add(more.cast_signed());
        }
        more > 0
    }
}
