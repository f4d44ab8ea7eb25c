//! Objects of the garbage-collected heap, as constant expressions.
//!
//! An object that one place refers to is made there. One that several places refer to, or that has
//! too many others within, has an immutable global of its own. These globals precede all others
//! that the module defines, so that all initialisers may refer to them.
//!
//! What must be there before an object, since its field is never null or never changes, is made
//! first ([`order`]). Fields that would have to refer to what is made later are null at first, and
//! a start function sets them ([`start`]); as it does for arrays that are too long for one
//! operator.

mod check;
mod order;
mod start;

use std::collections::HashSet;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ConstExpr, GlobalSection, HeapType, Ieee32, Ieee64, Instruction, RefType};
use wasm_types::{GlobalState, ModuleState, ObjectState, RefState};
use wasmparser::{CompositeInnerType, FieldType, StorageType, SubType, ValType};

use super::functions::Functions;
use crate::error::{Error, ErrorKind};
use crate::sections::Source;

/// How many objects may be within one another in one expression.
const DEEPEST: u32 = 100;

/// The most elements that engines accept for one operator.
const LONGEST: usize = 10_000;

/// The most globals that engines accept.
const MOST_GLOBALS: usize = 1_000_000;

/// The objects of a state.
pub(super) struct Objects<'a> {
    states: &'a [ObjectState],
    types: &'a [SubType],
    /// The objects that have globals, in the order of these.
    named: Vec<u32>,
    /// The global of each object, if it has one.
    globals: Vec<Option<u32>>,
    /// What is set later, in the order in which that is done: the object, the place in it, and its
    /// value.
    later: Vec<(u32, u32, GlobalState)>,
    /// The objects and places of these.
    is_later: HashSet<(u32, u32)>,
}

impl<'a> Objects<'a> {
    /// Decides how each object that the rest of the state refers to is made.
    pub(super) fn new(source: &'a Source<'_>, state: &'a ModuleState) -> Result<Self, Error> {
        let mut this = Self {
            states: &state.objects,
            types: &source.types,
            named: Vec::new(),
            globals: vec![None; state.objects.len()],
            later: Vec::new(),
            is_later: HashSet::new(),
        };
        if this.states.is_empty() {
            return Ok(this);
        }
        check::objects(&this, source.functions)?;
        let mut counts = vec![0_u32; this.states.len()];
        let mut roots = Vec::new();
        for object in roots_of(source, state) {
            counts[object as usize] = counts[object as usize].saturating_add(1);
            roots.push(object);
        }
        let order = order::order(&this, &roots)?;
        let imported = source.globals.iter().zip(&state.globals);
        let first = imported.filter(|(global, state)| global.is_imported() && state.is_none());
        this.name(&order, counts, first.count() as u32);
        if this.named.len() + source.globals.len() > MOST_GLOBALS {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "{} objects that several places refer to would need a global each, and engines \
                     accept {MOST_GLOBALS} in all",
                    this.named.len()
                ),
            ));
        }
        Ok(this)
    }

    /// Finds which objects have globals, from index `first` on, and what is set later.
    fn name(&mut self, order: &[u32], mut counts: Vec<u32>, first: u32) {
        let mut ranks = vec![u32::MAX; self.states.len()];
        for (rank, object) in (0..).zip(order) {
            ranks[*object as usize] = rank;
        }
        for &object in order {
            let is_long = self.is_long(object);
            for (place, reference) in self.states[object as usize].references() {
                let is_earlier = match reference {
                    RefState::Object(target) => {
                        let count = &mut counts[target as usize];
                        *count = count.saturating_add(1);
                        ranks[target as usize] < ranks[object as usize]
                    }
                    RefState::Null => continue,
                    RefState::Func(_) | RefState::I31(_) => true,
                };
                if is_long || !is_earlier {
                    self.set_later(object, place, GlobalState::Ref(reference));
                }
            }
            if is_long && let ObjectState::Numbers(_, bytes) = &self.states[object as usize] {
                let storage = self.element(object).map(|field| field.element_type);
                for (place, number) in (0..).zip(numbers(storage, bytes)) {
                    if !is_zero(number) {
                        self.set_later(object, place, number);
                    }
                }
            }
        }
        let holders: HashSet<u32> = self.later.iter().map(|(object, ..)| *object).collect();
        let mut depths = vec![0_u32; self.states.len()];
        for &object in order {
            let within = self.states[object as usize].references().filter_map(|(place, it)| {
                let RefState::Object(target) = it else { return None };
                let is_within = self.globals[target as usize].is_none()
                    && !self.is_later.contains(&(object, place));
                is_within.then(|| depths[target as usize])
            });
            let depth = 1 + within.max().unwrap_or(0);
            depths[object as usize] = depth;
            let is_named =
                counts[object as usize] > 1 || depth > DEEPEST || holders.contains(&object);
            if is_named {
                self.globals[object as usize] = Some(first + self.named.len() as u32);
                self.named.push(object);
            }
        }
    }

    fn set_later(&mut self, object: u32, place: u32, value: GlobalState) {
        self.later.push((object, place, value));
        self.is_later.insert((object, place));
    }

    /// How many globals are added.
    pub(super) fn count(&self) -> u32 {
        self.named.len() as u32
    }

    /// Adds the globals of objects.
    pub(super) fn add_globals(
        &self,
        section: &mut GlobalSection,
        functions: &mut Functions,
    ) -> Result<(), Error> {
        for &object in &self.named {
            let heap_type = HeapType::Concrete(self.states[object as usize].ty().as_u32());
            let ty = wasm_encoder::GlobalType {
                val_type: wasm_encoder::ValType::Ref(RefType { nullable: false, heap_type }),
                mutable: false,
                shared: false,
            };
            let mut made = Vec::new();
            self.make(object, &mut made, functions)?;
            section.global(ty, &ConstExpr::extended(made));
        }
        Ok(())
    }

    /// A value as a constant expression of the given type.
    pub(super) fn constant(
        &self,
        value: GlobalState,
        ty: ValType,
        functions: &mut Functions,
    ) -> Result<ConstExpr, Error> {
        let mut made = Vec::new();
        self.value(value, ty, &mut made, functions)?;
        Ok(ConstExpr::extended(made))
    }

    /// Adds the instructions that make a value of the given type.
    fn value(
        &self,
        value: GlobalState,
        ty: ValType,
        made: &mut Vec<Instruction<'static>>,
        functions: &mut Functions,
    ) -> Result<(), Error> {
        let number = match value {
            GlobalState::I32(value) => Instruction::I32Const(value),
            GlobalState::I64(value) => Instruction::I64Const(value),
            GlobalState::F32(bits) => Instruction::F32Const(Ieee32::new(bits)),
            GlobalState::F64(bits) => Instruction::F64Const(Ieee64::new(bits)),
            GlobalState::V128(value) => Instruction::V128Const(value as i128),
            GlobalState::Ref(reference) => {
                return self.reference(reference, ty, made, functions);
            }
        };
        made.push(number);
        Ok(())
    }

    /// Adds the instructions that make a reference of the given type.
    fn reference(
        &self,
        reference: RefState,
        ty: ValType,
        made: &mut Vec<Instruction<'static>>,
        functions: &mut Functions,
    ) -> Result<(), Error> {
        let ValType::Ref(ty) = ty else {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!("a reference is not a value of the type {ty}"),
            ));
        };
        match reference {
            RefState::Null => {
                let ty = RoundtripReencoder.heap_type(ty.heap_type())?;
                made.push(Instruction::RefNull(ty));
            }
            RefState::Func(function) => {
                functions.0.insert(function.as_u32());
                made.push(Instruction::RefFunc(function.as_u32()));
            }
            RefState::I31(value) => {
                // The operator takes the low 31 bits.
                made.push(Instruction::I32Const((value << 1) as i32 >> 1));
                made.push(Instruction::RefI31);
            }
            RefState::Object(object) => match self.globals[object as usize] {
                Some(global) => made.push(Instruction::GlobalGet(global)),
                None => self.make(object, made, functions)?,
            },
        }
        if matches!(reference, RefState::I31(_) | RefState::Object(_)) && ty.is_extern_ref() {
            made.push(Instruction::ExternConvertAny);
        }
        Ok(())
    }

    /// Adds the instructions that make an object.
    fn make(
        &self,
        object: u32,
        made: &mut Vec<Instruction<'static>>,
        functions: &mut Functions,
    ) -> Result<(), Error> {
        let state = &self.states[object as usize];
        let ty = state.ty().as_u32();
        let elements: Vec<GlobalState> = match state {
            ObjectState::Struct(_, fields) => {
                let CompositeInnerType::Struct(of) = self.composite(object) else {
                    return Err(mismatch(object, "its type is not that of a structure"));
                };
                for ((place, value), field) in (0..).zip(fields).zip(&of.fields) {
                    let is_later = self.is_later.contains(&(object, place));
                    let value = if is_later { GlobalState::Ref(RefState::Null) } else { *value };
                    self.value(value, field.element_type.unpack(), made, functions)?;
                }
                made.push(Instruction::StructNew(ty));
                return Ok(());
            }
            ObjectState::Array(_, elements) => {
                let value = |(place, value): (u32, &RefState)| match value {
                    _ if self.is_later.contains(&(object, place)) => RefState::Null,
                    value => *value,
                };
                (0..).zip(elements).map(value).map(GlobalState::Ref).collect()
            }
            ObjectState::Numbers(_, bytes) => {
                let storage = self.element(object).map(|field| field.element_type);
                let long = self.is_long(object);
                let zero = |value| if long { GlobalState::I32(0) } else { value };
                numbers(storage, bytes).map(zero).collect()
            }
        };
        let Some(element) = self.element(object) else {
            return Err(mismatch(object, "its type is not that of an array"));
        };
        if !elements.is_empty()
            && elements.iter().all(|value| is_zero(*value))
            && has_default(element.element_type)
        {
            made.push(Instruction::I32Const(elements.len() as u32 as i32));
            made.push(Instruction::ArrayNewDefault(ty));
            return Ok(());
        }
        let array_size = elements.len() as u32;
        for value in elements {
            self.value(value, element.element_type.unpack(), made, functions)?;
        }
        made.push(Instruction::ArrayNewFixed { array_type_index: ty, array_size });
        Ok(())
    }

    /// Whether an object is an array that is too long to be made with its elements.
    fn is_long(&self, object: u32) -> bool {
        match &self.states[object as usize] {
            ObjectState::Struct(..) => false,
            ObjectState::Array(_, elements) => {
                elements.len() > LONGEST && elements.iter().any(|it| *it != RefState::Null)
            }
            ObjectState::Numbers(_, bytes) => {
                let size = self.element(object).map_or(1, |field| size_of(field.element_type));
                bytes.len() / size > LONGEST && bytes.iter().any(|byte| *byte != 0)
            }
        }
    }

    fn composite(&self, object: u32) -> &CompositeInnerType {
        let ty = self.states[object as usize].ty();
        &self.types[ty.index()].composite_type.inner
    }

    /// The element of an array; `None` if the object's type is another.
    fn element(&self, object: u32) -> Option<FieldType> {
        match self.composite(object) {
            CompositeInnerType::Array(array) => Some(array.0),
            _ => None,
        }
    }

    /// A field of a structure, or the element of an array.
    fn field(&self, object: u32, place: u32) -> Option<FieldType> {
        match self.composite(object) {
            CompositeInnerType::Struct(of) => of.fields.get(place as usize).copied(),
            _ => self.element(object),
        }
    }
}

/// The objects that are referred to from elsewhere, as often as they are.
fn roots_of(source: &Source<'_>, state: &ModuleState) -> impl Iterator<Item = u32> {
    let globals = source.globals.iter().zip(&state.globals).flat_map(|(global, value)| {
        // The value of one that is no longer imported also replaces references to it.
        let times = if global.is_imported() { 2 } else { 1 };
        let reference = match value {
            Some(GlobalState::Ref(reference)) => Some(*reference),
            _ => None,
        };
        std::iter::repeat_n(reference, times).flatten()
    });
    let runs = state.tables.iter().flatten().flat_map(|table| &table.runs);
    let tables = runs.flat_map(|run| run.elements.iter().copied());
    let elements = state.elements.iter().flatten().flatten().copied();
    globals.chain(tables).chain(elements).filter_map(|reference| match reference {
        RefState::Object(object) => Some(object),
        _ => None,
    })
}

fn has_default(ty: StorageType) -> bool {
    !matches!(ty, StorageType::Val(ValType::Ref(ty)) if !ty.is_nullable())
}

fn is_zero(value: GlobalState) -> bool {
    matches!(
        value,
        GlobalState::I32(0)
            | GlobalState::I64(0)
            | GlobalState::F32(0)
            | GlobalState::F64(0)
            | GlobalState::V128(0)
            | GlobalState::Ref(RefState::Null)
    )
}

/// The size of a number in an array, in bytes.
fn size_of(ty: StorageType) -> usize {
    match ty {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I64 | ValType::F64) => 8,
        StorageType::Val(ValType::V128) => 16,
        StorageType::Val(ValType::I32 | ValType::F32 | ValType::Ref(_)) => 4,
    }
}

/// The numbers of an array.
fn numbers(ty: Option<StorageType>, bytes: &[u8]) -> impl Iterator<Item = GlobalState> + '_ {
    let ty = ty.unwrap_or(StorageType::I8);
    bytes.chunks_exact(size_of(ty)).map(move |bytes| {
        let number =
            bytes.iter().rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        match ty {
            StorageType::Val(ValType::I64) => GlobalState::I64(number as i64),
            StorageType::Val(ValType::F32) => GlobalState::F32(number as u32),
            StorageType::Val(ValType::F64) => GlobalState::F64(number as u64),
            StorageType::Val(ValType::V128) => GlobalState::V128(number),
            _ => GlobalState::I32(number as i32),
        }
    })
}

fn mismatch(object: u32, what: &str) -> Error {
    Error::new(ErrorKind::Mismatch, format!("object {object} of the state: {what}"))
}
