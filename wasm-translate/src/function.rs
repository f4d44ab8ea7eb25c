//! The translation of one function body: validated and turned into CLIF in one pass.

use cranelift_codegen::ir::{self, Type, Value};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm_types::profile::PointKind;
use wasm_types::wasmparser::{
    self, FuncValidator, FuncValidatorAllocations, FunctionBody, Operator, OperatorsReader,
    OperatorsReaderAllocations, ValidatorResources,
};
use wasm_types::{DefinedFuncIndex, FunctionFrame, ParsedModule, ValType, WasmFeatures};

use crate::cold;
use crate::control_stack::{Frame, FrameKind};
use crate::counting::FunctionCounters;
use crate::environ::FuncEnvironment;
use crate::error::{Error, ErrorKind};
use crate::idiom::Idiom;
use crate::inline::places::Places;
use crate::inline::{Plan, Site};
use crate::legacy_tries::LegacyTries;
use crate::limits::Budget;
use crate::live_references::{self, LiveLocals};
use crate::loop_globals::{LoopGlobals, OwnGlobals};
use crate::operand_types::{self, KnownOperand};
use crate::ops;
use crate::profiled::Profiled;
use crate::proposals;
use crate::translator::{FuncTranslator, Stacks, zero};

/// Translates function bodies, one after the other, and keeps its allocations from one to the
/// next.
pub struct Translator {
    builder: FunctionBuilderContext,
    stacks: Stacks,
    /// One for each body that is translated within another, and for the whole.
    validators: Vec<FuncValidatorAllocations>,
    operators: OperatorsReaderAllocations,
    proposals: WasmFeatures,
    places: Places,
    /// What debuggers need to know of the frame of the function that was translated last.
    frame: Option<FunctionFrame>,
}

impl Default for Translator {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Translator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Translator").finish_non_exhaustive()
    }
}

impl Translator {
    /// A translator with nothing allocated.
    pub fn new() -> Self {
        Self {
            builder: FunctionBuilderContext::default(),
            stacks: Stacks::default(),
            validators: Vec::new(),
            operators: OperatorsReaderAllocations::default(),
            proposals: WasmFeatures::empty(),
            places: Places::default(),
            frame: None,
        }
    }

    /// What functions are built with.
    pub(crate) fn builder(&mut self) -> &mut FunctionBuilderContext {
        &mut self.builder
    }

    /// The proposals that the body which was translated last uses, in its operators and locals.
    /// Types, memories and tables that it refers to may use more.
    pub fn proposals(&self) -> WasmFeatures {
        self.proposals
    }

    /// What the places are that code of the function comes from which was translated last.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// What debuggers need to know of the frame of the function that was translated last, but where
    /// values are in it; `None` if the code can't be debugged.
    pub(crate) fn take_frame(&mut self) -> Option<FunctionFrame> {
        self.frame.take()
    }

    /// Validates the body of a function and makes CLIF of it.
    ///
    /// `into` is a cleared function; its signature is set to what the environment says, its name is
    /// left as it is. Source locations are offsets into `wasm`.
    ///
    /// # Errors
    ///
    /// If the body is not valid, or holds something that the translator or the environment does
    /// not support. The error names function and offset. `into` is in no useful state then, and has
    /// to be cleared.
    ///
    /// # Panics
    ///
    /// If the module does not define the function, or if `wasm` is shorter than the binary that was
    /// parsed.
    pub fn translate<E: FuncEnvironment + ?Sized>(
        &mut self,
        parsed: &ParsedModule,
        wasm: &[u8],
        func: DefinedFuncIndex,
        env: &mut E,
        into: &mut ir::Function,
    ) -> Result<(), Error> {
        self.translate_as(parsed, wasm, func, Known::default(), env, into)
    }

    /// As [`translate`](Self::translate), with what is known of the function before. Its body is
    /// validated all the same.
    pub(crate) fn translate_as<E: FuncEnvironment + ?Sized>(
        &mut self,
        parsed: &ParsedModule,
        wasm: &[u8],
        func: DefinedFuncIndex,
        known: Known<'_>,
        env: &mut E,
        into: &mut ir::Function,
    ) -> Result<(), Error> {
        let module = parsed.module();
        let index = module.func_index(func);
        let ty = module.type_of_func(index);
        env.begin_function(index);
        into.signature = env.signature(ty);
        self.stacks.clear();
        self.places.clear();
        let allocations = self.validators.pop().unwrap_or_default();
        let mut validator = parsed.func_to_validate(func).into_validator(allocations);
        let frontend_config = env.isa().frontend_config();
        let source = parsed.body(wasm, func);
        // An operator makes about one instruction, each of which has a place: so the map does not
        // grow with each of them.
        into.srclocs.resize(source.as_bytes().len());
        let mut body = Body {
            parsed,
            wasm,
            params: ty.params(),
            results: ty.results(),
            idiom: known.idiom,
            save_when_full: known.save_when_full,
            own_globals: known.own_globals,
            profiled: known.profiled,
            validators: &mut self.validators,
            proposals: WasmFeatures::empty(),
        };
        let (live_locals, legacy_tries) = body.look_ahead(ty.params(), &source);
        let loop_globals = body.loop_globals(&source, known.plan);
        let hints = parsed.hints_of(wasm, func);
        let mut t = FuncTranslator {
            builder: FunctionBuilder::new(into, &mut self.builder),
            env,
            stacks: &mut self.stacks,
            reachable: true,
            skipped: 0,
            offset: 0,
            budget: known.budget,
            small_bulk: known.small_bulk,
            cold_traps: known.cold_traps,
            places: std::mem::take(&mut self.places),
            plan: known.plan,
            inlined: None,
            first_local: 0,
            next_local: 0,
            compared_tables: 0,
            has_hints: hints.is_some() || known.profiled.is_some(),
            hints,
            counting: known.counting,
            flow: known.profiled.and_then(|profiled| profiled.flow(func)),
            often: Vec::new(),
            handlers: 0,
            operand: KnownOperand::default(),
            reference_operands: 0,
            live_locals,
            loop_globals,
            kept_globals: None,
            legacy_tries,
            named_locals: known.named_locals,
            debugged: None,
        };
        t.debugged = t.env.is_debugged().then(Box::default);
        let mut reader = source.get_binary_reader();
        let mut offset = reader.original_position();
        let result = validator.read_locals(&mut reader).map_err(Failure::Invalid).and_then(|()| {
            let allocations = std::mem::take(&mut self.operators);
            let mut operators = OperatorsReader::new_with_allocs(reader, allocations);
            let result = body
                .enter(&mut t, &validator, &source, offset)
                .and_then(|()| body.operators(&mut t, &mut validator, &mut operators, &mut offset));
            self.operators = operators.into_allocations();
            result
        });
        self.proposals = body.proposals;
        match result {
            Ok(()) => {
                let FuncTranslator { builder, env, has_hints, places, often, debugged, .. } = t;
                builder.finalize(frontend_config);
                self.frame = debugged.map(|debugged| debugged.into_frame());
                if has_hints {
                    cold::spread(into, &often);
                }
                self.places = places;
                self.validators.push(validator.into_allocations());
                env.finish_function(into)
            }
            Err(failure) => {
                // The next function would find what an unfinished one left behind.
                self.builder = FunctionBuilderContext::new();
                Err(match failure {
                    Failure::Invalid(error) => parsed.body_error(wasm, func, error).into(),
                    Failure::Other(error) => error,
                }
                .at(offset as usize)
                .in_function(index, module.names.function(index)))
            }
        }
    }
}

/// What is known of a function before it is translated, and how it is to be translated.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    /// What it is known as.
    pub(crate) idiom: Option<Idiom>,
    /// What is put in place of its calls.
    pub(crate) plan: Option<&'a Plan>,
    /// Whether a few bytes are copied and filled in place.
    pub(crate) small_bulk: bool,
    /// Whether code that only leads to a trap stands behind the rest.
    pub(crate) cold_traps: bool,
    /// Whether references are saved where there is no room for an object.
    pub(crate) save_when_full: bool,
    /// The globals that its loops may keep in registers.
    pub(crate) own_globals: Option<&'a OwnGlobals>,
    /// How often the functions of the module ran.
    pub(crate) profiled: Option<&'a Profiled<'a>>,
    /// Where it counts for a profile.
    pub(crate) counting: Option<&'a FunctionCounters>,
    /// The locals that native debuggers find variables by, in order, if there is anything to be
    /// found.
    pub(crate) named_locals: Option<&'a [u32]>,
    /// How large it may be.
    pub(crate) budget: Budget,
}

/// Why a body could not be translated.
enum Failure {
    Invalid(wasmparser::Error),
    Other(Error),
}

impl From<wasmparser::Error> for Failure {
    fn from(error: wasmparser::Error) -> Self {
        Failure::Invalid(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

/// What is known of the function before its body is read.
struct Body<'a, 'v> {
    parsed: &'a ParsedModule,
    wasm: &'a [u8],
    params: &'a [ValType],
    results: &'a [ValType],
    /// What the function is known as.
    idiom: Option<Idiom>,
    /// Whether references are saved where there is no room for an object.
    save_when_full: bool,
    /// The globals that loops may keep in registers.
    own_globals: Option<&'a OwnGlobals>,
    /// How often the functions of the module ran.
    profiled: Option<&'a Profiled<'a>>,
    /// For bodies that stand in place of calls.
    validators: &'v mut Vec<FuncValidatorAllocations>,
    /// What it turns out to use.
    proposals: WasmFeatures,
}

impl<'a> Body<'a, '_> {
    /// What has to be known of a body before it is translated.
    fn look_ahead(
        &self,
        params: &[ValType],
        source: &FunctionBody<'_>,
    ) -> (LiveLocals, LegacyTries) {
        let module = self.parsed.module();
        let live_locals = match self.save_when_full {
            true => LiveLocals::find(module, params, source),
            false => LiveLocals::default(),
        };
        let legacy_tries = match module.features.contains(WasmFeatures::LEGACY_EXCEPTIONS) {
            true => LegacyTries::find(source),
            false => LegacyTries::default(),
        };
        (live_locals, legacy_tries)
    }

    /// Which loops of a body keep globals in registers.
    fn loop_globals(&self, source: &FunctionBody<'_>, plan: Option<&Plan>) -> LoopGlobals {
        match self.own_globals {
            Some(own) => LoopGlobals::find(own, self.parsed, self.wasm, source, plan),
            None => LoopGlobals::default(),
        }
    }

    /// Translates the operators of a body.
    fn operators<E: FuncEnvironment + ?Sized>(
        &mut self,
        t: &mut FuncTranslator<'a, '_, E>,
        validator: &mut FuncValidator<ValidatorResources>,
        operators: &mut OperatorsReader<'_>,
        offset: &mut u64,
    ) -> Result<(), Failure> {
        let mut stored = None;
        while !operators.eof() {
            let (op, at) = operators.read_with_offset()?;
            *offset = at;
            t.offset = at;
            let dfg = &t.builder.func.dfg;
            t.budget.operator(|| dfg.num_values())?;
            t.operand = KnownOperand::of(validator, &op, at);
            if !t.live_locals.is_empty() {
                if live_references::makes_object(&op) {
                    t.reference_operands = operand_types::references(validator);
                } else if live_references::may_call(&op) {
                    t.note_operands_during_call();
                }
            }
            t.builder.set_srcloc(t.places.of(at)?);
            if t.reachable && t.debugged.is_some() {
                t.debug_point(validator, at)?;
            }
            validator.op(at, &op)?;
            self.proposals |= proposals::of_operator(&op);
            if t.reachable {
                t.env.before_operator(&mut t.builder, &op)?;
            }
            match (self.idiom, inlined_at(t, &op)) {
                (None, Some(site)) => self.inline(t, site, offset)?,
                (None, None) => {
                    let height = t.innermost_height();
                    ops::translate(t, &op)?;
                    if t.debugged.is_some() {
                        t.after_debugged(&op, height);
                    }
                    count_after(t, &op);
                }
                (Some(idiom), _) => {
                    let stored = stored.get_or_insert_with(|| self.stored_values(t, idiom));
                    translate_store(t, &op, stored)?;
                }
            }
        }
        operators.finish()?;
        Ok(())
    }

    /// Translates the body of a function in place of a call of it, validated in the same pass.
    fn inline<E: FuncEnvironment + ?Sized>(
        &mut self,
        t: &mut FuncTranslator<'a, '_, E>,
        site: &'a Site,
        offset: &mut u64,
    ) -> Result<(), Failure> {
        let module = self.parsed.module();
        let func = module.func_index(site.func);
        let source = self.parsed.body(self.wasm, site.func);
        let allocations = self.validators.pop().unwrap_or_default();
        let mut validator = self.parsed.func_to_validate(site.func).into_validator(allocations);
        let mut reader = source.get_binary_reader();
        let start = reader.original_position();
        validator.read_locals(&mut reader)?;
        let params = module.type_of_func(func).params();
        let (live_locals, legacy_tries) = self.look_ahead(params, &source);
        let hints = self.parsed.hints_of(self.wasm, site.func);
        let flow = self.profiled.and_then(|profiled| profiled.flow(site.func));
        // A loop around the call has those of the body as parts.
        let loop_globals = match t.kept_globals {
            Some(_) => LoopGlobals::default(),
            None => self.loop_globals(&source, Some(&site.inner)),
        };
        let callee =
            ops::Callee { site, func, start, hints, flow, live_locals, loop_globals, legacy_tries };
        let caller = ops::begin_inlined(t, callee)?;
        for group in source.get_locals_reader()? {
            let (count, ty) = group?;
            let ty = ValType::from_parser(ty, module).map_err(Error::unsupported)?;
            ops::declare_locals(t, count, ty)?;
        }
        let mut operators = OperatorsReader::new(reader);
        self.operators(t, &mut validator, &mut operators, offset)?;
        self.validators.push(validator.into_allocations());
        caller.end(t, source.range().end);
        Ok(())
    }

    /// What a function that is recognised as an idiom stores, from the last value to the first.
    fn stored_values<E: FuncEnvironment + ?Sized>(
        &self,
        t: &mut FuncTranslator<'_, '_, E>,
        idiom: Idiom,
    ) -> Vec<Value> {
        let params = (0..self.params.len() as u32).map(|number| t.builder.use_var(t.local(number)));
        let params: Vec<Value> = params.collect();
        let mut values = idiom.stored_values(&mut t.builder, &params);
        values.reverse();
        values
    }

    /// The entry block: parameters, locals, and the frame of the function itself.
    fn enter<E: FuncEnvironment + ?Sized>(
        &mut self,
        t: &mut FuncTranslator<'_, '_, E>,
        validator: &FuncValidator<ValidatorResources>,
        source: &FunctionBody<'_>,
        offset: u64,
    ) -> Result<(), Failure> {
        let start = t.places.of(offset)?;
        t.builder.set_srcloc(start);
        // Places are kept as distances from the base, and the distance -1 stands for no
        // place. So the base has to be the first place of all, not that of the first instruction.
        t.builder.func.params.ensure_base_srcloc(start);
        t.budget.signature(self.params.len(), self.results.len())?;
        t.budget.locals(validator.len_locals())?;
        ops::check_types(t.env, self.params.iter().chain(self.results))?;
        let entry = t.builder.create_block();
        t.builder.append_block_params_for_function_params(entry);
        t.builder.switch_to_block(entry);
        t.builder.seal_block(entry);
        t.builder.ensure_inserted_block();
        t.env.function_entry(&mut t.builder)?;
        if let Some(counting) = t.counting {
            t.env.count_entry(&mut t.builder, counting.entry);
        }
        let params = t.env.wasm_params(&mut t.builder, entry);
        if params.len() != self.params.len() {
            let message = "the environment gives another number of parameters than the type has";
            return Err(Error::new(ErrorKind::Codegen, message).into());
        }
        t.keep_memory()?;
        let mut local = 0;
        for (ty, value) in self.params.iter().zip(params) {
            t.declare_local(*ty, value);
            t.keep_new_named(local, *ty, value);
            local += 1;
        }
        // A zero of each type is shared by the locals that start with it. The validator has found
        // the locals to be right, but has its own names for the types of references.
        let mut zeros: Vec<((Type, bool), Value)> = Vec::new();
        for group in source.get_locals_reader()? {
            let (count, ty) = group?;
            let ty = ValType::from_parser(ty, t.env.module()).map_err(Error::unsupported)?;
            ops::check_types(t.env, [&ty])?;
            self.proposals |= proposals::of_type(ty);
            // One that may be looked for during calls is no number's.
            let kind = (t.clif_type(ty), t.env.is_collected(ty));
            if count == 0 {
                continue;
            }
            let value = match zeros.iter().find(|(zero, _)| *zero == kind) {
                Some((_, value)) => *value,
                None => {
                    let value = zero(&mut t.builder, kind.0);
                    zeros.push((kind, value));
                    value
                }
            };
            for _ in 0..count {
                t.declare_local(ty, value);
                t.keep_new_named(local, ty, value);
                local += 1;
            }
        }
        let end = t.new_block(self.results);
        t.stacks.frames.push(Frame {
            kind: FrameKind::Function,
            target: end,
            branch_arity: self.results.len(),
            height: 0,
            end_is_target: false,
        });
        Ok(())
    }
}

/// Counts where the code goes on after an operator, if it is counted there. Branches that are taken
/// are counted where they are made, and calls before them.
fn count_after<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>, op: &Operator<'_>) {
    let Some(counting) = t.counting.filter(|_| t.reachable) else { return };
    let Some((kind, counter)) = counting.at(t.offset) else { return };
    let is_here = match kind {
        PointKind::Loop | PointKind::NotTaken | PointKind::Joined => true,
        PointKind::Taken => matches!(op, Operator::If { .. }),
        PointKind::Indirect => false,
    };
    if is_here {
        t.env.count(&mut t.builder, counter);
    }
}

/// Translates an operator of a function that is recognised as an idiom: its stores stay where they
/// are, so that it traps for the same reasons, but the values that they store are computed in
/// another way. All operators between them are left out.
fn translate_store<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
    values: &mut Vec<Value>,
) -> Result<(), Error> {
    match op {
        Operator::I64Store { .. } => {
            let address = t.builder.use_var(t.local(0));
            t.push(address);
            t.push(values.pop().expect("there is a value for each store"));
            ops::translate(t, op)
        }
        Operator::End => ops::translate(t, op),
        _ => Ok(()),
    }
}

/// What is put in place of an operator, if that is a call which is replaced.
fn inlined_at<'a, E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'a, '_, E>,
    op: &Operator<'_>,
) -> Option<&'a Site> {
    match op {
        Operator::Call { .. } if t.reachable => t.plan?.at(t.offset),
        _ => None,
    }
}
