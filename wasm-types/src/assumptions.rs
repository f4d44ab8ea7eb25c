//! What compiled code takes for granted of the engine that runs it and of what it imports: the one
//! list.
//!
//! Code that relies on something that is not so reads and writes what is not its own. So whatever a
//! code generator leaves out because of a setting or a type stands here, with the relation that
//! must hold where the code runs, and who checks it:
//!
//! - **An engine's settings** are compared with the artifact's when it is loaded
//!   ([`Assumption::unmet`]). Everything in a store is of one engine, whose settings so are enough
//!   for each artifact in it: a memory has the address space that its engine reserves, whoever
//!   makes it, whoever imports it, and whether it was another memory before.
//! - **Sizes of what is imported** are compared with what the importer declares ([`size_is_met`]):
//!   when imports are bound, also if they were looked up before; when an instance is forked; and
//!   after a state was put back that made something smaller. Instances whose imports have become
//!   too small then can't run any more.
//! - **The machine** is compared by the loader of the artifact (`wasm_loader::check_host`): the
//!   version of the [ABI](crate::abi), architecture and operating system, extensions of the
//!   instruction set, size of pages, and settings and proposals that are not known yet.
//!
//! Two more are true by construction, for whoever puts state back: immutable globals, and tables
//! that the module neither exports nor imports nor changes, have in every state of an instance what
//! they had at the start.

use alloc::vec::Vec;

use crate::entity::{MemoryType, TableType};
use crate::features::WasmFeatures;
use crate::tunables::{Internals, Tunables};

/// Something that compiled code takes for granted of its engine, or that an engine promises and
/// code must keep.
///
/// The first three keep code within what is its own. The others keep promises of the engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Assumption {
    /// [`Tunables::memory_reservation`]: below, accesses are checked, and code relies on nothing;
    /// from 4 GiB on, the base is a constant, the page below it is there to be read, and accesses
    /// within the reservation and its guard are not checked ([`Tunables::static_memory_reach`]).
    /// The engine's is at least as large.
    MemoryReservation,
    /// [`Tunables::memory_guard_size`]: accesses that start within a memory may end this far behind
    /// it ([`Tunables::guard_after`]). The engine's is at least as large.
    MemoryGuard,
    /// [`Tunables::stack_guard_size`]: smaller frames are not probed. The engine's is at least as
    /// large.
    StackGuard,
    /// [`Tunables::relaxed_simd_deterministic`]: an engine that promises it has no code without it
    /// that uses such instructions.
    RelaxedSimd,
    /// [`Tunables::internals`]: an engine whose host may write to what is not exported has no code
    /// that takes for granted that nobody does.
    Internals,
    /// [`Tunables::interruption`]: an engine with it has no code without it.
    Interruption,
    /// [`Tunables::interruption_callbacks`]: an engine with it has no code without it.
    InterruptionCallbacks,
    /// [`Tunables::fuel_costs`]: an engine that counts has no code that does not.
    Fuel,
    /// [`Tunables::fuel_costs`]: an engine that counts has no code that counts with other costs.
    FuelCosts,
    /// [`Tunables::fuel_yields`]: an engine that counts, with it, has no code that counts
    /// without it.
    FuelYields,
    /// [`Tunables::guest_debug`]: an engine that debugs has only code that can be debugged, and
    /// another has none.
    GuestDebug,
    /// The proposals that the module uses: the engine allows all of them.
    Proposals,
}

impl Assumption {
    /// What code with some settings, of a module that uses some proposals, takes for granted and an
    /// engine with other settings does not provide for. Empty if the engine can run it.
    pub fn unmet(
        code: (&Tunables, WasmFeatures),
        engine: (&Tunables, WasmFeatures),
    ) -> Vec<Assumption> {
        let ((code, used), (engine, allowed)) = (code, engine);
        // Taken apart, so that a setting cannot be added and be forgotten here.
        let Tunables {
            memory_reservation,
            memory_guard_size,
            // How much farther a memory can grow before it moves: only code that makes memories
            // needs to know.
            memory_reservation_for_growth: _,
            stack_guard_size,
            // How the code was made, which nothing outside of it relies on.
            spectre_mitigation: _,
            nan_canonicalization: _,
            opt_level: _,
            gathers_profile: _,
            relaxed_simd_deterministic,
            internals,
            interruption,
            interruption_callbacks,
            fuel_costs,
            fuel_yields,
            guest_debug,
        } = *code;
        let is_whole = memory_reservation >= WHOLE_INDEX_SPACE;
        let (counts, engine_counts) = (fuel_costs.is_some(), engine.fuel_costs.is_some());
        let unmet = [
            (
                Assumption::MemoryReservation,
                is_whole && memory_reservation > engine.memory_reservation,
            ),
            (Assumption::MemoryGuard, memory_guard_size > engine.memory_guard_size),
            (Assumption::StackGuard, stack_guard_size > engine.stack_guard_size),
            (
                Assumption::RelaxedSimd,
                engine.relaxed_simd_deterministic
                    && !relaxed_simd_deterministic
                    && used.contains(WasmFeatures::RELAXED_SIMD),
            ),
            (
                Assumption::Internals,
                engine.internals == Internals::Writable && internals != Internals::Writable,
            ),
            (Assumption::Interruption, engine.interruption && !interruption),
            (
                Assumption::InterruptionCallbacks,
                engine.interruption_callbacks && !interruption_callbacks,
            ),
            (Assumption::Fuel, engine_counts && !counts),
            (Assumption::FuelCosts, engine_counts && counts && fuel_costs != engine.fuel_costs),
            (Assumption::FuelYields, engine.fuel_yields && engine_counts && counts && !fuel_yields),
            (Assumption::GuestDebug, guest_debug != engine.guest_debug),
            (Assumption::Proposals, !allowed.contains(used)),
        ];
        unmet.into_iter().filter_map(|(assumption, unmet)| unmet.then_some(assumption)).collect()
    }
}

/// All bytes that a 32-bit address can name.
pub(crate) const WHOLE_INDEX_SPACE: u64 = 4 << 30;

/// Whether a table or memory of some size, in elements or pages, is what an importer takes for
/// granted that declares the given minimum. The size is compared anew whenever it may have become
/// smaller.
#[must_use]
pub const fn size_is_met(minimum: u64, size: u64) -> bool {
    size >= minimum
}

impl Tunables {
    /// Whether a memory of the given type is reserved whole, so that its base never moves and
    /// 32-bit addresses into it need no bounds check.
    pub const fn memory_is_static(&self, ty: &MemoryType) -> bool {
        !ty.memory64 && ty.has_default_pages() && self.memory_reservation >= WHOLE_INDEX_SPACE
    }

    /// Whether code whose module has this as its first memory finds out below it whether it is to
    /// stop. What is below a memory that several stores share would stop all of them.
    pub const fn interrupts_below(&self, ty: &MemoryType) -> bool {
        self.memory_is_static(ty) && !ty.shared
    }

    /// How many bytes from its base on belong to a memory that is reserved whole, accessible or
    /// not: accesses that end within them need no bounds check.
    pub const fn static_memory_reach(&self) -> u64 {
        self.memory_reservation.saturating_add(self.memory_guard_size)
    }

    /// How many bytes behind the end of a memory, whatever its size is, are not accessible and
    /// belong to it. With small pages that is none: the guard follows the last whole page of the
    /// machine, which is not where the memory ends.
    pub const fn guard_after(&self, ty: &MemoryType) -> u64 {
        if ty.has_default_pages() { self.memory_guard_size } else { 0 }
    }
}

impl TableType {
    /// How many elements a table of this type always has, in whose code that is a constant: it
    /// can't grow, and an import is never smaller than its minimum while its importer runs
    /// ([`size_is_met`]).
    pub fn constant_length(&self) -> Option<u64> {
        (self.maximum == Some(self.minimum)).then_some(self.minimum)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn unmet(code: &Tunables, engine: &Tunables) -> Vec<Assumption> {
        let used = WasmFeatures::RELAXED_SIMD;
        Assumption::unmet((code, used), (engine, WasmFeatures::SUPPORTED))
    }

    #[test]
    fn an_engine_runs_its_own_code() {
        let mut tunables = Tunables::new();
        assert_eq!(unmet(&tunables, &tunables), []);
        tunables.memory_reservation = 16 << 30;
        tunables.memory_guard_size = 0;
        tunables.internals = Internals::Writable;
        tunables.interruption = true;
        tunables.interruption_callbacks = true;
        tunables.fuel_costs = Some(7);
        tunables.fuel_yields = true;
        tunables.relaxed_simd_deterministic = true;
        assert_eq!(unmet(&tunables, &tunables), []);
        // Code that expects more than it gets is no harm.
        assert_eq!(
            unmet(&tunables, &Tunables { memory_reservation: 32 << 30, ..Tunables::new() }),
            []
        );
    }

    #[test]
    fn reservations_are_compared_where_code_relies_on_them() {
        let with = |memory_reservation| Tunables { memory_reservation, ..Tunables::new() };
        const G: u64 = 1 << 30;
        for (code, engine, is_met) in [
            (0, 0, true),
            (4 * G - 1, 0, true),
            (4 * G, 4 * G - 1, false),
            (4 * G, 4 * G, true),
            (4 * G + 1, 4 * G, false),
            (16 * G, 4 * G, false),
            (16 * G, 16 * G, true),
            (4 * G, 16 * G, true),
            (0, 16 * G, true),
        ] {
            let expected = if is_met { vec![] } else { vec![Assumption::MemoryReservation] };
            assert_eq!(unmet(&with(code), &with(engine)), expected, "{code} {engine}");
        }
    }

    #[test]
    fn each_promise_of_an_engine_is_asked_of_the_code() {
        let code = Tunables::new();
        let mut engine = Tunables::new();
        engine.memory_guard_size -= 1;
        engine.stack_guard_size /= 2;
        engine.relaxed_simd_deterministic = true;
        engine.internals = Internals::Writable;
        engine.interruption = true;
        engine.interruption_callbacks = true;
        engine.fuel_costs = Some(1);
        engine.guest_debug = true;
        use Assumption as A;
        assert_eq!(
            unmet(&code, &engine),
            [
                A::MemoryGuard,
                A::StackGuard,
                A::RelaxedSimd,
                A::Internals,
                A::Interruption,
                A::InterruptionCallbacks,
                A::Fuel,
                A::GuestDebug
            ]
        );
        let counting = Tunables { fuel_costs: Some(2), ..code };
        assert!(unmet(&counting, &engine).contains(&A::FuelCosts));
        let yields = Tunables { fuel_costs: Some(2), fuel_yields: true, ..engine };
        assert!(unmet(&counting, &yields).contains(&A::FuelYields));
        let debugged = Tunables { guest_debug: true, ..code };
        assert_eq!(unmet(&debugged, &code), [A::GuestDebug]);
        let all = (&code, WasmFeatures::all());
        assert_eq!(Assumption::unmet(all, (&code, WasmFeatures::WASM2)), [A::Proposals]);
    }
}
