//! How types are represented, computed by the Rust compiler.

use wasm_component::{Layout, align_to, discriminant_size};

/// How a type is represented in memory, and as how many core values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CanonicalAbi {
    /// Size and alignment in memory.
    pub layout: Layout,
    /// How many core values it is passed as. The number stops at the largest one.
    pub flat_count: u32,
}

impl CanonicalAbi {
    /// Nothing, as a variant's case without a payload has.
    pub const NOTHING: Self = Self { layout: Layout::EMPTY, flat_count: 0 };
    /// A pointer and a length.
    pub const POINTER_PAIR: Self = Self { layout: Layout::POINTER_PAIR, flat_count: 2 };

    /// A number.
    pub const fn scalar(size: u32) -> Self {
        Self { layout: Layout::scalar(size), flat_count: 1 }
    }

    /// A record or tuple.
    pub const fn record(fields: &[Self]) -> Self {
        let mut whole = Self::NOTHING;
        let mut at = 0;
        while at < fields.len() {
            whole.layout.push(fields[at].layout);
            whole.flat_count = whole.flat_count.saturating_add(fields[at].flat_count);
            at += 1;
        }
        whole.layout = whole.layout.pad();
        whole
    }

    /// The offset of a field of a record or tuple.
    pub const fn field_offset(fields: &[Self], field: usize) -> usize {
        let mut layout = Layout::EMPTY;
        let mut at = 0;
        while at < field {
            layout.push(fields[at].layout);
            at += 1;
        }
        layout.push(fields[field].layout) as usize
    }

    /// A variant with payloads.
    pub const fn variant(cases: &[Option<Self>]) -> Self {
        let payload = Self::payload(cases);
        let discriminant = Layout::scalar(discriminant_size(cases.len()));
        let mut layout = discriminant;
        layout.push(payload.layout);
        Self { layout: layout.pad(), flat_count: payload.flat_count.saturating_add(1) }
    }

    /// The offset of the payloads of a variant.
    pub const fn payload_offset(cases: &[Option<Self>]) -> usize {
        align_to(discriminant_size(cases.len()), Self::payload(cases).layout.align) as usize
    }

    /// An enumeration.
    pub const fn cases(count: usize) -> Self {
        Self::scalar(discriminant_size(count))
    }

    /// Flags.
    pub const fn flags(count: usize) -> Self {
        Self { layout: Layout::flags(count), flat_count: count.div_ceil(32) as u32 }
    }

    /// The given number of values, one after the other.
    pub const fn repeat(self, count: u32) -> Self {
        Self {
            layout: self.layout.repeat(count),
            flat_count: self.flat_count.saturating_mul(count),
        }
    }

    /// Room for each of the payloads.
    const fn payload(cases: &[Option<Self>]) -> Self {
        let mut most = Self::NOTHING;
        let mut at = 0;
        while at < cases.len() {
            if let Some(case) = cases[at] {
                if case.layout.size > most.layout.size {
                    most.layout.size = case.layout.size;
                }
                if case.layout.align > most.layout.align {
                    most.layout.align = case.layout.align;
                }
                if case.flat_count > most.flat_count {
                    most.flat_count = case.flat_count;
                }
            }
            at += 1;
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_variants_lie_as_the_canonical_abi_says() {
        const U8: CanonicalAbi = CanonicalAbi::scalar(1);
        const U32: CanonicalAbi = CanonicalAbi::scalar(4);
        const F64: CanonicalAbi = CanonicalAbi::scalar(8);
        const FIELDS: &[CanonicalAbi] = &[U8, F64, U32, CanonicalAbi::POINTER_PAIR];
        let record = CanonicalAbi::record(FIELDS);
        assert_eq!((record.layout.size, record.layout.align, record.flat_count), (32, 8, 5));
        let offsets: Vec<_> = (0..4).map(|at| CanonicalAbi::field_offset(FIELDS, at)).collect();
        assert_eq!(offsets, [0, 8, 16, 20]);

        let variant = CanonicalAbi::variant(&[None, Some(U8), Some(F64)]);
        assert_eq!((variant.layout.size, variant.layout.align, variant.flat_count), (16, 8, 2));
        assert_eq!(CanonicalAbi::payload_offset(&[None, Some(U8), Some(F64)]), 8);
        assert_eq!(CanonicalAbi::payload_offset(&[None, Some(U8)]), 1);
        assert_eq!(CanonicalAbi::cases(257).layout, Layout::scalar(2));
        assert_eq!(CanonicalAbi::flags(33).layout, Layout { size: 8, align: 4 });
        assert_eq!(CanonicalAbi::flags(33).flat_count, 2);
        assert_eq!(CanonicalAbi::record(&[]), CanonicalAbi::NOTHING);
    }
}
