//! Exceptions (Wasm 3.0, section 4.6.8), and the operators of before the proposal was finished.
//!
//! While a construct that catches something is open, the environment has the list of what catches
//! an exception at the current place: the clauses of the constructs around it, the innermost first.
//! Each clause has a block of its own, which all calls in the construct share.
//!
//! A `try_table` branches from there; these blocks are filled at its end. The older `try` has the
//! code that handles an exception behind its body. What its clauses are is not known before that
//! code is reached, so the body of a function with such constructs is read once before it is
//! translated (`legacy_tries.rs`).

use std::collections::HashSet;
use std::rc::Rc;

use cranelift_codegen::ir::{Block, InstBuilder as _, Value};
use wasm_types::wasmparser::{BlockType, Catch, Operator, TryTable};
use wasm_types::{HeapType, RefType, TagIndex, ValType};

use super::branch::block_args;
use super::signature::Signature;
use super::types::check_types;
use crate::control_stack::{Caught, Clause, Frame, FrameKind, Try, TryKind};
use crate::environ::{FuncEnvironment, Handler, Values};
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match op {
        Operator::Throw { tag_index } => {
            let tag = TagIndex::new(*tag_index);
            let values = pop_values(t, tag)?;
            throw(t, tag, &values)?;
        }
        Operator::ThrowRef => {
            let exception = t.pop();
            t.count_handlers()?;
            t.env.throw_ref(&mut t.builder, exception)?;
            t.reachable = false;
        }
        Operator::TryTable { try_table } => enter_try_table(t, try_table)?,
        Operator::Try { blockty } => enter_try(t, *blockty)?,
        Operator::Rethrow { relative_depth } => rethrow(t, *relative_depth)?,
        Operator::Catch { .. } | Operator::CatchAll => next_clause(t)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Pops the values that an exception carries.
fn pop_values<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    tag: TagIndex,
) -> Result<Values, Error> {
    let params = t.env.module().type_of_tag(tag).params();
    let count = params.len();
    check_types(t.env, params)?;
    t.budget.signature(count, 0)?;
    t.canonicalize_top(count);
    let start = t.stacks.values.len() - count;
    Ok(t.stacks.values.drain(start..).collect())
}

fn throw<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    tag: TagIndex,
    values: &[Value],
) -> Result<(), Error> {
    t.budget.operators(values.len())?;
    t.count_handlers()?;
    t.env.throw(&mut t.builder, tag, values)?;
    t.reachable = false;
    Ok(())
}

fn enter_try_table<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    try_table: &TryTable,
) -> Result<(), Error> {
    let ty = Signature::new(t, try_table.ty)?;
    let target = t.new_block(&ty.results);
    let mut clauses = Vec::with_capacity(try_table.catches.len());
    for catch in &try_table.catches {
        let tag = match *catch {
            Catch::One { tag, .. } | Catch::OneRef { tag, .. } => Some(TagIndex::new(tag)),
            Catch::All { .. } | Catch::AllRef { .. } => None,
        };
        clauses.push(clause(t, tag)?);
    }
    let kind = TryKind::Table { catches: try_table.catches.clone() };
    let handlers = t.handlers_here();
    enter(t, kind, clauses, handlers, (target, &ty))
}

fn enter_try<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: BlockType,
) -> Result<(), Error> {
    let ty = Signature::new(t, ty)?;
    let target = t.new_block(&ty.results);
    let known = t.legacy_tries.at(t.offset).ok_or_else(|| {
        Error::new(ErrorKind::Codegen, "the body of a function was read in two ways")
    })?;
    let (tags, rethrown, delegate) =
        (known.clauses.clone(), known.rethrown.clone(), known.delegate);
    let mut clauses = Vec::with_capacity(tags.len());
    for tag in tags {
        clauses.push(clause(t, tag)?);
    }
    let handlers = match delegate {
        // What comes at the end was not validated yet.
        Some(depth) => match (t.stacks.frames.len() - 1).checked_sub(depth as usize) {
            Some(place) => t.handlers_at(place),
            None => Rc::from([]),
        },
        None => t.handlers_here(),
    };
    let kind = TryKind::Legacy { rethrown, next: 0, caught: None };
    enter(t, kind, clauses, handlers, (target, &ty))
}

fn clause<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    tag: Option<TagIndex>,
) -> Result<Clause, Error> {
    t.budget.blocks(1, 1)?;
    Ok(Clause { tag, block: t.env.handler_block(&mut t.builder)? })
}

/// Pushes the frame of a construct that catches exceptions; `around` catch what it does not.
fn enter<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    kind: TryKind,
    clauses: Vec<Clause>,
    around: Rc<[Handler]>,
    (target, ty): (Block, &Signature),
) -> Result<(), Error> {
    let handlers = with_clauses(&clauses, around);
    t.set_handlers(&handlers)?;
    let place = t.builder.srcloc();
    let frame = FrameKind::Try(Box::new(Try { kind, clauses, handlers, place }));
    t.enter(frame, target, ty.results.len(), ty.num_params);
    Ok(())
}

/// What catches an exception in a construct: its clauses, and then what is around it. What an
/// earlier one takes never comes to a later one.
fn with_clauses(clauses: &[Clause], around: Rc<[Handler]>) -> Rc<[Handler]> {
    if clauses.is_empty() {
        return around;
    }
    let own = clauses.iter().map(|clause| Handler { tag: clause.tag, block: clause.block });
    let mut handlers: Vec<Handler> = Vec::with_capacity(clauses.len() + around.len());
    let mut taken = HashSet::with_capacity(clauses.len());
    for handler in own.chain(around.iter().copied()) {
        if taken.insert(handler.tag) {
            handlers.push(handler);
        }
        if handler.tag.is_none() {
            break;
        }
    }
    handlers.into()
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// What catches exceptions inside of a frame, at its current place.
    pub(super) fn handlers_at(&self, place: usize) -> Rc<[Handler]> {
        let inside = |frame: &Frame| match &frame.kind {
            FrameKind::Try(construct) => Some(Rc::clone(&construct.handlers)),
            _ => None,
        };
        self.stacks.frames[..=place].iter().rev().find_map(inside).unwrap_or_default()
    }

    /// What catches exceptions at the current place.
    pub(super) fn handlers_here(&self) -> Rc<[Handler]> {
        match self.stacks.frames.len().checked_sub(1) {
            Some(place) => self.handlers_at(place),
            None => Rc::default(),
        }
    }

    pub(super) fn set_handlers(&mut self, handlers: &[Handler]) -> Result<(), Error> {
        // The environment takes them over one by one.
        self.budget.operators(handlers.len())?;
        self.handlers = handlers.len();
        self.env.set_handlers(handlers)
    }

    /// To be called for each operator that calls something: the handlers are branches of it.
    pub(super) fn count_handlers(&mut self) -> Result<(), Error> {
        match self.handlers {
            0 => Ok(()),
            handlers => self.budget.blocks(1 + handlers, 1),
        }
    }
}

/// The end of a construct that catches exceptions, whose frame was popped.
pub(super) fn end<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    construct: &Try,
    frame: &mut Frame,
) -> Result<(), Error> {
    let around = t.handlers_here();
    t.set_handlers(&around)?;
    let TryKind::Table { catches } = &construct.kind else { return Ok(()) };
    if catches.is_empty() {
        return Ok(());
    }
    if t.reachable {
        t.jump(frame.target, frame.branch_arity);
        frame.end_is_target = true;
        t.reachable = false;
    }
    let here = t.builder.srcloc();
    t.builder.set_srcloc(construct.place);
    for (clause, catch) in construct.clauses.iter().zip(catches) {
        enter_clause(t, *clause, catch)?;
    }
    t.builder.set_srcloc(here);
    Ok(())
}

/// Fills the block of a clause of a `try_table`: a branch with what comes with the exception.
fn enter_clause<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    Clause { tag, block }: Clause,
    catch: &Catch,
) -> Result<(), Error> {
    t.builder.seal_block(block);
    t.builder.switch_to_block(block);
    if t.builder.is_unreachable() {
        return Ok(());
    }
    let mut values = match tag {
        Some(tag) => caught_values(t, block, tag)?,
        None => Values::new(),
    };
    let label = match *catch {
        Catch::One { label, .. } | Catch::All { label } => label,
        Catch::OneRef { label, .. } | Catch::AllRef { label } => {
            let exception = t.env.caught_reference(&mut t.builder, block)?;
            let ty = RefType { nullable: false, heap: HeapType::Exn };
            t.note_reference(exception, ValType::Ref(ty));
            values.push(exception);
            label
        }
    };
    let (target, arity) = t.branch_target(label);
    t.budget.blocks(1, arity)?;
    t.builder.ins().jump(target, &block_args(&values));
    Ok(())
}

/// The values of an exception, which count as operators, and of which references are noted.
fn caught_values<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    block: Block,
    tag: TagIndex,
) -> Result<Values, Error> {
    let params = t.env.module().type_of_tag(tag).params();
    check_types(t.env, params)?;
    t.budget.signature(params.len(), 0)?;
    t.budget.operators(params.len())?;
    let values = t.env.caught_values(&mut t.builder, block, tag)?;
    for (place, value) in values.iter().enumerate() {
        let ty = t.env.module().type_of_tag(tag).params()[place];
        t.note_reference(*value, ty);
    }
    Ok(values)
}

/// `catch` or `catch_all`, reached or not: the end of what is before it, and what comes with the
/// exception.
pub(super) fn next_clause<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
) -> Result<(), Error> {
    let mut frame = t.stacks.frames.pop().expect("validation pairs `catch` with `try`");
    if t.reachable {
        t.jump(frame.target, frame.branch_arity);
        frame.end_is_target = true;
    }
    t.stacks.values.truncate(frame.height);
    let around = t.handlers_here();
    t.set_handlers(&around)?;
    let depth = t.caught_around();
    let FrameKind::Try(construct) = &mut frame.kind else {
        unreachable!("validation pairs `catch` with `try`");
    };
    construct.handlers = around;
    let TryKind::Legacy { rethrown, next, caught } = &mut construct.kind else {
        unreachable!("validation pairs `catch` with `try`");
    };
    let number = *next;
    *next += 1;
    let (Some(clause), Some(rethrown)) = (construct.clauses.get(number), rethrown.get(number))
    else {
        return Err(Error::new(ErrorKind::Codegen, "a clause was not found before"));
    };
    let (tag, block) = (clause.tag, clause.block);
    t.builder.seal_block(block);
    t.builder.switch_to_block(block);
    t.reachable = !t.builder.is_unreachable();
    *caught = Some(Caught::Kept { depth });
    if t.reachable {
        match tag {
            Some(tag) => {
                let values = caught_values(t, block, tag)?;
                t.push_all(&values);
                *caught = Some(Caught::Values { tag, values });
            }
            None if *rethrown => t.env.keep_exception(&mut t.builder, depth)?,
            None => {}
        }
    }
    t.stacks.frames.push(frame);
    Ok(())
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// How many handlers of older constructs the current place is in.
    fn caught_around(&self) -> u32 {
        let is_handler = |frame: &&Frame| match &frame.kind {
            FrameKind::Try(construct) => {
                matches!(construct.kind, TryKind::Legacy { caught: Some(_), .. })
            }
            _ => false,
        };
        self.stacks.frames.iter().filter(is_handler).count() as u32
    }
}

fn rethrow<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    depth: u32,
) -> Result<(), Error> {
    let place = t.frame_at(depth);
    let caught = match &t.stacks.frames[place].kind {
        FrameKind::Try(construct) => match &construct.kind {
            TryKind::Legacy { caught, .. } => caught.clone(),
            TryKind::Table { .. } => None,
        },
        _ => None,
    };
    match caught.expect("validation pairs `rethrow` with `catch`") {
        // Such an exception is nothing but its tag and its values.
        Caught::Values { tag, values } => throw(t, tag, &values),
        Caught::Kept { depth } => {
            t.count_handlers()?;
            t.env.rethrow(&mut t.builder, depth)?;
            t.reachable = false;
            Ok(())
        }
    }
}
