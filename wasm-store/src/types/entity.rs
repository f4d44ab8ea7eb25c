//! The types of globals, tables and memories.

use std::fmt;

use wasm_types as wt;

use super::value::{RefType, ValType};
use crate::engine::Engine;
use crate::error::Result;

/// Whether a global can be set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mutability {
    /// It keeps its first value.
    Const,
    /// It can be set.
    Var,
}

impl Mutability {
    /// Whether it keeps its first value.
    pub fn is_const(&self) -> bool {
        *self == Self::Const
    }

    /// Whether it can be set.
    pub fn is_var(&self) -> bool {
        *self == Self::Var
    }
}

/// The type of a global.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    content: ValType,
    mutability: Mutability,
}

impl GlobalType {
    /// The type of a global that holds values of the given type.
    pub fn new(content: ValType, mutability: Mutability) -> GlobalType {
        GlobalType { content, mutability }
    }

    /// The type of its value.
    pub fn content(&self) -> &ValType {
        &self.content
    }

    /// Whether it can be set.
    pub fn mutability(&self) -> Mutability {
        self.mutability
    }

    pub(crate) fn canonical(&self) -> wt::GlobalType {
        wt::GlobalType { content: self.content.canonical(), mutable: self.mutability.is_var() }
    }

    pub(crate) fn from_canonical(engine: &Engine, ty: wt::GlobalType) -> Self {
        let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
        Self { content: ValType::from_canonical(engine, ty.content), mutability }
    }
}

impl fmt::Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mutability {
            Mutability::Const => write!(f, "(global {})", self.content),
            Mutability::Var => write!(f, "(global (mut {}))", self.content),
        }
    }
}

/// The type of a table.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    element: RefType,
    minimum: u64,
    maximum: Option<u64>,
    is_64: bool,
}

impl TableType {
    /// The type of a table indexed with 32-bit integers. Sizes are in elements.
    pub fn new(element: RefType, min: u32, max: Option<u32>) -> TableType {
        TableType { element, minimum: min.into(), maximum: max.map(u64::from), is_64: false }
    }

    /// The type of a table indexed with 64-bit integers. Sizes are in elements.
    pub fn new64(element: RefType, min: u64, max: Option<u64>) -> TableType {
        TableType { element, minimum: min, maximum: max, is_64: true }
    }

    /// Whether it is indexed with 64-bit integers.
    pub fn is_64(&self) -> bool {
        self.is_64
    }

    /// The type of its elements.
    pub fn element(&self) -> &RefType {
        &self.element
    }

    /// The minimum size, in elements.
    pub fn minimum(&self) -> u64 {
        self.minimum
    }

    /// The maximum size, in elements.
    pub fn maximum(&self) -> Option<u64> {
        self.maximum
    }

    pub(crate) fn canonical(&self) -> wt::TableType {
        wt::TableType {
            element: self.element.canonical(),
            minimum: self.minimum,
            maximum: self.maximum,
            table64: self.is_64,
            shared: false,
        }
    }

    pub(crate) fn from_canonical(engine: &Engine, ty: wt::TableType) -> Self {
        Self {
            element: RefType::from_canonical(engine, ty.element),
            minimum: ty.minimum,
            maximum: ty.maximum,
            is_64: ty.table64,
        }
    }
}

impl fmt::Display for TableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_64 { "(table i64 " } else { "(table " })?;
        write_limits(f, self.minimum, self.maximum)?;
        write!(f, " {})", self.element)
    }
}

/// The type of a linear memory.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    ty: wt::MemoryType,
}

impl MemoryType {
    /// The type of a memory addressed with 32-bit integers; its sizes are in pages of 64 KiB.
    ///
    /// # Panics
    ///
    /// If the minimum is larger than the maximum, or either is more than 65536 pages.
    pub fn new(minimum: u32, maximum: Option<u32>) -> MemoryType {
        Self::builder()
            .min(minimum.into())
            .max(maximum.map(u64::from))
            .build()
            .expect("the limits of a memory type are in order")
    }

    /// The type of a memory addressed with 64-bit integers; its sizes are in pages of 64 KiB.
    ///
    /// # Panics
    ///
    /// If the minimum is larger than the maximum, the minimum is 2⁴⁸ pages or more, or the maximum
    /// is more.
    pub fn new64(minimum: u64, maximum: Option<u64>) -> MemoryType {
        Self::builder()
            .memory64(true)
            .min(minimum)
            .max(maximum)
            .build()
            .expect("the limits of a memory type are in order")
    }

    /// The type of a memory that several stores share, addressed with 32-bit integers; its sizes
    /// are in pages of 64 KiB.
    ///
    /// # Panics
    ///
    /// If the minimum is larger than the maximum, or either is more than 65536 pages.
    pub fn shared(minimum: u32, maximum: u32) -> MemoryType {
        Self::builder()
            .shared(true)
            .min(minimum.into())
            .max(Some(maximum.into()))
            .build()
            .expect("the limits of a memory type are in order")
    }

    /// A builder of memory types.
    pub fn builder() -> MemoryTypeBuilder {
        MemoryTypeBuilder::new()
    }

    /// Whether it is addressed with 64-bit integers.
    pub fn is_64(&self) -> bool {
        self.ty.memory64
    }

    /// Whether it is shared between threads.
    pub fn is_shared(&self) -> bool {
        self.ty.shared
    }

    /// The minimum size, in pages.
    pub fn minimum(&self) -> u64 {
        self.ty.minimum
    }

    /// The maximum size, in pages.
    pub fn maximum(&self) -> Option<u64> {
        self.ty.maximum
    }

    /// The size of a page, in bytes.
    pub fn page_size(&self) -> u64 {
        self.ty.page_size()
    }

    /// The logarithm of the page size to base 2.
    pub fn page_size_log2(&self) -> u8 {
        self.ty.page_size_log2
    }

    pub(crate) fn canonical(&self) -> wt::MemoryType {
        self.ty
    }

    pub(crate) fn from_canonical(ty: wt::MemoryType) -> Self {
        Self { ty }
    }
}

impl fmt::Display for MemoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ty.memory64 { "(memory i64 " } else { "(memory " })?;
        write_limits(f, self.ty.minimum, self.ty.maximum)?;
        if self.ty.shared {
            f.write_str(" shared")?;
        }
        if !self.ty.has_default_pages() {
            write!(f, " (pagesize {})", self.ty.page_size())?;
        }
        f.write_str(")")
    }
}

fn write_limits(f: &mut fmt::Formatter<'_>, minimum: u64, maximum: Option<u64>) -> fmt::Result {
    write!(f, "{minimum}")?;
    match maximum {
        Some(maximum) => write!(f, " {maximum}"),
        None => Ok(()),
    }
}

/// Builds a [`MemoryType`].
#[derive(Clone, Debug)]
pub struct MemoryTypeBuilder {
    ty: wt::MemoryType,
}

impl Default for MemoryTypeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryTypeBuilder {
    /// A builder for a 32-bit memory with no pages and no maximum.
    pub fn new() -> MemoryTypeBuilder {
        MemoryTypeBuilder {
            ty: wt::MemoryType {
                minimum: 0,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: wt::MemoryType::DEFAULT_PAGE_SIZE_LOG2,
            },
        }
    }

    /// The minimum size, in pages.
    pub fn min(&mut self, minimum: u64) -> &mut Self {
        self.ty.minimum = minimum;
        self
    }

    /// The maximum size, in pages.
    pub fn max(&mut self, maximum: Option<u64>) -> &mut Self {
        self.ty.maximum = maximum;
        self
    }

    /// Whether it is addressed with 64-bit integers.
    pub fn memory64(&mut self, memory64: bool) -> &mut Self {
        self.ty.memory64 = memory64;
        self
    }

    /// Whether it is shared between threads.
    pub fn shared(&mut self, shared: bool) -> &mut Self {
        self.ty.shared = shared;
        self
    }

    /// The logarithm of the page size to base 2: 16, or 0 with custom page sizes.
    pub fn page_size_log2(&mut self, page_size_log2: u8) -> &mut Self {
        self.ty.page_size_log2 = page_size_log2;
        self
    }

    /// The memory type.
    ///
    /// # Errors
    ///
    /// If there is no such page size, the limits are out of order or beyond what the addresses
    /// reach, the minimum is no number of bytes of 64 bits, or a shared memory has no maximum.
    pub fn build(&self) -> Result<MemoryType> {
        let ty = &self.ty;
        crate::ensure!(
            ty.page_size_log2 == 0 || ty.has_default_pages(),
            "a page size of 2^{} bytes: only 2^16 and 2^0 exist",
            ty.page_size_log2
        );
        let absolute = ty.absolute_maximum();
        crate::ensure!(
            ty.minimum > absolute || ty.bytes_of(ty.minimum).is_some(),
            "a memory of at least {} pages, whose size in bytes does not fit in 64 bits",
            ty.minimum
        );
        crate::ensure!(
            ty.minimum <= absolute,
            "a memory of at least {} pages, but its addresses reach {absolute}",
            ty.minimum
        );
        if let Some(maximum) = ty.maximum {
            crate::ensure!(
                maximum <= absolute,
                "a memory of at most {maximum} pages, but its addresses reach {absolute}"
            );
            crate::ensure!(
                ty.minimum <= maximum,
                "a memory of at least {} pages, but at most {maximum}",
                ty.minimum
            );
        }
        crate::ensure!(
            !ty.shared || ty.maximum.is_some(),
            "a shared memory needs a maximum, since it never moves"
        );
        Ok(MemoryType { ty: *ty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_checked() {
        assert_eq!(MemoryType::new(1, Some(2)).to_string(), "(memory 1 2)");
        assert_eq!(MemoryType::new64(1, None).to_string(), "(memory i64 1)");
        assert!(MemoryType::builder().min(65537).build().is_err());
        assert!(MemoryType::builder().min(3).max(Some(2)).build().is_err());
        assert!(MemoryType::builder().page_size_log2(12).build().is_err());
        assert!(MemoryType::builder().shared(true).build().is_err());
        let most = |pages| MemoryType::builder().memory64(true).min(pages).build();
        assert!(most((1 << 48) - 1).is_ok());
        assert!(most(1 << 48).is_err());
        assert!(MemoryType::builder().memory64(true).max(Some(1 << 48)).build().is_ok());
        assert!(MemoryType::builder().page_size_log2(0).min((1 << 32) - 1).build().is_ok());
        assert!(MemoryType::builder().page_size_log2(0).min(1 << 32).build().is_err());
        assert!(
            MemoryType::builder().page_size_log2(0).memory64(true).min(1 << 32).build().is_ok()
        );
    }

    #[test]
    fn types_are_written_as_in_the_text_format() {
        let table = TableType::new(RefType::FUNCREF, 1, Some(5));
        assert_eq!(table.to_string(), "(table 1 5 funcref)");
        let global = GlobalType::new(ValType::I64, Mutability::Var);
        assert_eq!(global.to_string(), "(global (mut i64))");
    }
}
