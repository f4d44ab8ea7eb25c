//! The extensions that x86-64 code uses, read from the code itself.
//!
//! Between instructions there is data: jump tables behind indirect jumps, constants behind the last
//! instruction. So code is not read from start to end but along its control flow: from the entry on
//! to the next instruction where there is one, to the target of each direct jump, and to all that
//! stands in a jump table. Where a table ends is known from the code generator's list of source
//! locations: an indirect jump ends its block, a table belongs to the jump, and a new location
//! starts with each block. An indirect jump with nothing behind it leaves the function, for code
//! that is read by itself. So every instruction that can run is read, and no data.
//!
//! The code generator would also list the edges between blocks itself, but takes time for it that
//! grows with the square of their number.

use iced_x86::{Code, CpuidFeature, Decoder, DecoderOptions, FlowControl, Instruction};

use super::Extensions;

/// The settings that allow for extensions, in the order of their bits.
pub(super) const NAMES: &[&str] = &[
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
    "has_popcnt",
    "has_cmpxchg16b",
    "has_avx",
    "has_avx2",
    "has_fma",
    "has_bmi1",
    "has_bmi2",
    "has_lzcnt",
    "has_avx_vnni",
    "has_avx512f",
    "has_avx512vl",
    "has_avx512dq",
    "has_avx512bitalg",
    "has_avx512vbmi",
    "has_avx512vnni",
];

/// The bit of an extension; none for what every x86-64 processor has, `None` for an extension that
/// no setting allows for.
fn bit(feature: CpuidFeature) -> Option<Extensions> {
    let name = match feature {
        CpuidFeature::INTEL8086
        | CpuidFeature::INTEL186
        | CpuidFeature::INTEL286
        | CpuidFeature::INTEL386
        | CpuidFeature::INTEL486
        | CpuidFeature::X64
        | CpuidFeature::CMOV
        | CpuidFeature::CX8
        | CpuidFeature::FPU
        | CpuidFeature::FPU287
        | CpuidFeature::FPU387
        | CpuidFeature::FXSR
        | CpuidFeature::MMX
        | CpuidFeature::MULTIBYTENOP
        | CpuidFeature::PAUSE
        | CpuidFeature::SSE
        | CpuidFeature::SSE2 => return Some(Extensions::default()),
        CpuidFeature::SSE3 => "has_sse3",
        CpuidFeature::SSSE3 => "has_ssse3",
        CpuidFeature::SSE4_1 => "has_sse41",
        CpuidFeature::SSE4_2 => "has_sse42",
        CpuidFeature::POPCNT => "has_popcnt",
        CpuidFeature::CMPXCHG16B => "has_cmpxchg16b",
        CpuidFeature::AVX => "has_avx",
        CpuidFeature::AVX2 => "has_avx2",
        CpuidFeature::FMA => "has_fma",
        CpuidFeature::BMI1 => "has_bmi1",
        CpuidFeature::BMI2 => "has_bmi2",
        CpuidFeature::LZCNT => "has_lzcnt",
        CpuidFeature::AVX_VNNI => "has_avx_vnni",
        CpuidFeature::AVX512F => "has_avx512f",
        CpuidFeature::AVX512VL => "has_avx512vl",
        CpuidFeature::AVX512DQ => "has_avx512dq",
        CpuidFeature::AVX512_BITALG => "has_avx512bitalg",
        CpuidFeature::AVX512_VBMI => "has_avx512vbmi",
        CpuidFeature::AVX512_VNNI => "has_avx512vnni",
        _ => return None,
    };
    let place = NAMES.iter().position(|other| *other == name)?;
    Some(Extensions(1 << place))
}

/// What an instruction uses.
fn of_code(code: Code) -> Option<Extensions> {
    let features = code.cpuid_features().iter();
    features
        .copied()
        .try_fold(Extensions::default(), |all, feature| Some(Extensions(all.0 | bit(feature)?.0)))
}

/// Reads functions, one after the other, and keeps its allocations from one to the next.
#[derive(Default)]
pub(super) struct Reader {
    /// Places that are still to be read from.
    pending: Vec<u32>,
    /// A bit for each byte of the function: whether an instruction that was read starts there.
    seen: Vec<u64>,
    /// Places that the linker fills in, sorted.
    relocations: Vec<u32>,
    /// Where the code of one source location starts and ends, sorted.
    ranges: Vec<(u32, u32)>,
    /// What each kind of instruction uses, filled in as kinds are met.
    known: Known,
}

/// What each kind of instruction uses, by the number of the kind; `u32::MAX` for not yet known.
#[derive(Default)]
struct Known(Vec<u32>);

impl Known {
    #[inline]
    fn get(&mut self, code: Code) -> Option<Extensions> {
        let place = code as usize;
        match self.0.get(place) {
            Some(bits) if *bits != u32::MAX => Some(Extensions(*bits)),
            _ => self.find(code),
        }
    }

    #[cold]
    fn find(&mut self, code: Code) -> Option<Extensions> {
        let found = of_code(code)?;
        let place = code as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, u32::MAX);
        }
        self.0[place] = found.0;
        Some(found)
    }
}

impl Reader {
    /// What a function uses, given its code, the starts and ends of the ranges that have one source
    /// location, in order, and the places in it that the linker fills in. `None` if there is an
    /// instruction that can't be read or that no setting allows for.
    pub(super) fn read(
        &mut self,
        code: &[u8],
        ranges: impl IntoIterator<Item = (u32, u32)>,
        relocations: impl IntoIterator<Item = u32>,
    ) -> Option<Extensions> {
        let len = code.len();
        self.seen.clear();
        self.seen.resize(len.div_ceil(64), 0);
        self.relocations.clear();
        self.relocations.extend(relocations);
        self.relocations.sort_unstable();
        self.ranges.clear();
        self.ranges.extend(ranges);
        self.pending.clear();
        self.pending.push(0);

        let mut decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut used = Extensions::default();
        while let Some(start) = self.pending.pop() {
            let mut at = start as usize;
            if at < len && self.is_seen(at) {
                continue;
            }
            decoder.set_position(at).ok()?;
            decoder.set_ip(u64::from(start));
            loop {
                if at >= len {
                    // Code that runs on behind the last byte is none that the code generator makes.
                    return None;
                }
                if self.is_seen(at) {
                    break;
                }
                self.seen[at / 64] |= 1 << (at % 64);
                decoder.decode_out(&mut instruction);
                if instruction.is_invalid() {
                    return None;
                }
                used.0 |= self.known.get(instruction.code())?.0;
                let next = decoder.position();
                match instruction.flow_control() {
                    FlowControl::Next
                    | FlowControl::Call
                    | FlowControl::IndirectCall
                    | FlowControl::Interrupt => {}
                    FlowControl::ConditionalBranch => self.follow(&instruction, at, next)?,
                    FlowControl::UnconditionalBranch => {
                        self.follow(&instruction, at, next)?;
                        break;
                    }
                    FlowControl::IndirectBranch => {
                        self.follow_table(code, at, next)?;
                        break;
                    }
                    FlowControl::Return | FlowControl::Exception => break,
                    FlowControl::XbeginXabortXend => return None,
                }
                at = next;
            }
        }
        Some(used)
    }

    fn is_seen(&self, at: usize) -> bool {
        self.seen[at / 64] & 1 << (at % 64) != 0
    }

    /// Notes the target of a jump, unless the linker fills it in: then it is another function.
    fn follow(&mut self, jump: &Instruction, at: usize, next: usize) -> Option<()> {
        let first = self.relocations.partition_point(|place| (*place as usize) < at);
        if self.relocations.get(first).is_some_and(|place| (*place as usize) < next) {
            return Some(());
        }
        // A target outside of the function is found out when it is read from.
        self.pending.push(u32::try_from(jump.near_branch_target()).ok()?);
        Some(())
    }

    /// Notes what is in the table behind an indirect jump: distances from its start. It ends where
    /// the range of the jump ends; there is none if that is right behind the jump.
    fn follow_table(&mut self, code: &[u8], at: usize, start: usize) -> Option<()> {
        let after = self.ranges.partition_point(|(start, _)| *start as usize <= at);
        let end = self.ranges[..after].last()?.1 as usize;
        let (entries, rest) = code.get(start..end)?.as_chunks::<4>();
        if !rest.is_empty() {
            return None;
        }
        for entry in entries {
            let target = start.checked_add_signed(i32::from_le_bytes(*entry) as isize)?;
            if target >= code.len() {
                return None;
            }
            if !self.is_seen(target) {
                self.pending.push(target as u32);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What code uses whose first ranges end at the given places.
    fn names(code: &[u8], ends: &[u32], relocations: &[u32]) -> Option<Vec<&'static str>> {
        let starts = [0].into_iter().chain(ends.iter().copied());
        let ranges = starts.zip(ends.iter().copied().chain([code.len() as u32]));
        let used = Reader::default().read(code, ranges, relocations.iter().copied())?;
        Some((0..NAMES.len()).filter(|bit| used.0 & 1 << bit != 0).map(|bit| NAMES[bit]).collect())
    }

    #[test]
    fn every_name_has_an_extension() {
        let named: Vec<_> =
            CpuidFeature::values().filter_map(bit).filter(|bits| bits.0 != 0).collect();
        assert_eq!(named.len(), NAMES.len());
        for (place, name) in NAMES.iter().enumerate() {
            assert!(named.contains(&Extensions(1 << place)), "{name}");
        }
    }

    #[test]
    fn instructions_say_what_they_use() {
        for (code, expected) in [
            // ret
            (&b"\xc3"[..], &[][..]),
            // popcnt eax, eax
            (b"\xf3\x0f\xb8\xc0\xc3", &["has_popcnt"]),
            // tzcnt and lzcnt: other instructions to a processor that does not know them
            (b"\xf3\x0f\xbc\xc0\xc3", &["has_bmi1"]),
            (b"\xf3\x0f\xbd\xc0\xc3", &["has_lzcnt"]),
            // bsf
            (b"\x0f\xbc\xc0\xc3", &[]),
            // rorx eax, eax, 3
            (b"\xc4\xe3\x7b\xf0\xc0\x03\xc3", &["has_bmi2"]),
            // vaddsd xmm0, xmm0, xmm0
            (b"\xc5\xfb\x58\xc0\xc3", &["has_avx"]),
            // vpaddd ymm0, ymm0, ymm0
            (b"\xc5\xfd\xfe\xc0\xc3", &["has_avx2"]),
            // vfmadd213sd xmm0, xmm0, xmm0
            (b"\xc4\xe2\xf9\xa9\xc0\xc3", &["has_fma"]),
            // vpabsq xmm0, xmm0
            (b"\x62\xf2\xfd\x08\x1f\xc0\xc3", &["has_avx512f", "has_avx512vl"]),
            // roundss xmm0, xmm0, 1
            (b"\x66\x0f\x3a\x0a\xc0\x01\xc3", &["has_sse41"]),
            // lock cmpxchg16b [rdi]
            (b"\xf0\x48\x0f\xc7\x0f\xc3", &["has_cmpxchg16b"]),
        ] {
            assert_eq!(names(code, &[], &[]).as_deref(), Some(expected), "{code:x?}");
        }
    }

    #[test]
    fn data_is_not_read_and_code_behind_it_is() {
        // popcnt eax, eax; jmp rax; lzcnt eax, eax; ret
        let code = b"\xf3\x0f\xb8\xc0\xff\xe0\xf3\x0f\xbd\xc0\xc3";
        assert_eq!(names(code, &[6], &[]).unwrap(), ["has_popcnt"]);
        // jmp +4; data; lzcnt eax, eax; ret
        let code = b"\xeb\x04\xf3\x0f\xb8\xc0\xf3\x0f\xbd\xc0\xc3";
        assert_eq!(names(code, &[], &[]).unwrap(), ["has_lzcnt"]);
        // je +1; ret; popcnt eax, eax; ud2; data
        let code = b"\x74\x01\xc3\xf3\x0f\xb8\xc0\x0f\x0b\x06";
        assert_eq!(names(code, &[], &[]).unwrap(), ["has_popcnt"]);
    }

    #[test]
    fn what_a_jump_table_leads_to_is_read() {
        // nop; jmp rax; a table of two; data that looks like popcnt; lzcnt eax, eax; ret; tzcnt
        // eax, eax; ret
        let mut code = b"\x90\xff\xe0\0\0\0\0\0\0\0\0\xf3\x0f\xb8\xc0".to_vec();
        code.extend(b"\xf3\x0f\xbd\xc0\xc3\xf3\x0f\xbc\xc0\xc3");
        for (entries, expected) in [
            ([12, 12], Some(&["has_lzcnt"][..])),
            ([12, 17], Some(&["has_bmi1", "has_lzcnt"])),
            // Into the jump's own block.
            ([12, -3], Some(&["has_lzcnt"])),
            // Before the code, and behind it.
            ([12, -4], None),
            ([12, 22], None),
        ] {
            for (place, entry) in entries.iter().enumerate() {
                code[3 + 4 * place..][..4].copy_from_slice(&i32::to_le_bytes(*entry));
            }
            assert_eq!(names(&code, &[11, 15], &[]).as_deref(), expected, "{entries:?}");
        }
        // A table of one and a half, and code with no range.
        assert_eq!(names(&code, &[9], &[]), None);
        assert_eq!(Reader::default().read(b"\xff\xe0", [], []), None);
    }

    #[test]
    fn a_jump_to_another_function_ends_the_code() {
        // jmp, to be filled in; then a byte that is no instruction
        let code = b"\xe9\0\0\0\0\x06";
        assert_eq!(names(code, &[], &[1]).unwrap(), [""; 0]);
        assert_eq!(names(code, &[], &[]), None);
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed_at() {
        // No instruction; one that is cut off; one that runs on behind the end; an empty function;
        // a target behind the end; aesenc, which no setting allows for.
        for code in [&b"\x06"[..], b"\x0f", b"\x90", b"", b"\xeb\x10", b"\x66\x0f\x38\xdc\xc0\xc3"]
        {
            assert_eq!(names(code, &[], &[]), None, "{code:x?}");
        }
    }
}
