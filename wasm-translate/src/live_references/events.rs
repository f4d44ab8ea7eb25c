//! What matters of a body for which locals are used later, in the order of its operators.

use wasm_types::wasmparser::{Catch, FunctionBody, Operator, Result};

use super::{Locals, NONE, add, insert};

/// What matters of a body.
#[derive(Default)]
pub(super) struct Events {
    pub(super) list: Vec<Event>,
    /// Sets of locals that are read in loops.
    pub(super) sets: Vec<Locals>,
    /// Where handlers of exceptions are.
    pub(super) labels: Vec<u32>,
}

#[derive(Clone, Copy)]
pub(super) enum Event {
    Get(u8),
    Set(u8),
    /// Makes an object.
    Make(u64),
    /// May call something.
    Call,
    /// Goes on nowhere in the function.
    Stop,
    Branch(u32),
    BranchIf(u32),
    Start,
    If,
    Else,
    End(EndOf),
}

/// What ends.
#[derive(Clone, Copy)]
pub(super) enum EndOf {
    /// A loop, in which a set of locals is read.
    Loop(u32),
    /// A construct that catches exceptions, with the labels of its handlers.
    Try {
        first: u32,
        count: u32,
    },
    Other,
}

impl Events {
    /// Reads a body; `None` if it makes no object, or has one of the older constructs that catch
    /// exceptions.
    pub(super) fn read(numbers: &[u32], body: &FunctionBody<'_>) -> Result<Option<Self>> {
        use Operator as O;
        let mut events = Self::default();
        // The constructs around the current place, with what is read in them.
        let mut open = vec![(EndOf::Other, NONE)];
        let mut makes = false;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let event = match operator {
                O::LocalGet { local_index } => match numbers.binary_search(&local_index) {
                    Ok(number) => {
                        if let Some((_, read)) = open.last_mut() {
                            insert(read, number);
                        }
                        Event::Get(number as u8)
                    }
                    Err(_) => continue,
                },
                O::LocalSet { local_index } | O::LocalTee { local_index } => {
                    match numbers.binary_search(&local_index) {
                        Ok(number) => Event::Set(number as u8),
                        Err(_) => continue,
                    }
                }
                O::Block { .. } => {
                    open.push((EndOf::Other, NONE));
                    Event::Start
                }
                O::Loop { .. } => {
                    open.push((EndOf::Loop(0), NONE));
                    Event::Start
                }
                O::If { .. } => {
                    open.push((EndOf::Other, NONE));
                    Event::If
                }
                O::TryTable { try_table } => {
                    let first = events.labels.len() as u32;
                    events.labels.extend(try_table.catches.iter().map(|catch| match *catch {
                        Catch::One { label, .. }
                        | Catch::OneRef { label, .. }
                        | Catch::All { label }
                        | Catch::AllRef { label } => label,
                    }));
                    let count = try_table.catches.len() as u32;
                    open.push((EndOf::Try { first, count }, NONE));
                    Event::Start
                }
                // What handlers of continuations need is not followed.
                O::Try { .. }
                | O::Resume { .. }
                | O::ResumeThrow { .. }
                | O::ResumeThrowRef { .. } => return Ok(None),
                O::Else => Event::Else,
                O::End => {
                    let Some((mut kind, read)) = open.pop() else { return Ok(None) };
                    if let EndOf::Loop(set) = &mut kind {
                        *set = events.sets.len() as u32;
                        events.sets.push(read);
                    }
                    if let Some((_, outer)) = open.last_mut() {
                        add(outer, &read);
                    }
                    Event::End(kind)
                }
                O::Br { relative_depth } => Event::Branch(relative_depth),
                O::BrIf { relative_depth }
                | O::BrOnNull { relative_depth }
                | O::BrOnNonNull { relative_depth }
                | O::BrOnCast { relative_depth, .. }
                | O::BrOnCastFail { relative_depth, .. } => Event::BranchIf(relative_depth),
                O::BrTable { targets } => {
                    for target in targets.targets() {
                        events.list.push(Event::BranchIf(target?));
                    }
                    Event::Branch(targets.default())
                }
                O::Return
                | O::Unreachable
                | O::ReturnCall { .. }
                | O::ReturnCallIndirect { .. }
                | O::ReturnCallRef { .. } => Event::Stop,
                O::Throw { .. } | O::ThrowRef => {
                    events.list.push(Event::Call);
                    Event::Stop
                }
                ref operator if makes_object(operator) => {
                    makes = true;
                    Event::Make(offset)
                }
                ref operator if may_call(operator) => Event::Call,
                _ => continue,
            };
            events.list.push(event);
        }
        // The end of the function is there too.
        Ok((makes && open.is_empty()).then_some(events))
    }
}

/// Whether an operator makes an object in place.
pub(crate) fn makes_object(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::StructNew { .. }
            | O::StructNewDefault { .. }
            | O::ArrayNew { .. }
            | O::ArrayNewDefault { .. }
            | O::ArrayNewFixed { .. }
    )
}

/// Whether an operator may call something, and does not only make an object.
pub(crate) fn may_call(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::Call { .. }
            | O::CallIndirect { .. }
            | O::CallRef { .. }
            | O::RefFunc { .. }
            | O::ArrayNewData { .. }
            | O::ArrayNewElem { .. }
            | O::ArrayFill { .. }
            | O::ArrayCopy { .. }
            | O::ArrayInitData { .. }
            | O::ArrayInitElem { .. }
            | O::MemoryGrow { .. }
            | O::MemoryFill { .. }
            | O::MemoryCopy { .. }
            | O::MemoryInit { .. }
            | O::TableGet { .. }
            | O::TableGrow { .. }
            | O::TableFill { .. }
            | O::TableCopy { .. }
            | O::TableInit { .. }
            | O::ContNew { .. }
            | O::ContBind { .. }
            | O::Suspend { .. }
            | O::Resume { .. }
            | O::ResumeThrow { .. }
            | O::ResumeThrowRef { .. }
            | O::Switch { .. }
    )
}
