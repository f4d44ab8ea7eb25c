//! Where the references within an object are, and how large it is.

use super::object::{ALIGNMENT, ARRAY_HEAD, HEADER_SIZE, Header};

/// What the objects of one layout look like.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "Wasm makes no structures and arrays yet"))]
pub(super) enum Layout {
    /// Stands for a value of the host: the number of the value follows the header.
    HostValue,
    /// A fixed size, and references at fixed places.
    Struct {
        /// With the header, in bytes; a multiple of [`ALIGNMENT`].
        size: u32,
        /// Where the references are, in bytes from the header.
        references: Box<[u32]>,
    },
    /// A length behind the header, and elements behind that.
    Array {
        /// The size of an element, in bytes.
        element: u32,
        /// Whether the elements are references.
        references: bool,
    },
}

/// The number of [`Layout::HostValue`], which each heap has.
pub(super) const HOST_VALUE: u32 = 0;

/// The size of an object that stands for a value of the host, in bytes.
pub(super) const HOST_VALUE_SIZE: u32 = 8;

/// The layouts of a heap, by their numbers.
#[derive(Debug)]
pub(super) struct Layouts(Vec<Layout>);

impl Layouts {
    pub(super) fn new() -> Self {
        Self(vec![Layout::HostValue])
    }

    #[cfg(test)]
    pub(super) fn add(&mut self, layout: Layout) -> u32 {
        let number = self.0.len() as u32;
        self.0.push(layout);
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&Layout> {
        self.0.get(number as usize)
    }

    #[inline(always)]
    pub(super) fn of(&self, header: Header) -> &Layout {
        &self.0[header.layout() as usize]
    }
}

impl Layout {
    /// The size of an object with so many elements, which count for arrays only; `None` if it is
    /// larger than any heap.
    pub(super) fn size(&self, elements: u32) -> Option<u32> {
        match self {
            Layout::HostValue => Some(HOST_VALUE_SIZE),
            Layout::Struct { size, .. } => Some(*size),
            Layout::Array { element, .. } => {
                let bytes = u64::from(*element) * u64::from(elements) + u64::from(ARRAY_HEAD);
                u32::try_from(bytes.next_multiple_of(ALIGNMENT.into())).ok()
            }
        }
    }
}

const _: () = assert!(HOST_VALUE_SIZE.is_multiple_of(ALIGNMENT) && HOST_VALUE_SIZE > HEADER_SIZE);
