//! What this crate needs to know of the ELF format.

#[cfg(feature = "write")]
use crate::error::Error;
use crate::format::{NOTE_NAME, NOTE_OFFSET};

/// The size of the file header.
pub(crate) const FILE_HEADER_SIZE: usize = 64;
/// The size of a program header.
#[cfg(feature = "write")]
pub(crate) const PROGRAM_HEADER_SIZE: usize = 56;
/// The size of a section header.
#[cfg(feature = "write")]
pub(crate) const SECTION_HEADER_SIZE: usize = 64;
/// The size of a symbol.
#[cfg(feature = "write")]
pub(crate) const SYMBOL_SIZE: usize = 24;
/// Where the file header says how many program headers and sections there are, and where.
#[cfg(feature = "write")]
pub(crate) const TABLES_IN_HEADER: [core::ops::Range<usize>; 3] = [32..48, 56..58, 60..64];
/// The first bytes of every ELF file.
pub(crate) const MAGIC: [u8; 4] = *b"\x7fELF";
/// In byte 7 of the file header (the operating system's ABI) and the eight bytes of padding after
/// it, artifacts say what they are, so that they are recognised even if they are cut off or have a
/// note that a later version has put elsewhere. ELF wants the padding ignored.
pub(crate) const PADDING: [u8; 7] = *b"wasm-rt";

/// Whether the bytes start as those of an artifact do.
pub(crate) fn looks_like_artifact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
        && (bytes.get(9..16) == Some(&PADDING)
            || bytes.get(NOTE_OFFSET + 12..NOTE_OFFSET + 20) == Some(NOTE_NAME))
}

/// What ELF's header says about a target.
#[cfg(feature = "write")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    /// The number of the machine.
    pub(crate) machine: u16,
    /// Whether ELF's own structures are big-endian.
    pub(crate) big_endian: bool,
    /// The machine's flags.
    pub(crate) flags: u32,
    /// The largest page size that systems for the machine commonly have.
    pub(crate) page_size: u32,
}

#[cfg(feature = "write")]
impl Target {
    /// The target of a triple.
    pub(crate) fn from_triple(triple: &str) -> Result<Self, Error> {
        const LITTLE: Target =
            Target { machine: 0, big_endian: false, flags: 0, page_size: 4 << 10 };
        let arch = triple.split('-').next().unwrap_or_default();
        Ok(match arch {
            "x86_64" | "x86_64h" => Target { machine: 62, ..LITTLE },
            "aarch64" | "arm64" => Target { machine: 183, page_size: 64 << 10, ..LITTLE },
            // Compressed instructions may be there, and floats are passed in double registers.
            _ if arch.starts_with("riscv64") => Target { machine: 243, flags: 5, ..LITTLE },
            "s390x" => Target { machine: 22, big_endian: true, ..LITTLE },
            _ => {
                return Err(Error::invalid_input(
                    "its target is none of x86_64, aarch64, riscv64 and s390x",
                ));
            }
        })
    }
}

#[cfg(feature = "write")]
pub(crate) use writing::*;

#[cfg(feature = "write")]
mod writing {
    use alloc::vec::Vec;

    /// Types, flags and indices of ELF structures, by their names in the specification.
    pub(crate) const ET_DYN: u16 = 3;
    pub(crate) const PT_LOAD: u32 = 1;
    pub(crate) const PT_NOTE: u32 = 4;
    pub(crate) const PT_GNU_STACK: u32 = 0x6474_e551;
    pub(crate) const PF_X: u32 = 1;
    pub(crate) const PF_W: u32 = 2;
    pub(crate) const PF_R: u32 = 4;
    pub(crate) const SHT_PROGBITS: u32 = 1;
    pub(crate) const SHT_SYMTAB: u32 = 2;
    pub(crate) const SHT_STRTAB: u32 = 3;
    pub(crate) const SHT_NOTE: u32 = 7;
    pub(crate) const SHF_ALLOC: u64 = 2;
    pub(crate) const SHF_EXECINSTR: u64 = 4;
    pub(crate) const STT_OBJECT_LOCAL: u8 = 1;
    pub(crate) const STT_FUNC_LOCAL: u8 = 2;

    /// Bytes in the order of the target.
    pub(crate) struct ElfBytes<'a> {
        pub(crate) out: &'a mut Vec<u8>,
        pub(crate) big_endian: bool,
    }

    impl ElfBytes<'_> {
        pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
            let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
            self.out.extend_from_slice(&bytes);
            self
        }

        pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
            let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
            self.out.extend_from_slice(&bytes);
            self
        }

        pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
            let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
            self.out.extend_from_slice(&bytes);
            self
        }

        pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
            self.out.extend_from_slice(value);
            self
        }
    }
}
