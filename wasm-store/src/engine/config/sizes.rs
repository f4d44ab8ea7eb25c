//! Which sizes an engine accepts. What no machine could provide is refused when the engine is made,
//! and not at each call or memory of its stores.

use crate::engine::Config;
use crate::error::Result;

/// The address space of a program, in bytes.
const ADDRESS_SPACE: u64 = 1 << 47;

/// The size of a stack without a limit, in bytes: what a program without end may fill of any
/// machine's memory.
const UNLIMITED_STACK: usize = 256 << 20;

impl Config {
    /// The size of the stacks that Wasm runs on, in bytes.
    pub(crate) fn wasm_stack_size(&self) -> usize {
        match self.max_wasm_stack {
            usize::MAX => UNLIMITED_STACK,
            size => size,
        }
    }

    /// Checks all sizes.
    pub(crate) fn check_sizes(&self) -> Result<()> {
        let tunables = self.tunables();
        let page = rustix::param::page_size() as u64;
        let stack_guard = u64::from(tunables.stack_guard_size);
        crate::ensure!(
            stack_guard.is_power_of_two() && stack_guard >= page,
            "the stack guard is {stack_guard} bytes: it must be a power of two and at least a page ({page})"
        );
        let stack = self.wasm_stack_size() as u64;
        crate::ensure!(
            stack >= page,
            "the Wasm stack is {stack} bytes: it must be at least a page ({page})"
        );
        let fits = |what: &str, size: u64, guard: u64, setter: &str| {
            crate::ensure!(
                size.checked_add(guard).is_some_and(|sum| sum <= ADDRESS_SPACE),
                "{what} is {size} bytes, with {guard} bytes for its guard: that is more than the address space of \
                 {ADDRESS_SPACE} bytes; set a smaller `{setter}`"
            );
            Ok(())
        };
        let guard = tunables.memory_guard_size;
        fits("the Wasm stack", stack, stack_guard, "Config::max_wasm_stack")?;
        fits(
            "the reservation of a memory",
            tunables.memory_reservation,
            guard,
            "Config::memory_reservation` or `Config::memory_guard_size",
        )?;
        fits(
            "the reservation for the growth of a memory",
            tunables.memory_reservation_for_growth,
            guard,
            "Config::memory_reservation_for_growth",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::store::Store;
    use crate::{Memory, MemoryType};

    fn refusal(set: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::new();
        set(&mut config);
        Engine::new(&config).err().map(|error| error.to_string())
    }

    #[test]
    fn what_no_machine_has_is_refused_with_its_name() {
        for size in [u64::MAX, u64::MAX - 4095, 1 << 63, (1 << 47) + 1] {
            // No limit is none that could be too large.
            let stack = (size as usize).min(usize::MAX - 1);
            let all = [
                (refusal(|c| _ = c.max_wasm_stack(stack)), "max_wasm_stack"),
                (refusal(|c| _ = c.memory_reservation(size)), "memory_reservation`"),
                (refusal(|c| _ = c.memory_guard_size(size)), "memory_guard_size"),
                (
                    refusal(|c| _ = c.memory_reservation_for_growth(size)),
                    "memory_reservation_for_growth",
                ),
            ];
            for (error, setter) in all {
                assert!(error.as_ref().is_some_and(|error| error.contains(setter)), "{error:?}");
            }
        }
        for size in [0, 1, 4095, 4097, 3 << 12, u32::MAX] {
            let error = refusal(|config| config.tunables_mut().stack_guard_size = size);
            assert!(error.is_some_and(|error| error.contains(&size.to_string())));
        }
        for size in [0, 1, 4095] {
            assert!(refusal(|c| _ = c.max_wasm_stack(size)).is_some());
        }
    }

    #[test]
    fn a_stack_without_a_limit_is_large() -> Result<()> {
        let engine = Engine::new(Config::new().max_wasm_stack(usize::MAX))?;
        assert_eq!(Store::new(&engine, ()).max_wasm_stack(), 256 << 20);
        Ok(())
    }

    #[test]
    fn memories_that_move_have_a_guard_below_if_they_are_to() -> Result<()> {
        let mut config = Config::new();
        config.memory_reservation(0).memory_reservation_for_growth(0);
        config.guard_before_linear_memory(true);
        let mut store = Store::new(&Engine::new(&config)?, ());
        let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
        for _ in 0..2 {
            let start = memory.data_ptr(&store).addr();
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            let guard = maps.lines().find(|line| {
                let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
                let number = |text| usize::from_str_radix(text, 16).unwrap();
                number(from) <= start - (2 << 20) && number(to) >= start
            });
            assert!(guard.is_some_and(|line| line.contains(" ---p ")), "{start:x} {maps}");
            memory.grow(&mut store, 100)?;
        }
        Ok(())
    }

    #[test]
    fn sizes_need_not_be_those_of_pages() -> Result<()> {
        for size in [1, 4095, 4097, (4 << 30) - 1, (4 << 30) + 1] {
            let mut config = Config::new();
            config.memory_reservation(size).memory_guard_size(size).max_wasm_stack(4097);
            config.memory_reservation_for_growth(size);
            let mut store = Store::new(&Engine::new(&config)?, ());
            let memory = Memory::new(&mut store, MemoryType::new(1, Some(3)))?;
            memory.grow(&mut store, 2)?;
            memory.write(&mut store, (3 << 16) - 1, &[1])?;
            assert!(memory.write(&mut store, 3 << 16, &[1]).is_err());
        }
        Ok(())
    }
}
