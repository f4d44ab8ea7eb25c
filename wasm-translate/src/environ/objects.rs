//! Structures and arrays (Wasm 3.0, sections 4.6.3 and 4.6.9).

use cranelift_codegen::ir::Value;
use cranelift_frontend::{FunctionBuilder, Variable};
use smallvec::SmallVec;
use wasm_types::TypeIndex;

use super::{Functions, Result, Segment, Values};
use crate::error::Error;

/// A reference, and what validation knows of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The reference.
    pub value: Value,
    /// Whether it may be null.
    pub nullable: bool,
}

/// How an integer that is stored in fewer bits becomes an `i32`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// With its sign.
    Signed,
    /// With zeros.
    Unsigned,
}

/// A field of a structure type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// The type.
    pub ty: TypeIndex,
    /// The number of the field.
    pub index: u32,
}

/// What the fields of a new structure are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewStruct<'a> {
    /// Zeros and nulls.
    Default,
    /// These values.
    Fields(&'a [Value]),
}

/// What the elements of a new array are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewArray<'a> {
    /// Zeros or nulls.
    Default {
        /// How many.
        len: Value,
    },
    /// The same value in all of them.
    Filled {
        /// The value.
        value: Value,
        /// How many.
        len: Value,
    },
    /// These values.
    Fixed(&'a [Value]),
    /// What is in a segment.
    Segment {
        /// The segment.
        segment: Segment,
        /// Where in the segment they start: a byte or an element.
        from: Value,
        /// How many.
        len: Value,
    },
}

/// What elements of an array are overwritten with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArraySource {
    /// One value.
    Value(Value),
    /// Elements of an array.
    Array {
        /// The array.
        array: Value,
        /// The first of them.
        from: Value,
    },
    /// What is in a segment.
    Segment {
        /// The segment.
        segment: Segment,
        /// Where in the segment it starts: a byte or an element.
        from: Value,
    },
}

/// Some elements of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayRange {
    /// The type of the array.
    pub ty: TypeIndex,
    /// The array, which may be null.
    pub array: Value,
    /// The first of them.
    pub start: Value,
    /// How many.
    pub len: Value,
}

/// References that are alive where an object is made. All are noted, so that an environment may
/// leave it to the code generator to keep them during calls. If it calls something only where there
/// is no room for the object, it may save them there itself; then it says what they are afterwards.
///
/// References that are alive during other calls too are left out.
#[derive(Clone, Default, Debug)]
pub struct LiveReferences {
    /// Operands of the operator.
    pub operands: Values,
    /// What is on the operand stack below them. Afterwards, what is to stand there.
    pub stack: Values,
    /// Locals that are used later.
    pub locals: SmallVec<[Variable; 8]>,
}

/// How structures and arrays are made, read and written. Each operator is refused by default.
///
/// Whatever is read or made here that [is collected](Functions::is_collected) is noted by the
/// translator. What an environment makes of it and uses after a call, it has to note by itself.
pub trait Objects: Functions {
    /// `struct.new`, `struct.new_default`.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn struct_new(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _fields: NewStruct<'_>,
        _live: &mut LiveReferences,
    ) -> Result<Value> {
        Err(refused("struct.new"))
    }

    /// `struct.get`, `struct.get_s`, `struct.get_u`. Traps if the reference is null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn struct_get(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _field: Field,
        _object: Reference,
        _extension: Option<Extension>,
    ) -> Result<Value> {
        Err(refused("struct.get"))
    }

    /// `struct.set`. Traps if the reference is null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn struct_set(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _field: Field,
        _object: Reference,
        _value: Value,
    ) -> Result<()> {
        Err(refused("struct.set"))
    }

    /// `array.new`, `array.new_default`, `array.new_fixed`, `array.new_data`, `array.new_elem`.
    /// Traps if the segment does not have so much.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn array_new(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _elements: NewArray<'_>,
        _live: &mut LiveReferences,
    ) -> Result<Value> {
        Err(refused("array.new"))
    }

    /// `array.get`, `array.get_s`, `array.get_u`. Traps if the reference is null or the index out
    /// of bounds.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn array_get(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _array: Reference,
        _index: Value,
        _extension: Option<Extension>,
    ) -> Result<Value> {
        Err(refused("array.get"))
    }

    /// `array.set`. Traps if the reference is null or the index out of bounds.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn array_set(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _ty: TypeIndex,
        _array: Reference,
        _index: Value,
        _value: Value,
    ) -> Result<()> {
        Err(refused("array.set"))
    }

    /// `array.len`. Traps if the reference is null.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn array_len(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _array: Reference,
    ) -> Result<Value> {
        Err(refused("array.len"))
    }

    /// `array.fill`, `array.copy`, `array.init_data`, `array.init_elem`. Traps if a reference is
    /// null or something out of bounds.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn array_write(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _to: ArrayRange,
        source: ArraySource,
    ) -> Result<()> {
        Err(refused(match source {
            ArraySource::Value(_) => "array.fill",
            ArraySource::Array { .. } => "array.copy",
            ArraySource::Segment { segment: Segment::Data(_), .. } => "array.init_data",
            ArraySource::Segment { segment: Segment::Elem(_), .. } => "array.init_elem",
        }))
    }
}

fn refused(operator: &str) -> Error {
    Error::refused("Objects", operator)
}
