//! References from code to data that stands in the same text: addresses relative to the program
//! counter, as each machine has them. The text builder resolves calls, and nothing else on all
//! machines.

use cranelift_codegen::binemit::Reloc;

/// A reference from code to data.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataReference {
    pub(super) kind: Reloc,
    /// The place to fill in, from the start of the text.
    pub(super) at: usize,
    /// What the distance is counted from, where that is another place.
    pub(super) from: usize,
    /// What is referred to, with the addend.
    pub(super) to: i64,
}

impl DataReference {
    /// Fills it in; `None` if its kind is unknown, or what is referred to is too far away.
    ///
    /// Addresses within the text have the place that they are given here in their page: a text is
    /// mapped page by page.
    pub(super) fn resolve(&self, text: &mut [u8]) -> Option<()> {
        let field = text.get_mut(self.at..self.at + 4)?;
        let old = <[u8; 4]>::try_from(&*field).ok()?;
        let distance = self.to - self.from as i64;
        let new = match self.kind {
            // A distance in bytes that the instruction ends with.
            Reloc::X86CallPCRel4 => i32::try_from(distance).ok()?.to_le_bytes(),
            // One in halfwords.
            Reloc::S390xPCRel32Dbl if distance % 2 == 0 => {
                i32::try_from(distance / 2).ok()?.to_be_bytes()
            }
            // `adrp`: 21 bits of a distance in pages, the lowest two apart from the others.
            Reloc::Aarch64AdrPrelPgHi21 => {
                let pages = (self.to >> 12) - (self.from as i64 >> 12);
                let pages = signed_bits(pages, 21)?;
                let bits = (pages & 3) << 29 | (pages >> 2) << 5;
                (u32::from_le_bytes(old) | bits).to_le_bytes()
            }
            // `add`: the place in the page.
            Reloc::Aarch64AddAbsLo12Nc => {
                let bits = (self.to as u32 & 0xfff) << 10;
                (u32::from_le_bytes(old) | bits).to_le_bytes()
            }
            // `auipc`: the upper 20 bits of a distance, so that the rest is one with a sign.
            Reloc::RiscvPCRelHi20 => {
                let upper = signed_bits((distance + 0x800) >> 12, 20)?;
                (u32::from_le_bytes(old) | upper << 12).to_le_bytes()
            }
            // `addi`: the rest.
            Reloc::RiscvPCRelLo12I => {
                let bits = (distance as u32 & 0xfff) << 20;
                (u32::from_le_bytes(old) | bits).to_le_bytes()
            }
            _ => return None,
        };
        field.copy_from_slice(&new);
        Some(())
    }
}

/// The low bits of a number, if it fits into so many with its sign.
fn signed_bits(number: i64, bits: u32) -> Option<u32> {
    let half = 1 << (bits - 1);
    (-half..half).contains(&number).then_some(number as u32 & ((1 << bits) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(kind: Reloc, old: [u8; 4], from: usize, to: i64) -> Option<[u8; 4]> {
        let at = 16;
        let mut text = [0; 32];
        text[at..at + 4].copy_from_slice(&old);
        DataReference { kind, at, from, to }.resolve(&mut text)?;
        let (before, rest) = text.split_at(at);
        assert!(before.iter().chain(&rest[4..]).all(|byte| *byte == 0));
        Some(rest[..4].try_into().unwrap())
    }

    /// Encodings as the manuals have them.
    #[test]
    fn fields_are_filled_in() {
        let word = |word: u32| Some(word.to_le_bytes());
        assert_eq!(resolved(Reloc::X86CallPCRel4, [0; 4], 16, 12), word(0xffff_fffc));
        // larl: 3 halfwords, and back.
        assert_eq!(resolved(Reloc::S390xPCRel32Dbl, [0; 4], 16, 22), Some([0, 0, 0, 3]));
        assert_eq!(resolved(Reloc::S390xPCRel32Dbl, [0; 4], 16, 10), Some([255, 255, 255, 253]));
        // adrp x1, one page on, or two back; add x1, x1, #0x345
        let adrp = 0x9000_0001_u32.to_le_bytes();
        assert_eq!(resolved(Reloc::Aarch64AdrPrelPgHi21, adrp, 0xff8, 0x1008), word(0xb000_0001));
        assert_eq!(resolved(Reloc::Aarch64AdrPrelPgHi21, adrp, 0x2ff8, 0x8), word(0xd0ff_ffe1));
        assert_eq!(resolved(Reloc::Aarch64AdrPrelPgHi21, adrp, 0xff8, 0x4), word(0x9000_0001));
        let add = 0x9100_0021_u32.to_le_bytes();
        assert_eq!(resolved(Reloc::Aarch64AddAbsLo12Nc, add, 0, 0x12345), word(0x910d_1421));
        // auipc a0, 1; addi a0, a0, -0x7fe: together 0x802
        let auipc = 0x0000_0517_u32.to_le_bytes();
        assert_eq!(resolved(Reloc::RiscvPCRelHi20, auipc, 0x10, 0x812), word(0x0000_1517));
        assert_eq!(resolved(Reloc::RiscvPCRelHi20, auipc, 0x10, 0x80f), word(0x0000_0517));
        let addi = 0x0005_0513_u32.to_le_bytes();
        assert_eq!(resolved(Reloc::RiscvPCRelLo12I, addi, 0x10, 0x812), word(0x8025_0513));
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        let far = 1 << 40;
        assert_eq!(resolved(Reloc::X86CallPCRel4, [0; 4], 0, far), None);
        assert_eq!(resolved(Reloc::S390xPCRel32Dbl, [0; 4], 0, far), None);
        assert_eq!(resolved(Reloc::S390xPCRel32Dbl, [0; 4], 0, 3), None);
        assert_eq!(resolved(Reloc::Aarch64AdrPrelPgHi21, [0; 4], 0, far), None);
        assert_eq!(resolved(Reloc::RiscvPCRelHi20, [0; 4], 0, far), None);
        assert_eq!(resolved(Reloc::Abs8, [0; 4], 0, 0), None);
        let beyond = DataReference { kind: Reloc::X86CallPCRel4, at: 2, from: 0, to: 0 };
        assert!(beyond.resolve(&mut [0; 4]).is_none());
    }
}
