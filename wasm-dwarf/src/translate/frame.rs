//! Where machine code keeps what variables are found by.

/// What a function keeps in its frame for debuggers. Everything is where it is said to be while
/// code runs that is neither the function's first instructions nor comes from the same place in the
/// module as those, and in no register at any time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptFrame {
    /// The number that debuggers know the register by that is the frame pointer.
    pub register: u16,
    /// How far below the frame pointer the address is of where the base of the module's first
    /// memory is, in bytes.
    pub memory_below: u32,
    /// Locals, by their numbers in the module.
    pub locals: Vec<KeptLocal>,
}

/// A local in a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptLocal {
    /// Its number.
    pub local: u32,
    /// How far below the frame pointer it is, in bytes.
    pub below: u32,
    /// How many bytes it has.
    pub size: u8,
}

impl KeptFrame {
    /// Where a local is, in bytes from where the memory's place is, and how many bytes it has.
    pub(super) fn place(&self, local: u32) -> Option<(i64, u8)> {
        let found = self.locals.binary_search_by_key(&local, |kept| kept.local).ok()?;
        let kept = self.locals[found];
        Some((i64::from(self.memory_below) - i64::from(kept.below), kept.size))
    }
}
