//! A few bytes that are copied or filled in place: divided into what single instructions load and
//! store.

use cranelift_codegen::ir::{Type, types};
use smallvec::SmallVec;

/// The most bytes that are copied or filled in place.
pub(crate) const MAX: u8 = 64;

/// The bytes that one instruction loads or stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) offset: i32,
    size: u8,
}

impl Piece {
    pub(crate) fn ty(self) -> Type {
        match self.size {
            1 => types::I8,
            2 => types::I16,
            4 => types::I32,
            8 => types::I64,
            _ => types::I8X16,
        }
    }
}

/// Divides bytes, up to [`MAX`], into pieces of the largest size that fits, a power of two; the
/// last one may overlap the one before it.
pub(crate) fn pieces(len: u8, largest: u8) -> SmallVec<[Piece; 8]> {
    if len == 0 {
        return SmallVec::new();
    }
    let mut size = largest;
    while size > len {
        size /= 2;
    }
    let whole = (0..len / size).map(|number| Piece { offset: i32::from(number * size), size });
    let mut pieces: SmallVec<[Piece; 8]> = whole.collect();
    let rest = len % size;
    if rest > 0 {
        // The smallest piece that has all of the rest.
        let size = rest.next_power_of_two();
        pieces.push(Piece { offset: i32::from(len - size), size });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_all_bytes_and_no_others() {
        for largest in [8, 16] {
            for len in 0..=MAX {
                let mut covered = vec![false; usize::from(len)];
                let pieces = pieces(len, largest);
                assert!(pieces.len() <= usize::from(len / largest) + 2, "{len}");
                for piece in &pieces {
                    assert_eq!(piece.ty().bytes(), u32::from(piece.size));
                    let start = piece.offset as usize;
                    covered[start..start + usize::from(piece.size)].fill(true);
                }
                assert!(covered.iter().all(|byte| *byte), "{len}: {pieces:?}");
            }
        }
    }
}
