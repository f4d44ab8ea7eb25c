//! Initial state: constant expressions, segments, and the images that active segments became.

use core::fmt;

use wasm_types::{
    DataIndex, DefinedGlobalIndex, DefinedMemoryIndex, DefinedTableIndex, ElemIndex, FuncIndex,
    MemoryIndex, RefType, TableIndex,
};
use zerocopy::little_endian::U32;

use super::{Artifact, Table, range};
use crate::checksums::Checksums;
use crate::codes;
use crate::const_expr::ConstExprRef;
use crate::error::Error;
use crate::format::{ConstRef, NONE, segment_flags};

/// The initial contents of a defined table of functions whose elements are filled in when they
/// are first used.
#[derive(Clone, Copy)]
pub struct TableImage<'a> {
    first: u32,
    funcs: Table<'a, U32>,
    checksums: &'a Checksums<'a>,
}

impl TableImage<'_> {
    /// The function at an index of the table; `None` for null.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    #[inline]
    pub fn func(&self, index: u64) -> Result<Option<FuncIndex>, Error> {
        let place = index.checked_sub(u64::from(self.first));
        let place = place.and_then(|place| usize::try_from(place).ok());
        let Some(place) = place.filter(|place| *place < self.funcs.len()) else { return Ok(None) };
        let func = self.funcs.get(place, self.checksums);
        let func = func.ok_or_else(|| Error::damaged("the initial elements of a table"))?.get();
        Ok((func != NONE).then_some(FuncIndex::new(func)))
    }

    /// The first index from which on all elements are null.
    pub fn end(&self) -> u64 {
        u64::from(self.first) + self.funcs.len() as u64
    }
}

impl fmt::Debug for TableImage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableImage").field("first", &self.first).field("end", &self.end()).finish()
    }
}

/// The initial contents of a defined memory. Everything outside of it is zero.
#[derive(Clone, Copy)]
pub struct MemoryImage<'a> {
    /// Where it starts in the memory: a multiple of [`Artifact::page_size`].
    pub memory_offset: u64,
    /// Where it starts in the artifact: a multiple of [`Artifact::page_size`].
    pub file_offset: u64,
    /// Its bytes: a multiple of [`Artifact::page_size`], never beyond the memory's minimum size.
    pub bytes: &'a [u8],
}

impl fmt::Debug for MemoryImage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryImage")
            .field("memory_offset", &self.memory_offset)
            .field("file_offset", &self.file_offset)
            .field("len", &self.bytes.len())
            .finish()
    }
}

/// A list of functions, read in place.
#[derive(Clone, Copy)]
pub struct FuncList<'a> {
    items: &'a [U32],
}

impl<'a> FuncList<'a> {
    /// How many there are.
    pub fn len(&self) -> u32 {
        self.items.len() as u32
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The function at a place of the list; `None` for null, which a segment does not contain, and
    /// beyond the end.
    #[inline]
    pub fn get(&self, place: u32) -> Option<FuncIndex> {
        let func = self.items.get(place as usize)?.get();
        (func != NONE).then_some(FuncIndex::new(func))
    }

    /// All of them; `None` for null.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<FuncIndex>> + use<'a> {
        self.items.iter().map(|func| (func.get() != NONE).then_some(FuncIndex::new(func.get())))
    }
}

impl fmt::Debug for FuncList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A list of constant expressions, read in place.
#[derive(Clone, Copy)]
pub struct ExprList<'a> {
    items: &'a [ConstRef],
    const_ops: Table<'a, u8>,
    checksums: &'a Checksums<'a>,
}

impl<'a> ExprList<'a> {
    /// How many there are.
    pub fn len(&self) -> u32 {
        self.items.len() as u32
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The expression at a place of the list.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there, or the place is beyond the end.
    pub fn get(&self, place: u32) -> Result<ConstExprRef<'a>, Error> {
        let damaged = || Error::damaged("an element of a segment");
        let item = self.items.get(place as usize).ok_or_else(damaged)?;
        self.const_ops
            .range(item.start.get().into(), item.len.get().into(), self.checksums)
            .map(ConstExprRef::new)
            .ok_or_else(damaged)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<ConstExprRef<'a>, Error>> + use<'a> {
        let this = *self;
        (0..this.len()).map(move |place| this.get(place))
    }
}

impl fmt::Debug for ExprList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().flatten()).finish()
    }
}

/// What is done with an element segment.
#[derive(Clone, Copy, Debug)]
pub enum ElementRefKind<'a> {
    /// Kept for `table.init`.
    Passive,
    /// Only declares that its functions are referred to.
    Declared,
    /// Written to a table at instantiation.
    Active {
        /// The table.
        table: TableIndex,
        /// Where in the table, in elements.
        offset: ConstExprRef<'a>,
    },
}

/// The elements of a segment.
#[derive(Clone, Copy, Debug)]
pub enum ItemsRef<'a> {
    /// Plain function references.
    Functions(FuncList<'a>),
    /// A constant expression for each element.
    Expressions(ExprList<'a>),
}

impl ItemsRef<'_> {
    /// How many elements there are.
    pub fn len(&self) -> u32 {
        match self {
            ItemsRef::Functions(items) => items.len(),
            ItemsRef::Expressions(items) => items.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An element segment.
#[derive(Clone, Copy, Debug)]
pub struct ElementRef<'a> {
    /// What is done with it.
    pub kind: ElementRefKind<'a>,
    /// The type of its elements.
    pub ty: RefType,
    /// The elements.
    pub items: ItemsRef<'a>,
    /// Whether it is active and part of its table's image, so that instantiation need not write it.
    pub in_image: bool,
}

/// What is done with a data segment.
#[derive(Clone, Copy, Debug)]
pub enum DataRefKind<'a> {
    /// Kept for `memory.init`.
    Passive,
    /// Written to a memory at instantiation.
    Active {
        /// The memory.
        memory: MemoryIndex,
        /// Where in the memory, in bytes.
        offset: ConstExprRef<'a>,
    },
}

/// A data segment.
#[derive(Clone, Copy, Debug)]
pub struct DataRef<'a> {
    /// What is done with it.
    pub kind: DataRefKind<'a>,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Whether it is active and part of its memory's image, so that instantiation need not write
    /// it.
    pub in_image: bool,
}

/// What instantiation does with a data segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataUse {
    /// Whether it is written to a memory, and then dropped.
    pub is_active: bool,
    /// Whether it is active and part of its memory's image, so that instantiation need not write
    /// it.
    pub in_image: bool,
}

impl<'a> Artifact<'a> {
    /// The initial elements of a defined table; `None` where the module gives none and they are
    /// null.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn table_init(&self, index: DefinedTableIndex) -> Result<Option<ConstExprRef<'a>>, Error> {
        let place = self.tables.table_inits.get(index.index(), &self.checksums);
        self.optional_const_expr(
            *place.ok_or_else(|| Error::damaged("the initial elements of a table"))?,
        )
    }

    /// The initial value of a defined global.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn global_init(&self, index: DefinedGlobalIndex) -> Result<ConstExprRef<'a>, Error> {
        let place = self.tables.global_inits.get(index.index(), &self.checksums);
        self.const_expr(*place.ok_or_else(|| Error::damaged("the initial value of a global"))?)
    }

    /// The function that instantiation calls.
    pub fn start(&self) -> Option<FuncIndex> {
        let start = self.header.start.get();
        ((start as usize) < self.tables.function_types.len()).then_some(FuncIndex::new(start))
    }

    /// The initial contents of a defined table of functions, for filling in its elements when they
    /// are first used. `None` if segments are to be written to it at instantiation, or none
    /// are there.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn table_image(&self, index: DefinedTableIndex) -> Result<Option<TableImage<'_>>, Error> {
        let damaged = || Error::damaged("the place of the initial elements of a table");
        let (images, checksums) = (self.tables.table_images, &self.checksums);
        if index.index() >= images.len() {
            return Ok(None);
        }
        let record = images.get(index.index(), checksums).ok_or_else(damaged)?;
        let first = record.first.get();
        if first == NONE {
            return Ok(None);
        }
        let (start, len) = (record.start.get().into(), record.len.get().into());
        let funcs = self.tables.func_lists.part(start, len).ok_or_else(damaged)?;
        Ok(Some(TableImage { first, funcs, checksums }))
    }

    /// The initial contents of a defined memory. `None` if it starts as zeros, or if segments are
    /// to be written to it at instantiation.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn memory_image(
        &self,
        index: DefinedMemoryIndex,
    ) -> Result<Option<MemoryImage<'a>>, Error> {
        let damaged = || Error::damaged("the place of the initial contents of a memory");
        let images = self.tables.memory_images;
        if index.index() >= images.len() {
            return Ok(None);
        }
        let record = images.get(index.index(), &self.checksums).ok_or_else(damaged)?;
        let (start, len) = (record.start.get(), record.len.get());
        let memory_offset = record.memory_offset.get();
        let mask = u64::from(self.page_size()) - 1;
        if len == 0 {
            return Ok(None);
        }
        if (start | len | memory_offset) & mask != 0 {
            return Err(damaged());
        }
        let memory = self.counts().imported_memories.checked_add(index.as_u32());
        let ty = self.memory(MemoryIndex::new(memory.ok_or_else(damaged)?))?;
        let size = ty.bytes_of(ty.minimum).ok_or_else(damaged)?;
        memory_offset.checked_add(len).filter(|end| *end <= size).ok_or_else(damaged)?;
        Ok(Some(MemoryImage {
            memory_offset,
            file_offset: self.images_file_offset.checked_add(start).ok_or_else(damaged)?,
            bytes: range(self.tables.images.unsummed(), start, len).ok_or_else(damaged)?,
        }))
    }

    /// Whether any memory has an image.
    pub fn has_memory_images(&self) -> bool {
        !self.tables.images.unsummed().is_empty()
    }

    /// The images of all memories: where they start in the artifact, and their bytes. Every
    /// [`MemoryImage`] lies within.
    pub fn memory_images(&self) -> (u64, &'a [u8]) {
        (self.images_file_offset, self.tables.images.unsummed())
    }

    /// An element segment.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn element(&self, index: ElemIndex) -> Result<ElementRef<'_>, Error> {
        let damaged = || Error::damaged("an element segment");
        let record =
            self.tables.elements.get(index.index(), &self.checksums).ok_or_else(damaged)?;
        let bits = record.flags.get();
        let kind = match bits & segment_flags::KIND {
            segment_flags::PASSIVE => ElementRefKind::Passive,
            segment_flags::DECLARED => ElementRefKind::Declared,
            segment_flags::ACTIVE if (record.table.get() as usize) < self.tables.tables.len() => {
                ElementRefKind::Active {
                    table: TableIndex::new(record.table.get()),
                    offset: self.const_expr(record.offset)?,
                }
            }
            _ => return Err(damaged()),
        };
        let (start, len) = (record.start.get().into(), record.len.get().into());
        let items = if bits & segment_flags::EXPRESSIONS == 0 {
            let items =
                self.tables.func_lists.range(start, len, &self.checksums).ok_or_else(damaged)?;
            ItemsRef::Functions(FuncList { items })
        } else {
            let items =
                self.tables.expr_lists.range(start, len, &self.checksums).ok_or_else(damaged)?;
            ItemsRef::Expressions(ExprList {
                items,
                const_ops: self.tables.const_ops,
                checksums: &self.checksums,
            })
        };
        Ok(ElementRef {
            kind,
            ty: codes::ref_of(record.ty.get()).ok_or_else(damaged)?,
            items,
            in_image: bits & segment_flags::IN_IMAGE != 0,
        })
    }

    /// The element segments, in order.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = Result<ElementRef<'_>, Error>> + '_ {
        (0..self.tables.elements.len() as u32).map(|index| self.element(ElemIndex::new(index)))
    }

    /// A data segment.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn data(&self, index: DataIndex) -> Result<DataRef<'a>, Error> {
        let damaged = || Error::damaged("a data segment");
        let record = self.tables.data.get(index.index(), &self.checksums).ok_or_else(damaged)?;
        let bits = record.flags.get();
        let kind = match bits & segment_flags::KIND {
            segment_flags::PASSIVE => DataRefKind::Passive,
            segment_flags::ACTIVE
                if (record.memory.get() as usize) < self.tables.memories.len() =>
            {
                DataRefKind::Active {
                    memory: MemoryIndex::new(record.memory.get()),
                    offset: self.const_expr(record.offset)?,
                }
            }
            _ => return Err(damaged()),
        };
        let in_image = bits & segment_flags::IN_IMAGE != 0;
        let table = if in_image { self.tables.images } else { self.tables.data_bytes };
        let bytes = table.range(record.start.get(), record.len.get(), &self.checksums);
        let bytes = bytes.ok_or_else(damaged)?;
        Ok(DataRef { kind, bytes, in_image })
    }

    /// What instantiation does with each data segment, in order. Reads neither where they go nor
    /// their bytes: a module can have thousands of them.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn data_uses(&self) -> Result<impl ExactSizeIterator<Item = DataUse> + use<'a>, Error> {
        let records = self.tables.data.all(&self.checksums);
        let records = records.ok_or_else(|| Error::damaged("the data segments"))?;
        Ok(records.iter().map(|record| {
            let bits = record.flags.get();
            DataUse {
                is_active: bits & segment_flags::KIND == segment_flags::ACTIVE,
                in_image: bits & segment_flags::IN_IMAGE != 0,
            }
        }))
    }

    /// The data segments, in order.
    pub fn data_segments(&self) -> impl ExactSizeIterator<Item = Result<DataRef<'a>, Error>> + '_ {
        (0..self.tables.data.len() as u32).map(|index| self.data(DataIndex::new(index)))
    }

    /// The functions that can be referred to other than by a direct call, sorted: each has a
    /// reference record in an instance, in this order.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn escaping_functions(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = FuncIndex> + use<'a>, Error> {
        let funcs = self.tables.escaping.all(&self.checksums);
        let funcs = funcs.ok_or_else(|| Error::damaged("the list of functions with references"))?;
        Ok(funcs.iter().map(|func| FuncIndex::new(func.get())))
    }

    /// The function with the given reference record; `None` if there is none, or the artifact is
    /// damaged there.
    #[inline]
    pub fn escaping_function(&self, slot: u32) -> Option<FuncIndex> {
        let func = self.tables.escaping.get(slot as usize, &self.checksums);
        func.map(|func| FuncIndex::new(func.get()))
    }

    /// The number of a function's reference record; `None` if it can't be referred to.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    #[inline]
    pub fn funcref_slot(&self, func: FuncIndex) -> Result<Option<u32>, Error> {
        let damaged = || Error::damaged("the list of functions with references");
        let (escaping, func) = (self.tables.escaping, func.as_u32());
        let slot = escaping.partition_point(&self.checksums, |other| other.get() < func);
        let slot = slot.ok_or_else(damaged)?;
        if slot == escaping.len() {
            return Ok(None);
        }
        let other = escaping.get(slot, &self.checksums).ok_or_else(damaged)?;
        Ok((other.get() == func).then_some(slot as u32))
    }
}
