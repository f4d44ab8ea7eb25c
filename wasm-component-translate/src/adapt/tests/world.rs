//! Two components and what is between them: memories, allocators, flags and handles, played by the
//! test.

use wasm_component::instance_flags::{MAY_ENTER, MAY_LEAVE};
use wasm_component::{AdapterTrap, StringEncoding};

use super::interpreter::{Host, Trapped, exception};
use super::reference::{Abi, Flat, Ty, Value, flatten, size, trap};
use crate::adapt::call::{Call, Memory, Side};
use crate::adapt::fused::{Fused, fuse};
use crate::adapt::item::Item;
use crate::adapt::room::CodeRoom;
use crate::adapt::shape::{Scalar, Shape, ShapeId, Shapes};
use crate::error::Error;

const FLAGS: [Item; 2] = [Item(0), Item(1)];
const MEMORY: [Item; 2] = [Item(2), Item(3)];
const REALLOC: [Item; 2] = [Item(4), Item(5)];
const CALLEE: Item = Item(6);
const POST_RETURN: Item = Item(7);
const ENTER: Item = Item(8);
const EXIT: Item = Item(9);
const OWN: [Item; 2] = [Item(10), Item(11)];
const BORROW: Item = Item(12);
const TRAPS: u32 = 100;

const CALLER: usize = 0;
const CALLED: usize = 1;

/// A call of `realloc`.
pub(super) type Allocation = (u32, u32, u32, u32);

/// What an allocator does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Gives an address that is odd.
    Odd,
    /// Gives an address from which on there is no room.
    Outside,
    /// Gives the end of the address space.
    End,
    /// Traps.
    Trap,
}

/// A side of the call.
#[derive(Clone)]
pub(super) struct Component {
    pub(super) memory: Vec<u8>,
    pub(super) encoding: StringEncoding,
    pub(super) page_size_log2: u32,
    /// Where the next allocation is; they go down, so that the first is at the end of the memory.
    next: u32,
    pub(super) allocations: Vec<Allocation>,
    /// The call of `realloc` that fails, and how.
    pub(super) fault: Option<(usize, Fault)>,
}

impl Component {
    pub(super) fn new(encoding: StringEncoding, len: usize, page_size_log2: u32) -> Self {
        // No zeros, so that what is not written is seen.
        let memory: Vec<u8> = (0..len).map(|place| (place % 251) as u8 ^ 0x5a).collect();
        let next = memory.len() as u32;
        Self { memory, encoding, page_size_log2, next, allocations: Vec::new(), fault: None }
    }
}

impl Abi for Component {
    fn encoding(&self) -> StringEncoding {
        self.encoding
    }

    fn memory(&mut self) -> &mut Vec<u8> {
        &mut self.memory
    }

    fn realloc(&mut self, old: u32, old_size: u32, align: u32, size: u32) -> Result<u32, Trapped> {
        let call = self.allocations.len();
        self.allocations.push((old, old_size, align, size));
        if let Some((at, fault)) = self.fault
            && at == call
        {
            return match fault {
                // Each address is aligned for what asks for nothing.
                Fault::Odd if align == 1 => trap("realloc"),
                Fault::Odd => Ok(self.next.saturating_sub(size) | 1),
                Fault::Outside => Ok((self.memory.len() as u32).wrapping_sub(size) + align),
                Fault::End => Ok(u32::MAX - (align - 1)),
                Fault::Trap => trap("realloc"),
            };
        }
        let Some(next) = self.next.checked_sub(size) else { return trap("memory is used up") };
        // The last `realloc` of a string that turned out to be Latin-1 asks for no alignment, by
        // the specification, which then demands one where it is lifted.
        let next = next & !(if old == 0 { align } else { align.max(2) } - 1);
        self.next = next;
        let kept = old_size.min(size) as usize;
        let (old, to) = (old as usize, next as usize);
        self.memory.copy_within(old..old + kept, to);
        Ok(next)
    }
}

/// What is called: its type, and what it answers.
pub(super) struct Called {
    pub(super) params: Vec<Ty>,
    pub(super) result: Option<Ty>,
    pub(super) answer: Option<Value>,
    /// What is done to the answer before it is given.
    pub(super) damage: Option<(u32, u8)>,
}

/// What a callee gets: core values, and what they are lifted to.
pub(super) type Received = (Vec<u64>, Result<Vec<Value>, Trapped>);

/// All of it.
pub(super) struct World {
    pub(super) sides: [Component; 2],
    pub(super) called: Called,
    pub(super) flags: [u32; 2],
    /// Whether the callee throws an exception.
    pub(super) throws: bool,
    /// What the callee got.
    pub(super) received: Option<Received>,
    /// What was allocated for that.
    pub(super) allocations: Vec<Allocation>,
    /// What the callee returned, and what was lowered in its memory.
    pub(super) returned: Option<Vec<u64>>,
    pub(super) post_returned: Option<Vec<u64>>,
    pub(super) scopes: Vec<Item>,
    /// The memory of the callee when it returned.
    pub(super) left: Option<Component>,
}

impl Called {
    pub(super) fn params_flat(&self) -> Option<Vec<Flat>> {
        let flat: Vec<_> = self.params.iter().flat_map(flatten).collect();
        (flat.len() <= 16).then_some(flat)
    }

    pub(super) fn result_flat(&self) -> Option<Vec<Flat>> {
        let flat = self.result.as_ref().map(flatten).unwrap_or_default();
        (flat.len() <= 1).then_some(flat)
    }

    /// Lifts the parameters.
    pub(super) fn lift_params(
        &self,
        side: &mut Component,
        flat: &[u64],
    ) -> Result<Vec<Value>, Trapped> {
        let record = Ty::Record(self.params.clone());
        let value = match self.params_flat() {
            Some(types) => side.lift(&mut &flat[..types.len()], &record)?,
            None => load_area(side, flat[0], &record)?,
        };
        let Value::Record(values) = value else { unreachable!() };
        Ok(values)
    }

    /// Lowers the parameters.
    pub(super) fn lower_params(
        &self,
        side: &mut Component,
        values: &[Value],
    ) -> Result<Vec<u64>, Trapped> {
        let record = Ty::Record(self.params.clone());
        let value = Value::Record(values.to_vec());
        if self.params_flat().is_some() {
            let mut flat = Vec::new();
            side.lower(&record, &value, &mut flat)?;
            return Ok(flat);
        }
        let at = side.allocate(super::reference::align(&record), size(&record))?;
        side.store(at, &record, &value)?;
        Ok(vec![at])
    }
}

/// Loads what a pointer points to.
pub(super) fn load_area(side: &mut Component, at: u64, ty: &Ty) -> Result<Value, Trapped> {
    check_area(side, at, ty)?;
    side.load(at, ty)
}

pub(super) fn check_area(side: &Component, at: u64, ty: &Ty) -> Result<(), Trapped> {
    if !at.is_multiple_of(super::reference::align(ty)) {
        return trap("unaligned area");
    }
    if at + size(ty) > side.memory.len() as u64 {
        return trap("area out of bounds");
    }
    Ok(())
}

/// How handles become those of the other side: a pure function, so that both ways can be compared.
pub(super) fn transferred(value: Value, ty: &Ty, from: usize) -> Value {
    match (ty, value) {
        (Ty::Own, Value::Bits(handle)) => Value::Bits(handle ^ (0x1000 + from as u64)),
        (Ty::Borrow, Value::Bits(handle)) => Value::Bits(handle ^ 0x2000),
        (Ty::Record(fields), Value::Record(values)) => Value::Record(
            fields.iter().zip(values).map(|(ty, value)| transferred(value, ty, from)).collect(),
        ),
        (Ty::Variant(cases), Value::Variant(case, payload)) => {
            let ty = cases[case as usize].as_ref();
            let payload = ty.zip(payload).map(|(ty, value)| transferred(*value, ty, from));
            Value::Variant(case, payload.map(Box::new))
        }
        (Ty::List(element) | Ty::FixedList(element, _), Value::List(values)) => {
            Value::List(values.into_iter().map(|value| transferred(value, element, from)).collect())
        }
        (_, value) => value,
    }
}

impl Host for World {
    fn call(&mut self, def: Item, args: &[u64]) -> Result<Vec<u64>, Trapped> {
        let leave = |flags: u32| flags & MAY_LEAVE as u32 != 0;
        match def {
            CALLEE => {
                assert_eq!(self.flags, [3, 1], "flags in the call");
                if self.throws {
                    return Err(exception());
                }
                let values = self.called.lift_params(&mut self.sides[CALLED], args);
                self.received = Some((args.to_vec(), values));
                self.allocations = std::mem::take(&mut self.sides[CALLED].allocations);
                self.sides[CALLED].fault = None;
                let returned = self.answer();
                self.returned = Some(returned.clone());
                self.left = Some(self.sides[CALLED].clone());
                Ok(returned)
            }
            POST_RETURN => {
                assert!(!leave(self.flags[CALLED]), "post-return may call out");
                assert_eq!(Some(args), self.returned.as_deref());
                assert!(self.post_returned.is_none());
                self.post_returned = Some(args.to_vec());
                Ok(Vec::new())
            }
            ENTER | EXIT => {
                self.scopes.push(def);
                Ok(Vec::new())
            }
            BORROW => Ok(vec![args[0] ^ 0x2000]),
            _ if OWN.contains(&def) => {
                let from = usize::from(def == OWN[CALLED]);
                Ok(vec![args[0] ^ (0x1000 + from as u64)])
            }
            _ if REALLOC.contains(&def) => {
                let side = usize::from(def == REALLOC[CALLED]);
                assert!(!leave(self.flags[side]), "realloc may call out");
                let [old, old_size, align, size] = args else { panic!("realloc of {args:?}") };
                let at = self.sides[side].realloc(
                    *old as u32,
                    *old_size as u32,
                    *align as u32,
                    *size as u32,
                )?;
                Ok(vec![at.into()])
            }
            Item(trap @ TRAPS..) => Err(Trapped(format!("{:?}", TRAP[(trap - TRAPS) as usize]))),
            other => panic!("nobody calls {other:?}"),
        }
    }

    fn memory(&mut self, def: Item) -> &mut Vec<u8> {
        &mut self.sides[usize::from(def == MEMORY[CALLED])].memory
    }

    fn page_size_log2(&self, def: Item) -> u32 {
        self.sides[usize::from(def == MEMORY[CALLED])].page_size_log2
    }

    fn global(&mut self, def: Item) -> &mut u32 {
        &mut self.flags[usize::from(def == FLAGS[CALLED])]
    }
}

impl World {
    /// A world in which nothing was called yet.
    pub(super) fn new(sides: [Component; 2], called: Called) -> Self {
        Self {
            sides,
            called,
            flags: FREE,
            throws: false,
            received: None,
            allocations: Vec::new(),
            returned: None,
            post_returned: None,
            scopes: Vec::new(),
            left: None,
        }
    }

    /// Lowers the answer in the callee's memory, without faults, and gives what it returns.
    fn answer(&mut self) -> Vec<u64> {
        let side = &mut self.sides[CALLED];
        let (Some(ty), Some(value)) = (&self.called.result, &self.called.answer) else {
            return Vec::new();
        };
        let mut flat = Vec::new();
        if self.called.result_flat().is_some() {
            side.lower(ty, value, &mut flat).unwrap();
        } else {
            let at = side.allocate(super::reference::align(ty), size(ty)).unwrap();
            side.store(at, ty, value).unwrap();
            flat.push(at);
        }
        if let Some((place, with)) = self.called.damage {
            damage(side, &mut flat, place, with);
        }
        side.allocations.clear();
        flat
    }
}

/// Changes a byte of what was lowered, or a core value.
pub(super) fn damage(side: &mut Component, flat: &mut [u64], place: u32, with: u8) {
    let used = side.memory.len() as u32 - side.next;
    match place.checked_sub(flat.len() as u32) {
        None => flat[place as usize] ^= u64::from(with) << (with % 24),
        Some(_) if used == 0 => {}
        Some(place) => {
            let at = side.next + place % used;
            side.memory[at as usize] ^= with;
        }
    }
}

const TRAP: [AdapterTrap; 11] = [
    AdapterTrap::CannotLeave,
    AdapterTrap::CannotEnter,
    AdapterTrap::UnalignedPointer,
    AdapterTrap::InvalidDiscriminant,
    AdapterTrap::InvalidChar,
    AdapterTrap::StringOutOfBounds,
    AdapterTrap::ListOutOfBounds,
    AdapterTrap::PointerOutOfBounds,
    AdapterTrap::InvalidUtf8,
    AdapterTrap::InvalidUtf16,
    AdapterTrap::UncaughtException,
];

/// The shape of a type whose handles come from a side.
pub(super) fn shape(shapes: &mut Shapes, ty: &Ty, from: usize) -> ShapeId {
    let description = match ty {
        Ty::Bool => Shape::Scalar(Scalar::Bool),
        Ty::S8 => Shape::Scalar(Scalar::S8),
        Ty::U8 => Shape::Scalar(Scalar::U8),
        Ty::S16 => Shape::Scalar(Scalar::S16),
        Ty::U16 => Shape::Scalar(Scalar::U16),
        Ty::S32 => Shape::Scalar(Scalar::Int32),
        Ty::U64 => Shape::Scalar(Scalar::Int64),
        Ty::F32 => Shape::Scalar(Scalar::F32),
        Ty::F64 => Shape::Scalar(Scalar::F64),
        Ty::Char => Shape::Scalar(Scalar::Char),
        Ty::String => Shape::String,
        Ty::Record(fields) => {
            Shape::Record(fields.iter().map(|field| shape(shapes, field, from)).collect())
        }
        Ty::Variant(cases) => Shape::Variant(
            cases.iter().map(|case| case.as_ref().map(|case| shape(shapes, case, from))).collect(),
        ),
        Ty::Flags(count) => Shape::Flags(*count),
        Ty::List(element) => Shape::List(shape(shapes, element, from)),
        Ty::FixedList(element, count) => Shape::FixedList(shape(shapes, element, from), *count),
        Ty::Own => Shape::Own(OWN[from]),
        Ty::Borrow => Shape::Borrow(BORROW),
    };
    shapes.add(description)
}

/// The adapter of a function between two sides.
pub(super) fn adapter(called: &Called, sides: &[Component; 2], post_return: bool) -> Fused {
    try_adapter(called, sides, post_return, (false, false)).unwrap()
}

/// The adapter of a function between two sides, of which one may be in the other, and in which
/// there may be exceptions.
pub(super) fn try_adapter(
    called: &Called,
    sides: &[Component; 2],
    post_return: bool,
    (recursive, exceptions): (bool, bool),
) -> Result<Fused, Error> {
    let mut shapes = Shapes::default();
    let record = Ty::Record(called.params.clone());
    let params = shape(&mut shapes, &record, CALLER);
    let result = called.result.as_ref().map(|ty| shape(&mut shapes, ty, CALLED));
    let side = |side: usize| Side {
        flags: FLAGS[side],
        memory: Some(Memory { item: MEMORY[side], page_size_log2: sides[side].page_size_log2 }),
        realloc: Some(REALLOC[side]),
        encoding: sides[side].encoding,
        contexts: false,
    };
    let call = Call {
        caller: side(CALLER),
        callee: side(CALLED),
        function: CALLEE,
        post_return: post_return.then_some(POST_RETURN),
        params,
        result,
        scope: Some((ENTER, EXIT)),
        recursive,
        exceptions,
    };
    let mut traps = |trap| {
        let place = TRAP.iter().position(|other| *other == trap).unwrap();
        Item(TRAPS + place as u32)
    };
    fuse(&shapes, &[call], &mut CodeRoom::default(), &mut traps)
}

/// The flags of two instances that may do everything.
pub(super) const FREE: [u32; 2] = [(MAY_ENTER | MAY_LEAVE) as u32; 2];

/// Both ends of the scope of borrows.
pub(super) const SCOPE: [Item; 2] = [ENTER, EXIT];
