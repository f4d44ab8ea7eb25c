//! One function from its body to machine code.

use std::time::Instant;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self, ExternalName, StackSlot, UserFuncName};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{
    CodegenError, CompiledCode, Context, FinalizedMachExceptionHandler, FinalizedRelocTarget,
    binemit,
};
use wasm_types::abi::ContextLayout;
use wasm_types::{
    CatchHandler, CatchSite, CompileLimit, DefinedFuncIndex, FRAME_PLACE_SIZE, FuncIndex,
    FunctionFrame, InlinedFunction, OptLevel, ParsedModule, SubType, TableIndex, TagIndex,
    TrapCode, TypeKind, WasmFeatures,
};

use crate::counting::Counters;
use crate::error::{Error, ErrorKind};
use crate::extensions::{Extensions, Scanner};
use crate::fuel::TrapLeads;
use crate::function::{Known, Translator};
use crate::function_hooks::HookedFunctions;
use crate::idiom::Idioms;
use crate::immutable_table::ImmutableTables;
use crate::inline::{Inlining, Plan};
use crate::limits::Budget;
use crate::loop_globals::OwnGlobals;
use crate::named_locals::KeptPlace;
use crate::near_addresses;
use crate::pass::{PassContext, PassPoint};
use crate::profiled::Profiled;
use crate::reorder::Reorder;
use crate::runtime::{DebugSlots, NamedPlaces, PLACE_SIZE, RuntimeEnvironment, TABLE_NAMES};
use crate::settings::Settings;
use crate::timings::{Lap, Timings};
use crate::trap::wasm_trap_code;
use crate::trap_places::{self, TrapPlaces};
use crate::wide_indices;

/// What all functions of a module are compiled with.
pub(crate) struct Job<'a> {
    pub(crate) parsed: &'a ParsedModule,
    pub(crate) wasm: &'a [u8],
    pub(crate) settings: &'a Settings,
    pub(crate) isa: &'a dyn TargetIsa,
    pub(crate) layout: &'a ContextLayout,
    /// Functions that are recognised as idioms.
    pub(crate) idioms: Idioms,
    /// Functions that are inlined into others.
    pub(crate) inlining: Option<Inlining<'a>>,
    /// Tables that stand beside the code.
    pub(crate) immutable_tables: ImmutableTables,
    /// Globals that loops may keep in registers, if there are enough of them.
    own_globals: Option<OwnGlobals>,
    /// Whether the module has types of objects that code may make.
    makes_objects: bool,
    /// Functions that report when they are entered and left.
    pub(crate) hooked: HookedFunctions,
    /// What a profile says of the module.
    pub(crate) profiled: Option<Profiled<'a>>,
    /// Where the code counts for a profile, if it does.
    pub(crate) counters: Option<Counters>,
    /// The deadline of the compilation.
    deadline: Option<Instant>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        parsed: &'a ParsedModule,
        wasm: &'a [u8],
        settings: &'a Settings,
        isa: &'a dyn TargetIsa,
        layout: &'a ContextLayout,
    ) -> Self {
        // A deadline that the clock can't express never comes.
        let deadline = settings.limits.time.and_then(|time| Instant::now().checked_add(time));
        let hooked = HookedFunctions::select(parsed.module(), settings.function_hooks.as_deref());
        // Each operator is to be seen by itself.
        let is_debugged = settings.tunables.guest_debug || !settings.named_locals.is_empty();
        let idioms = match settings.optimizations.idioms && !is_debugged {
            true => Idioms::find(parsed, wasm)
                .without(|func| hooked.contains(parsed.module().func_index(func))),
            false => Idioms::default(),
        };
        let idioms = match settings.tunables.fuel_costs {
            Some(_) => idioms.with_fuel(parsed, wasm, &settings.operator_cost),
            None => idioms,
        };
        let optimized = settings.tunables.opt_level != OptLevel::None;
        let counters = settings.tunables.gathers_profile.then(|| Counters::new(parsed, wasm));
        // Code that counts is as it is without an earlier profile.
        let profile = settings.profile.as_deref().filter(|_| counters.is_none());
        let profiled = Profiled::find(profile, parsed, wasm);
        // Each function counts for itself; and who knows which calls matter replaces those.
        let inlines = (settings.optimizations.inlining || profiled.is_some())
            && optimized
            && counters.is_none()
            && !is_debugged;
        let inlining = inlines.then(|| {
            Inlining::find(parsed, wasm, &settings.tunables, |func| {
                hooked.contains(parsed.module().func_index(func)) || idioms.get(func).is_some()
            })
        });
        let immutable_tables = match settings.optimizations.immutable_tables {
            true => ImmutableTables::find(parsed, wasm, &settings.tunables),
            false => ImmutableTables::default(),
        };
        let keeps_globals = settings.optimizations.loop_globals
            && optimized
            && !settings.tunables.interruption_callbacks
            && !settings.tunables.guest_debug;
        let own_globals = keeps_globals.then(|| OwnGlobals::find(parsed.module())).flatten();
        let kind = |ty: &SubType| ty.composite.kind();
        let makes_objects = parsed.module().types.iter().any(|ty| kind(ty) != TypeKind::Func);
        Self {
            parsed,
            wasm,
            settings,
            isa,
            layout,
            idioms,
            inlining,
            immutable_tables,
            own_globals,
            makes_objects,
            hooked,
            profiled,
            counters,
            deadline,
        }
    }

    /// Where everything is in the contexts of instances.
    pub(crate) fn layout(parsed: &ParsedModule, settings: &Settings) -> ContextLayout {
        let layout = ContextLayout::new(parsed.module());
        layout.of_code(&settings.tunables)
    }

    /// The limits for one function.
    fn budget(&self) -> Budget {
        Budget::new(self.settings.limits, self.deadline)
    }
}

/// The machine code of a function, before it has a place in the text.
pub(crate) struct FunctionCode {
    pub(crate) bytes: Vec<u8>,
    pub(crate) alignment: u32,
    pub(crate) references: Vec<Reference>,
    pub(crate) traps: Vec<(u32, TrapCode)>,
    /// How much fuel was taken ahead of its use at instructions that trap, where any was.
    pub(crate) fuel: Vec<(u32, i32)>,
    pub(crate) locations: Vec<CodeRange>,
    /// The functions that stand in place of calls, each after its caller.
    pub(crate) inlined: Vec<InlinedFunction>,
    /// Where the body starts in the binary: what the prologue belongs to.
    pub(crate) body: u32,
    pub(crate) frame_size: u32,
    /// Bytes from the frame pointer down to the place that keeps the context, if there is one.
    pub(crate) frame_slot: Option<u32>,
    /// Where calls return to during which references stay in the frame, and where they are below
    /// the frame pointer.
    pub(crate) stack_maps: Vec<(u32, Vec<u32>)>,
    /// The calls from which exceptions are caught. Offsets are from the start of the code.
    pub(crate) catch_sites: Vec<CatchSite>,
    /// The extensions of the instruction set that the code uses; `None` if that is not known.
    pub(crate) extensions: Option<Extensions>,
    /// The proposals that the body uses.
    pub(crate) proposals: WasmFeatures,
    /// What debuggers need to know of the frame, if the code can be debugged.
    pub(crate) frame: Option<FunctionFrame>,
    /// What the frame has for native debuggers.
    pub(crate) kept: Vec<KeptPlace>,
}

/// A reference from the code to something else in the text.
pub(crate) struct Reference {
    pub(crate) offset: u32,
    /// Where the distance is counted from: mostly the same place.
    pub(crate) from: u32,
    pub(crate) kind: binemit::Reloc,
    pub(crate) addend: binemit::Addend,
    pub(crate) target: Target,
}

/// What code refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A function of the module.
    Function(DefinedFuncIndex),
    /// The elements of a table.
    Table(TableIndex),
}

/// Where code begins that comes from one operator; `u32::MAX` for none.
pub(crate) struct CodeRange {
    pub(crate) start: u32,
    pub(crate) wasm_offset: u32,
    /// The function that stands in place of a call, by its number among those of the function.
    pub(crate) inlined: Option<u32>,
}

/// Compiles functions one after the other, and keeps its allocations from one to the next.
pub(crate) struct Worker<'a> {
    job: &'a Job<'a>,
    env: RuntimeEnvironment<'a>,
    translator: Translator,
    context: Context,
    reorder: Reorder,
    trap_places: TrapPlaces,
    allocator: regalloc2::Ctx,
    scanner: Scanner,
    pub(crate) timings: Timings,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(job: &'a Job<'a>) -> Self {
        let module = job.parsed.module();
        Self {
            job,
            env: RuntimeEnvironment::new(module, job.layout, job.isa, job.settings.tunables)
                .with_idioms(Some(&job.idioms))
                .with_direct_bulk(job.settings.optimizations.direct_bulk)
                .with_immutable_tables(Some(&job.immutable_tables))
                .with_function_hooks(&job.hooked)
                .with_operator_cost(
                    job.settings.operator_cost.clone(),
                    job.settings.fuel_for_each_operator,
                ),
            translator: Translator::new(),
            context: Context::new(),
            reorder: Reorder::default(),
            trap_places: TrapPlaces::default(),
            allocator: regalloc2::Ctx::default(),
            scanner: Scanner::new(job.isa),
            timings: Timings::default(),
        }
    }

    /// Compiles a function.
    pub(crate) fn compile(&mut self, func: DefinedFuncIndex) -> Result<FunctionCode, Error> {
        let module = self.job.parsed.module();
        let index = module.func_index(func);
        self.compile_steps(func, index)
            .map_err(|error| error.in_function(index, module.names.function(index)))
    }

    fn compile_steps(
        &mut self,
        func: DefinedFuncIndex,
        index: FuncIndex,
    ) -> Result<FunctionCode, Error> {
        let mut clock = Lap::start();
        self.with_plan_or_without(func, |worker, plan| {
            worker.compile_with(func, index, plan, &mut clock)
        })
    }

    /// Does work on a function with other functions in place of calls of them, and without where
    /// that fails: they are no reason to refuse a function, and if there is another, the error of
    /// the function alone shows it.
    ///
    /// A fault of the translator is an error at once, since a second try would hide it, and so is
    /// the end of the time for the whole module.
    fn with_plan_or_without<R>(
        &mut self,
        func: DefinedFuncIndex,
        mut work: impl FnMut(&mut Self, Option<&Plan>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let inlining = self.job.inlining.as_ref();
        let inlining = inlining.filter(|_| self.job.idioms.get(func).is_none());
        let plan = inlining.and_then(|inlining| inlining.plan(func, self.job.profiled.as_ref()));
        if let Some(plan) = &plan {
            let result = work(self, Some(plan));
            let is_final = |error: &Error| {
                error.kind() == ErrorKind::Codegen || error.limit() == Some(CompileLimit::Time)
            };
            if result.as_ref().err().is_none_or(is_final) {
                return result;
            }
        }
        work(self, None)
    }

    fn compile_with(
        &mut self,
        func: DefinedFuncIndex,
        index: FuncIndex,
        plan: Option<&Plan>,
        clock: &mut Lap,
    ) -> Result<FunctionCode, Error> {
        self.translate_with(func, plan)?;
        self.prepare(index, clock)?;
        let budget = self.job.budget();
        budget.effort(&self.context.func)?;
        let mut code = self.generate()?;
        if let Some(leads) = self.env.fuel_leads() {
            code.fuel = fuel_at_traps(&code, leads);
        }
        let places = self.translator.places();
        for range in &mut code.locations {
            (range.wasm_offset, range.inlined) = places.resolve(range.wasm_offset);
        }
        code.inlined = places.functions().to_vec();
        let Job { parsed, wasm, .. } = *self.job;
        let body = parsed.body(wasm, func).get_binary_reader().original_position();
        code.body = u32::try_from(body).unwrap_or(u32::MAX);
        code.proposals = self.translator.proposals();
        if let (Some(mut frame), Some(places)) = (self.translator.take_frame(), code.frame.take()) {
            (frame.numbers_below, frame.references_below) =
                (places.numbers_below, places.references_below);
            frame.references = places.references;
            frame.body = parsed.module().bodies[func.index()].range.start as u32;
            code.frame = Some(frame);
        }
        self.timings.codegen += clock.lap();
        budget.look_at_clock(clock.last())?;
        Ok(code)
    }

    /// Runs what is between the translation and the back end.
    fn prepare(&mut self, index: FuncIndex, clock: &mut Lap) -> Result<(), Error> {
        self.run_passes(PassPoint::BeforeOptimization, index)?;
        self.timings.translation += clock.lap();
        let budget = self.job.budget();
        budget.look_at_clock(clock.last())?;
        self.optimize(index)?;
        self.timings.optimization += clock.lap();
        budget.look_at_clock(clock.last())
    }

    /// Compiles what calls an imported function in place of a function of the module. It is no part
    /// of the module's code: passes and observers do not see it.
    pub(crate) fn import_thunk(&mut self, func: FuncIndex) -> Result<FunctionCode, Error> {
        let Job { parsed, isa, .. } = *self.job;
        let mut steps = || {
            let context = &mut self.context;
            context.clear();
            self.env.import_thunk(func, &mut context.func, self.translator.builder());
            context
                .optimize(isa, &mut ControlPlane::default())
                .map_err(|error| codegen_error(error, &context.func))?;
            self.generate()
        };
        steps().map_err(|error| error.in_function(func, parsed.module().names.function(func)))
    }

    /// Makes the CLIF of a function, before any pass.
    pub(crate) fn translate(&mut self, func: DefinedFuncIndex) -> Result<&ir::Function, Error> {
        self.with_plan_or_without(func, |worker, plan| worker.translate_with(func, plan))?;
        Ok(&self.context.func)
    }

    fn translate_with(&mut self, func: DefinedFuncIndex, plan: Option<&Plan>) -> Result<(), Error> {
        let Job { parsed, wasm, settings, .. } = *self.job;
        self.context.clear();
        self.context.func.name = UserFuncName::user(0, func.as_u32());
        let env = &mut self.env;
        let counting = self.job.counters.as_ref().map(|counters| counters.of(parsed, func));
        let known = Known {
            idiom: self.job.idioms.get(func),
            plan,
            small_bulk: settings.optimizations.small_bulk,
            cold_traps: settings.optimizations.cold_traps,
            save_when_full: self.job.makes_objects
                && settings.optimizations.save_when_full
                && !settings.tunables.guest_debug,
            own_globals: self.job.own_globals.as_ref(),
            counting: counting.as_ref(),
            profiled: self.job.profiled.as_ref(),
            named_locals: settings.named_locals.get(&func).map(Vec::as_slice),
            budget: self.job.budget(),
        };
        self.translator.translate_as(parsed, wasm, func, known, env, &mut self.context.func)?;
        if settings.verifier {
            self.context.verify(self.job.isa).map_err(|errors| {
                let errors = cranelift_codegen::print_errors::pretty_verifier_error(
                    &self.context.func,
                    None,
                    errors,
                );
                Error::new(ErrorKind::Codegen, format!("the translation is not valid: {errors}"))
            })?;
        }
        if let Some(observer) = &settings.observer {
            observer(parsed.module().func_index(func), &self.context.func);
        }
        Ok(())
    }

    pub(crate) fn run_passes(&mut self, place: PassPoint, func: FuncIndex) -> Result<bool, Error> {
        let Job { parsed, settings, isa, .. } = *self.job;
        let mut any = false;
        for (_, pass) in settings.passes.iter().filter(|(wanted, _)| *wanted == place) {
            let context = PassContext { module: parsed.module(), func, isa };
            pass.run(&mut self.context.func, context)?;
            any = true;
        }
        Ok(any)
    }

    /// Optimises the CLIF, brings it into order, and runs the passes that come after.
    pub(crate) fn optimize(&mut self, func: FuncIndex) -> Result<&ir::Function, Error> {
        let context = &mut self.context;
        let Settings { optimizations, tunables, .. } = self.job.settings;
        let optimized = tunables.opt_level != OptLevel::None;
        if optimizations.reorder && optimized {
            self.reorder.note_blocks(&context.func);
        }
        if optimized {
            trap_places::locate_branches(&mut context.func);
        }
        context
            .optimize(self.job.isa, &mut ControlPlane::default())
            .map_err(|error| codegen_error(error, &context.func))?;
        near_addresses::run(&mut self.context.func);
        if optimizations.wide_indices && optimized {
            wide_indices::run(&mut self.context, self.job.isa);
        }
        if optimizations.reorder && optimized {
            self.reorder.run(&mut self.context.func);
        }
        if optimizations.reorder && optimized {
            self.context
                .verify_if(self.job.isa)
                .map_err(|error| codegen_error(error, &self.context.func))?;
        }
        if self.run_passes(PassPoint::AfterOptimization, func)? {
            self.context.compute_cfg();
            self.context.compute_domtree();
            self.context
                .verify_if(self.job.isa)
                .map_err(|error| codegen_error(error, &self.context.func))?;
        }
        self.trap_places.locate_loads(&mut self.context.func);
        Ok(&self.context.func)
    }

    fn generate(&mut self) -> Result<FunctionCode, Error> {
        let Context { func, domtree, .. } = &self.context;
        let mut control = ControlPlane::default();
        let code = self
            .job
            .isa
            .compile_function(func, domtree, &mut self.allocator, false, &mut control)
            .map_err(|error| codegen_error(error, func))?
            .apply_params(&func.params);
        let mut collected = collect(&code, func, self.env.frame_slot())?;
        if self.job.settings.tunables.guest_debug {
            collected.frame = Some(debug_places(&code, func, self.env.debug_slots()));
        }
        collected.kept = kept_places(&code, self.env.named_places());
        collected.extensions = self.scanner.scan(&code);
        Ok(collected)
    }

    /// The machine code of the function that was optimised last, as text.
    pub(crate) fn assembly(&mut self) -> Result<String, Error> {
        let Context { func, domtree, .. } = &self.context;
        let mut control = ControlPlane::default();
        self.job
            .isa
            .compile_function(func, domtree, &mut self.allocator, true, &mut control)
            .map_err(|error| codegen_error(error, func))?
            .vcode
            .ok_or_else(|| Error::new(ErrorKind::Codegen, "the code generator shows no code"))
    }
}

/// Takes what is needed out of the compiled code.
fn collect(
    code: &CompiledCode,
    func: &ir::Function,
    frame_slot: Option<StackSlot>,
) -> Result<FunctionCode, Error> {
    let buffer = &code.buffer;
    let mut references: Vec<Reference> = Vec::with_capacity(buffer.relocs().len());
    for reloc in buffer.relocs() {
        let (from, addend, target) = match &reloc.target {
            FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                let name = &func.params.user_named_funcs()[*name];
                let target = match name.namespace {
                    TABLE_NAMES => Target::Table(TableIndex::new(name.index)),
                    _ => Target::Function(DefinedFuncIndex::new(name.index)),
                };
                (reloc.offset, reloc.addend, target)
            }
            other => {
                // The second part of an address, which says where the first one stands.
                let first = match other {
                    FinalizedRelocTarget::Func(first) => {
                        references.iter().rfind(|reference| reference.offset == *first)
                    }
                    FinalizedRelocTarget::ExternalName(_) => None,
                };
                let Some(first) = first else {
                    let target = other.display(Some(&func.params));
                    let message = format!("the code refers to `{target}`, which no module has");
                    return Err(Error::new(ErrorKind::Codegen, message));
                };
                (first.offset, first.addend, first.target)
            }
        };
        references.push(Reference { offset: reloc.offset, from, kind: reloc.kind, addend, target });
    }
    let traps = buffer.traps().iter().map(|trap| match wasm_trap_code(trap.code) {
        Some(code) => Ok((trap.offset, code)),
        None => {
            let message = format!("the code traps with the unknown code {}", trap.code);
            Err(Error::new(ErrorKind::Codegen, message))
        }
    });
    let locations = buffer.get_srclocs_sorted().iter().map(|location| CodeRange {
        start: location.start,
        wasm_offset: location.loc.bits(),
        inlined: None,
    });
    let frame = buffer.frame_layout();
    let slot = frame_slot
        .zip(frame)
        .map(|(slot, frame)| frame.frame_to_fp_offset - frame.stackslots[slot].offset);
    // Offsets are from the stack pointer up, and the frame pointer is so far above that.
    let stack_maps = buffer.user_stack_maps().iter().map(|(offset, frame, map)| {
        (*offset, map.entries().map(|(_, above)| frame - above).collect())
    });
    Ok(FunctionCode {
        bytes: buffer.data().to_vec(),
        alignment: buffer.alignment,
        references,
        traps: traps.collect::<Result<_, Error>>()?,
        fuel: Vec::new(),
        locations: locations.collect(),
        inlined: Vec::new(),
        body: u32::MAX,
        // The frame pointer points to the caller's; above that is the return address.
        frame_size: frame.map_or(0, |frame| frame.frame_to_fp_offset + 16),
        frame_slot: slot,
        stack_maps: stack_maps.collect(),
        catch_sites: catch_sites(code, slot)?,
        extensions: None,
        proposals: WasmFeatures::empty(),
        frame: None,
        kept: Vec::new(),
    })
}

/// Where a function keeps what native debuggers find variables by.
fn kept_places(code: &CompiledCode, named: &NamedPlaces) -> Vec<KeptPlace> {
    let (Some(slot), Some(frame)) = (named.slot, code.buffer.frame_layout()) else {
        return Vec::new();
    };
    let below = frame.frame_to_fp_offset - frame.stackslots[slot].offset;
    let places = (0..).zip(&named.places);
    let places = places.map(|(number, (local, size)): (u32, _)| KeptPlace {
        local: *local,
        size: *size,
        below: below - number * PLACE_SIZE,
    });
    places.collect()
}

/// Where a function keeps locals and operands, and nothing else about them.
fn debug_places(code: &CompiledCode, func: &ir::Function, slots: DebugSlots) -> FunctionFrame {
    let below = |slot: Option<StackSlot>| match (slot, code.buffer.frame_layout()) {
        (Some(slot), Some(frame)) => frame.frame_to_fp_offset - frame.stackslots[slot].offset,
        _ => 0,
    };
    let references = slots.references.map_or(0, |slot| func.sized_stack_slots[slot].size);
    FunctionFrame {
        numbers_below: below(slots.numbers),
        references_below: below(slots.references),
        references: references / FRAME_PLACE_SIZE,
        ..FunctionFrame::default()
    }
}

/// The calls from which exceptions are caught, in the order of the code.
fn catch_sites(code: &CompiledCode, frame_slot: Option<u32>) -> Result<Vec<CatchSite>, Error> {
    let broken =
        |what| Error::new(ErrorKind::Codegen, format!("a call with handlers has no {what}"));
    let mut sites = Vec::new();
    for site in code.buffer.call_sites().filter(|site| !site.exception_handlers.is_empty()) {
        let handlers = site.exception_handlers.iter().map(|handler| match *handler {
            FinalizedMachExceptionHandler::Tag(tag, target) => {
                Ok(CatchHandler { tag: Some(TagIndex::new(tag.as_u32())), target })
            }
            FinalizedMachExceptionHandler::Default(target) => {
                Ok(CatchHandler { tag: None, target })
            }
            FinalizedMachExceptionHandler::Context(_) => Err(broken("tags that are known")),
        });
        sites.push(CatchSite {
            return_offset: site.ret_addr,
            stack_below_frame: site.frame_offset.ok_or_else(|| broken("place in its frame"))?,
            context_below_frame: frame_slot.ok_or_else(|| broken("context in its frame"))?,
            handlers: handlers.collect::<Result<_, _>>()?,
        });
    }
    sites.sort_by_key(|site| site.return_offset);
    Ok(sites)
}

/// How much fuel was taken ahead of its use at instructions that trap, found by the operators that
/// they come from.
fn fuel_at_traps(code: &FunctionCode, leads: &TrapLeads) -> Vec<(u32, i32)> {
    let lead_at = |offset: u32| {
        let after = code.locations.partition_point(|range| range.start <= offset);
        leads.get(&code.locations[..after].last()?.wasm_offset).copied()
    };
    let mut fuel: Vec<(u32, i32)> =
        code.traps.iter().filter_map(|(offset, _)| Some((*offset, lead_at(*offset)?))).collect();
    // An instruction may trap for more than one reason.
    fuel.dedup_by_key(|(offset, _)| *offset);
    fuel
}

fn codegen_error(error: CodegenError, func: &ir::Function) -> Error {
    match error {
        CodegenError::ImplLimitExceeded => {
            Error::new(ErrorKind::Limit, "the function exceeds a limit of the code generator")
        }
        CodegenError::CodeTooLarge => {
            Error::new(ErrorKind::Limit, "the function is too large for machine code")
        }
        CodegenError::Unsupported(what) => Error::new(
            ErrorKind::Unsupported,
            format!("the code generator refuses the function on this target: {what}"),
        ),
        error => Error::new(
            ErrorKind::Codegen,
            cranelift_codegen::print_errors::pretty_error(func, error),
        ),
    }
}
