//! What guests that are components can have the host keep: limits of a store, which the crate that
//! runs components observes.

use super::{Store, StoreContextMut};

/// Limits of a store that are about components.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ComponentLimits {
    /// How many bytes a call may copy from a guest to the host.
    pub hostcall_fuel: usize,
    /// How many handles of resources there may be at a time.
    pub handles: usize,
}

impl ComponentLimits {
    /// The limits of a store of which nothing else was said.
    pub const DEFAULT: Self = Self { hostcall_fuel: 128 << 20, handles: 100_000 };
}

impl Default for ComponentLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<T: 'static> Store<T> {
    /// How many bytes a call may copy from a component to the host.
    pub fn hostcall_fuel(&self) -> usize {
        self.inner().opaque.component_limits.hostcall_fuel
    }

    /// Sets how many bytes a call may copy from a component to the host, lists and strings with
    /// everything in them: a guest can't have the host allocate more. A call that needs more fails.
    ///
    /// Default: 128 MiB.
    pub fn set_hostcall_fuel(&mut self, fuel: usize) {
        self.inner_mut().opaque.component_limits.hostcall_fuel = fuel;
    }

    /// How many handles of resources there may be at a time.
    pub fn max_component_handles(&self) -> usize {
        self.inner().opaque.component_limits.handles
    }

    /// Sets how many handles of resources there may be at a time, in the tables of all component
    /// instances and of the host together: guests can't have the host keep more.
    ///
    /// Default: 100,000. Those that there are stay if the limit is lower.
    pub fn set_max_component_handles(&mut self, limit: usize) {
        self.inner_mut().opaque.component_limits.handles = limit;
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// As [`Store::hostcall_fuel`].
    pub fn hostcall_fuel(&self) -> usize {
        self.component_limits().hostcall_fuel
    }

    /// As [`Store::set_hostcall_fuel`].
    pub fn set_hostcall_fuel(&mut self, fuel: usize) {
        self.0.opaque.component_limits.hostcall_fuel = fuel;
    }

    /// As [`Store::max_component_handles`].
    pub fn max_component_handles(&self) -> usize {
        self.component_limits().handles
    }

    /// As [`Store::set_max_component_handles`].
    pub fn set_max_component_handles(&mut self, limit: usize) {
        self.0.opaque.component_limits.handles = limit;
    }

    /// All limits that are about components.
    #[inline]
    pub fn component_limits(&self) -> ComponentLimits {
        self.0.opaque.component_limits
    }

    /// Counts an instance of a component that the store has from now on, for
    /// [`PoolingAllocatorMetrics::component_instances`](crate::PoolingAllocatorMetrics::component_instances).
    pub fn count_component_instance(&mut self) {
        self.0.opaque.count_component_instance();
    }
}
