//! Functions that give a component access to the host's memory.

use crate::flat::{CoreSignature, FlatType, FlatTypes};

/// A function that gives a component access to the host's memory, beyond all checks. A component
/// has such functions only if whoever compiles it allows it, and answers for what it does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Intrinsic {
    /// `() -> address`: where the data of the store is.
    StoreDataAddress,
    /// Reads or writes an integer in the byte order of the machine.
    Access {
        /// How large the integer is, in bits: 8, 16, 32 or 64.
        bits: u32,
        /// Whether it is written, and not read.
        writes: bool,
        /// Whether the place is given by an address, an offset and a length, and an integer that
        /// does not lie within the length is a trap. Otherwise it is given by an address.
        checks: bool,
    },
}

macro_rules! accesses {
    ($($bits:literal),*) => {
        &[
            ("store-data-address", Intrinsic::StoreDataAddress),
            $(
                (concat!("u", $bits, "-native-load"), access($bits, false, false)),
                (concat!("u", $bits, "-native-store"), access($bits, true, false)),
                (concat!("u", $bits, "-checked-native-load"), access($bits, false, true)),
                (concat!("u", $bits, "-checked-native-store"), access($bits, true, true)),
            )*
        ]
    };
}

const fn access(bits: u32, writes: bool, checks: bool) -> Intrinsic {
    Intrinsic::Access { bits, writes, checks }
}

impl Intrinsic {
    /// All of them, with their names, which are Wasmtime's.
    pub(crate) const ALL: &'static [(&'static str, Self)] = accesses!(8, 16, 32, 64);

    /// The one of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, intrinsic)| *intrinsic)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, intrinsic)| *intrinsic == self);
        found.map_or("an access to memory", |(name, _)| name)
    }

    /// The parameters: unsigned integers of so many bits.
    pub fn params(self) -> impl Iterator<Item = u32> {
        let (places, value) = match self {
            Self::StoreDataAddress => (0, None),
            Self::Access { bits, writes, checks } => {
                (if checks { 3 } else { 1 }, writes.then_some(bits))
            }
        };
        core::iter::repeat_n(64, places).chain(value)
    }

    /// The result: an unsigned integer of so many bits.
    pub fn result(self) -> Option<u32> {
        match self {
            Self::StoreDataAddress => Some(64),
            Self::Access { bits, writes, .. } => (!writes).then_some(bits),
        }
    }

    pub(crate) fn signature(self) -> CoreSignature {
        let flat = |bits| if bits == 64 { FlatType::I64 } else { FlatType::I32 };
        let list = |all: &mut dyn Iterator<Item = u32>| {
            let mut types = FlatTypes::new();
            // There are at most four.
            all.for_each(|bits| _ = types.push(flat(bits)));
            types
        };
        CoreSignature {
            params: list(&mut self.params()),
            results: list(&mut self.result().into_iter()),
        }
    }
}
