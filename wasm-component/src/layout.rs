//! Where values lie in linear memory (Canonical ABI: alignment and element size).

/// The size and alignment of a value in linear memory, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Layout {
    /// The size. It is a multiple of the alignment.
    pub size: u32,
    /// The alignment: 1, 2, 4 or 8.
    pub align: u32,
}

/// Where the parts of a variant lie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct VariantLayout {
    /// Of the whole.
    pub layout: Layout,
    /// The size of the discriminant at the start, in bytes: 1, 2 or 4.
    pub discriminant: u32,
    /// Where the payload begins.
    pub payload_offset: u32,
}

/// The most parameters that are passed flat; more of them lie in memory.
pub const MAX_FLAT_PARAMS: usize = 16;
/// The most results that are passed flat; more of them lie in memory.
pub const MAX_FLAT_RESULTS: usize = 1;
/// The most bytes that a string may have, and the most bytes that its encoded form may be
/// allocated.
pub const MAX_STRING_BYTE_LENGTH: u32 = (1 << 28) - 1;
/// The most bytes that the elements of a list may have.
pub const MAX_LIST_BYTE_LENGTH: u32 = (1 << 28) - 1;

impl Layout {
    /// A value without bytes.
    pub const EMPTY: Self = Self { size: 0, align: 1 };
    /// A pointer and a length.
    pub const POINTER_PAIR: Self = Self { size: 8, align: 4 };

    /// A number that is aligned to its size.
    pub const fn scalar(size: u32) -> Self {
        Self { size, align: size }
    }

    /// Of flags: the number of their labels decides.
    pub const fn flags(count: usize) -> Self {
        match count {
            0 => Self::EMPTY,
            1..=8 => Self::scalar(1),
            9..=16 => Self::scalar(2),
            // The component model allows no more than 32; older binaries had several words.
            _ => Self { size: saturate(count.div_ceil(32) as u64 * 4), align: 4 },
        }
    }

    /// The given number of values, one after the other; sizes stop at the largest number.
    pub const fn repeat(self, count: u32) -> Self {
        Self { size: saturate(self.size as u64 * count as u64), align: self.align }
    }

    /// Appends a field to a record and returns its offset. The size is that of the fields so far,
    /// which [`pad`](Self::pad) completes.
    pub const fn push(&mut self, field: Self) -> u32 {
        let offset = align_to(self.size, field.align);
        self.size = offset.saturating_add(field.size);
        if field.align > self.align {
            self.align = field.align;
        }
        offset
    }

    /// Rounds the size up to the alignment.
    pub const fn pad(self) -> Self {
        Self { size: align_to(self.size, self.align), align: self.align }
    }

    /// Of a record or tuple with these fields.
    pub fn record(fields: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self::EMPTY;
        for field in fields {
            whole.push(field);
        }
        whole.pad()
    }
}

impl VariantLayout {
    /// Of a variant with these payloads, [`Layout::EMPTY`] for a case without one.
    pub fn new(cases: impl IntoIterator<Item = Layout>) -> Self {
        let mut count = 0_usize;
        let mut payload = Layout::EMPTY;
        for case in cases {
            count += 1;
            payload.size = payload.size.max(case.size);
            payload.align = payload.align.max(case.align);
        }
        let discriminant = discriminant_size(count);
        let payload_offset = align_to(discriminant, payload.align);
        let layout = Layout {
            size: payload_offset.saturating_add(payload.size),
            align: if payload.align > discriminant { payload.align } else { discriminant },
        };
        Self { layout: layout.pad(), discriminant, payload_offset }
    }
}

/// How many bytes the discriminant of a variant with that many cases has.
pub const fn discriminant_size(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// The next multiple of a power of two; the largest one if that is too large for a number.
pub const fn align_to(offset: u32, align: u32) -> u32 {
    let mask = align.wrapping_sub(1);
    match offset.checked_add(mask) {
        Some(sum) => sum & !mask,
        None => !mask,
    }
}

const fn saturate(size: u64) -> u32 {
    if size > u32::MAX as u64 { u32::MAX } else { size as u32 }
}
