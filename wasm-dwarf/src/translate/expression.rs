//! Expressions that say where a variable is, for machine code.
//!
//! Those of a module compute addresses in its memory, and take locals. Here a local is read from
//! its place in the frame, and the base of the memory is added to an address. What can't be
//! translated exactly is not translated.

use gimli::{Encoding, EndianSlice, Expression, LittleEndian, Operation, UnitOffset};

use super::bytes;
use super::frame::KeptFrame;

type Op<'a> = Operation<EndianSlice<'a, LittleEndian>>;

/// The most operations of an expression. Compilers write up to a few dozen.
const MOST_OPERATIONS: usize = 256;

/// What is known where an expression is evaluated.
pub(super) struct Surroundings<'f> {
    /// The sizes of numbers in the module.
    pub(super) encoding: Encoding,
    /// The function, if it is about variables of one.
    pub(super) frame: Option<&'f KeptFrame>,
    /// The local that has the address of the frame in the module's memory.
    pub(super) frame_base: Option<u32>,
    /// The local that may not have its value yet.
    pub(super) unset: Option<u32>,
    /// The address with a number.
    pub(super) address: &'f dyn Fn(gimli::DebugAddrIndex) -> Option<u64>,
}

/// The local that is the base of a frame, as compilers write it.
pub(super) fn frame_base(
    expression: Expression<EndianSlice<'_, LittleEndian>>,
    encoding: Encoding,
) -> Option<u32> {
    let mut operations = expression.operations(encoding);
    let Operation::WasmLocal { index } = operations.next().ok()?? else { return None };
    match operations.next().ok()? {
        None => Some(index),
        Some(Operation::StackValue) => operations.next().ok()?.is_none().then_some(index),
        Some(_) => None,
    }
}

/// What a variable is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Anything but the following: it is where its place is.
    Plain,
    /// A pointer, whose value becomes an address of the process.
    Pointer,
}

/// Translates an expression; `None` if it can't be, or if a list of places has no room for it.
pub(super) fn translate(
    expression: Expression<EndianSlice<'_, LittleEndian>>,
    around: &Surroundings<'_>,
    kind: Kind,
) -> Option<Vec<u8>> {
    translate_any(expression, around, kind).filter(|made| u16::try_from(made.len()).is_ok())
}

fn translate_any(
    expression: Expression<EndianSlice<'_, LittleEndian>>,
    around: &Surroundings<'_>,
    kind: Kind,
) -> Option<Vec<u8>> {
    let mut operations = expression.operations(around.encoding);
    let mut all: Vec<Op<'_>> = Vec::new();
    while let Some(operation) = operations.next().ok()? {
        if all.len() == MOST_OPERATIONS {
            return None;
        }
        all.push(operation);
    }
    if kind == Kind::Pointer {
        return Part::pointer(&all, around);
    }
    let mut made = Vec::new();
    let mut is_known = false;
    let mut rest = &all[..];
    let is_piece = |operation: &Op<'_>| matches!(operation, Operation::Piece { .. });
    while !rest.is_empty() {
        let end = rest.iter().position(is_piece);
        let part = Part::translate(&rest[..end.unwrap_or(rest.len())], around);
        is_known |= part.is_some();
        made.extend(part.unwrap_or_default());
        let Some(end) = end else { break };
        let Operation::Piece { size_in_bits, bit_offset: None } = rest[end] else { return None };
        if size_in_bits % 8 != 0 {
            return None;
        }
        made.push(gimli::DW_OP_piece.0);
        bytes::unsigned(&mut made, size_in_bits / 8);
        rest = &rest[end + 1..];
    }
    is_known.then_some(made)
}

/// What an operand is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// A number of at most 32 bits, with zeros above them.
    Narrow,
    /// What may have anything above its 32 bits that is not part of an address.
    Wide,
}

/// An expression, or what it says of one piece of a variable.
struct Part<'f, 'a> {
    around: &'f Surroundings<'a>,
    made: Vec<u8>,
    stack: Vec<Operand>,
}

impl<'f, 'a> Part<'f, 'a> {
    fn translate(operations: &[Op<'_>], around: &'f Surroundings<'a>) -> Option<Vec<u8>> {
        let (last, before) = operations.split_last()?;
        let mut part = Self { around, made: Vec::new(), stack: Vec::new() };
        match *last {
            Operation::StackValue => {
                part.all(before)?;
                part.stack.last()?;
                part.op(gimli::DW_OP_stack_value);
            }
            Operation::ImplicitValue { data } if before.is_empty() => {
                part.op(gimli::DW_OP_implicit_value);
                bytes::unsigned(&mut part.made, data.len() as u64);
                part.made.extend_from_slice(data.slice());
            }
            _ => {
                part.all(operations)?;
                part.in_memory()?;
            }
        }
        Some(part.made)
    }

    /// The value of a pointer. Null stays what it is.
    fn pointer(operations: &[Op<'_>], around: &'f Surroundings<'a>) -> Option<Vec<u8>> {
        let (last, before) = operations.split_last()?;
        let mut part = Self { around, made: Vec::new(), stack: Vec::new() };
        match *last {
            Operation::StackValue => {
                part.all(before)?;
                part.narrow()?;
            }
            _ => {
                part.all(operations)?;
                part.in_memory()?;
                part.read(around.encoding.address_size)?;
            }
        }
        let mut add = Vec::new();
        memory_base(&mut add);
        add.push(gimli::DW_OP_plus.0);
        for operation in [gimli::DW_OP_dup, gimli::DW_OP_lit0, gimli::DW_OP_eq, gimli::DW_OP_bra] {
            part.op(operation);
        }
        part.made.extend((add.len() as i16).to_ne_bytes());
        part.made.extend(add);
        part.op(gimli::DW_OP_stack_value);
        Some(part.made)
    }

    fn all(&mut self, operations: &[Op<'_>]) -> Option<()> {
        operations.iter().try_for_each(|operation| self.one(operation))
    }

    fn one(&mut self, operation: &Op<'_>) -> Option<()> {
        match *operation {
            Operation::Nop => {}
            Operation::WasmLocal { index } => self.local(index)?,
            Operation::FrameOffset { offset } => {
                self.local(self.around.frame_base?)?;
                self.constant(offset);
                self.combine(gimli::DW_OP_plus, Operand::Wide)?;
            }
            Operation::Address { address } => self.unsigned(address),
            Operation::AddressIndex { index } | Operation::ConstantIndex { index } => {
                self.unsigned((self.around.address)(index)?);
            }
            Operation::UnsignedConstant { value } => self.unsigned(value),
            Operation::SignedConstant { value } => self.constant(value),
            Operation::PlusConstant { value } => {
                self.stack.pop()?;
                self.op(gimli::DW_OP_plus_uconst);
                bytes::unsigned(&mut self.made, value);
                self.stack.push(Operand::Wide);
            }
            Operation::Plus => self.combine(gimli::DW_OP_plus, Operand::Wide)?,
            Operation::Minus => self.combine(gimli::DW_OP_minus, Operand::Wide)?,
            Operation::Mul => self.combine(gimli::DW_OP_mul, Operand::Wide)?,
            Operation::And => self.combine(gimli::DW_OP_and, Operand::Narrow)?,
            Operation::Or => self.combine(gimli::DW_OP_or, Operand::Narrow)?,
            Operation::Xor => self.combine(gimli::DW_OP_xor, Operand::Narrow)?,
            Operation::Deref { base_type: UnitOffset(0), size, space: false } => {
                self.in_memory()?;
                self.read(size)?;
            }
            Operation::Drop => {
                self.stack.pop()?;
                self.op(gimli::DW_OP_drop);
            }
            Operation::Pick { index } => {
                let place = self.stack.len().checked_sub(1 + usize::from(index))?;
                self.stack.push(self.stack[place]);
                self.op(gimli::DW_OP_pick);
                self.made.push(index);
            }
            Operation::Swap => {
                let len = self.stack.len();
                self.stack.swap(len.checked_sub(2)?, len - 1);
                self.op(gimli::DW_OP_swap);
            }
            // Operands of the module's stack and its globals have no place, calls and registers
            // are those of other machines, and what depends on signs and widths is left alone.
            _ => return None,
        }
        Some(())
    }

    fn op(&mut self, operation: gimli::DwOp) {
        self.made.push(operation.0);
    }

    fn local(&mut self, number: u32) -> Option<()> {
        if self.around.unset == Some(number) {
            return None;
        }
        let (place, size) = self.around.frame?.place(number)?;
        self.op(gimli::DW_OP_fbreg);
        bytes::signed(&mut self.made, place);
        self.read(size)
    }

    fn unsigned(&mut self, value: u64) {
        self.op(gimli::DW_OP_constu);
        bytes::unsigned(&mut self.made, value);
        self.stack.push(if value <= u64::from(u32::MAX) { Operand::Narrow } else { Operand::Wide });
    }

    fn constant(&mut self, value: i64) {
        self.op(gimli::DW_OP_consts);
        bytes::signed(&mut self.made, value);
        let is_narrow = u32::try_from(value).is_ok();
        self.stack.push(if is_narrow { Operand::Narrow } else { Operand::Wide });
    }

    fn combine(&mut self, operation: gimli::DwOp, result: Operand) -> Option<()> {
        let (b, a) = (self.stack.pop()?, self.stack.pop()?);
        self.op(operation);
        let is_narrow = [a, b, result].iter().all(|operand| *operand == Operand::Narrow);
        self.stack.push(if is_narrow { Operand::Narrow } else { Operand::Wide });
        Some(())
    }

    /// Takes an address in the module's memory and makes a place in the process of it.
    fn in_memory(&mut self) -> Option<()> {
        self.narrow()?;
        memory_base(&mut self.made);
        self.op(gimli::DW_OP_plus);
        Some(())
    }

    /// Takes a number as an address in the module's memory, which is as long as those are.
    fn narrow(&mut self) -> Option<()> {
        if self.stack.pop()? == Operand::Wide && self.around.encoding.address_size <= 4 {
            self.op(gimli::DW_OP_constu);
            bytes::unsigned(&mut self.made, u32::MAX.into());
            self.op(gimli::DW_OP_and);
        }
        Some(())
    }

    /// Reads what is in the place that is on top, which is not counted among the operands.
    fn read(&mut self, size: u8) -> Option<()> {
        if !matches!(size, 1 | 2 | 4 | 8) {
            return None;
        }
        self.op(gimli::DW_OP_deref_size);
        self.made.push(size);
        self.stack.push(if size == 8 { Operand::Wide } else { Operand::Narrow });
        Some(())
    }
}

/// The address of the memory's first byte: the frame base of each function that keeps something is
/// the place that has the address of where that is.
pub(super) fn memory_base(into: &mut Vec<u8>) {
    into.extend([gimli::DW_OP_fbreg.0, 0, gimli::DW_OP_deref.0, gimli::DW_OP_deref.0]);
}
