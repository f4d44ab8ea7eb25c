//! Core modules and the steps of the instantiation.

use core::fmt;

use wasm_types::Escaped;

use crate::error::Error;
use crate::index::{ImportIndex, OptionsIndex, ResourceIndex};
use crate::initializer::Initializer;
use crate::read::{Args, Item, Items, Plan};
use crate::trampoline::Trampoline;

/// All of them, and what they name.
pub(super) fn steps(f: &mut fmt::Formatter<'_>, plan: Plan<'_>) -> fmt::Result {
    for (number, module) in plan.modules().iter().enumerate() {
        match module {
            Ok(module) => {
                write!(f, "{} {number}", if module.adapter { "adapter" } else { "module" })?;
                if !module.name.is_empty() {
                    write!(f, " ${}", Escaped::new(module.name))?;
                }
                writeln!(f)?;
            }
            Err(error) => writeln!(f, "module {number}: {error}")?,
        }
    }
    for number in 0..plan.trampoline_count() {
        write!(f, "trampoline {number}: ")?;
        let index = crate::TrampolineIndex::new(u32::try_from(number).unwrap_or(u32::MAX));
        match plan.trampoline(index) {
            Ok(of) => trampoline(f, plan, of)?,
            Err(error) => write!(f, "{error}")?,
        }
        match plan.trampoline_signature(index) {
            Ok(signature) => writeln!(f, ": {signature}")?,
            Err(error) => writeln!(f, ": {error}")?,
        }
    }
    for (number, step) in plan.initializers().iter().enumerate() {
        write!(f, "step {number}: ")?;
        match step {
            Ok(step) => one(f, plan, step)?,
            Err(error) => writeln!(f, "{error}")?,
        }
    }
    if let Ok(exports) = plan.exports() {
        lifted(f, plan, exports)?;
    }
    Ok(())
}

fn one(f: &mut fmt::Formatter<'_>, plan: Plan<'_>, step: Initializer<'_>) -> fmt::Result {
    match step {
        Initializer::InstantiateModule { instance, module, args } => {
            writeln!(f, "core instance {instance} = module {module}")?;
            arguments(f, args)
        }
        Initializer::InstantiateImportedModule { instance, import, args } => {
            write!(f, "core instance {instance} = ")?;
            named(f, plan, import)?;
            writeln!(f)?;
            arguments(f, args)
        }
        Initializer::LowerImport { lowering } => writeln!(f, "lowering {lowering}"),
        Initializer::ExtractMemory { slot, def } => writeln!(f, "memory {slot} = {def}"),
        Initializer::ExtractRealloc { slot, def } => writeln!(f, "realloc {slot} = {def}"),
        Initializer::ExtractPostReturn { slot, def } => {
            writeln!(f, "post-return {slot} = {def}")
        }
        Initializer::DefineResource { resource: of, instance, dtor, .. } => {
            resource(f, plan, of)?;
            write!(f, " of component instance {instance}")?;
            if let Some(dtor) = dtor {
                write!(f, ", destroyed by {dtor}")?;
            }
            writeln!(f)
        }
    }
}

fn arguments(f: &mut fmt::Formatter<'_>, args: Args<'_>) -> fmt::Result {
    for arg in args.iter() {
        match arg {
            Ok(arg) => {
                let (module, name) = (Escaped::new(arg.module), Escaped::new(arg.name));
                writeln!(f, "  \"{module}\" \"{name}\" = {}", arg.def)?;
            }
            Err(error) => writeln!(f, "  {error}")?,
        }
    }
    Ok(())
}

fn trampoline(f: &mut fmt::Formatter<'_>, plan: Plan<'_>, of: Trampoline) -> fmt::Result {
    let handle = |f: &mut fmt::Formatter<'_>, word: &str, of: ResourceIndex| {
        write!(f, "{word} of ")?;
        resource(f, plan, of)
    };
    match of {
        Trampoline::LowerImport { lowering } => match plan.lowering(lowering) {
            Ok(of) => {
                write!(f, "lowering {lowering} of ")?;
                named(f, plan, of.import)?;
                options(f, plan, of.options)
            }
            Err(error) => write!(f, "{error}"),
        },
        Trampoline::ResourceNew { resource, instance } => {
            handle(f, "resource.new", resource)?;
            write!(f, " in component instance {instance}")
        }
        Trampoline::ResourceRep { resource, instance } => {
            handle(f, "resource.rep", resource)?;
            write!(f, " in component instance {instance}")
        }
        Trampoline::ResourceDrop { resource, instance } => {
            handle(f, "resource.drop", resource)?;
            write!(f, " in component instance {instance}")
        }
        Trampoline::ResourceTransferOwn { resource, from, to } => {
            handle(f, "transfer of own handles", resource)?;
            write!(f, " from component instance {from} to {to}")
        }
        Trampoline::ResourceTransferBorrow { resource, from, to } => {
            handle(f, "transfer of borrowed handles", resource)?;
            write!(f, " from component instance {from} to {to}")
        }
        Trampoline::ResourceEnterCall => f.write_str("enter call"),
        Trampoline::ResourceExitCall => f.write_str("exit call"),
        Trampoline::Trap { code } => write!(f, "trap: {code}"),
        Trampoline::ContextGet { slot, instance } => {
            write!(f, "context.get {slot} of component instance {instance}")
        }
        Trampoline::ContextSet { slot, instance } => {
            write!(f, "context.set {slot} of component instance {instance}")
        }
        Trampoline::BackpressureInc { instance } => {
            write!(f, "backpressure.inc of component instance {instance}")
        }
        Trampoline::BackpressureDec { instance } => {
            write!(f, "backpressure.dec of component instance {instance}")
        }
        Trampoline::Unavailable { builtin, instance, .. } => {
            write!(f, "{builtin} of component instance {instance}, not supported")
        }
        Trampoline::Intrinsic(of) => write!(f, "{} of the host's memory", of.name()),
    }
}

fn resource(f: &mut fmt::Formatter<'_>, plan: Plan<'_>, of: ResourceIndex) -> fmt::Result {
    write!(f, "resource {of}")?;
    match plan.resource(of) {
        Ok(of) if of.name.is_empty() => Ok(()),
        Ok(of) => write!(f, " ({})", Escaped::new(of.name)),
        Err(error) => write!(f, " ({error})"),
    }
}

fn named(f: &mut fmt::Formatter<'_>, plan: Plan<'_>, import: ImportIndex) -> fmt::Result {
    match plan.import(import).and_then(|import| import.name()) {
        Ok(name) => write!(f, "import {import} ({})", Escaped::new(&name)),
        Err(error) => write!(f, "import {import} ({error})"),
    }
}

fn options(f: &mut fmt::Formatter<'_>, plan: Plan<'_>, index: OptionsIndex) -> fmt::Result {
    let options = match plan.options(index) {
        Ok(options) => options,
        Err(error) => return write!(f, " ({error})"),
    };
    write!(f, " (component instance {}, {}", options.instance, options.encoding)?;
    if let Some(memory) = options.memory {
        write!(f, ", memory {memory}")?;
    }
    if let Some(realloc) = options.realloc {
        write!(f, ", realloc {realloc}")?;
    }
    if let Some(post_return) = options.post_return {
        write!(f, ", post-return {post_return}")?;
    }
    f.write_str(")")
}

/// What is behind the functions that are exported.
fn lifted(f: &mut fmt::Formatter<'_>, plan: Plan<'_>, items: Items<'_>) -> fmt::Result {
    for item in items.iter().filter_map(Result::<_, Error>::ok) {
        match item.item {
            Item::LiftedFunc { def, options: how, .. } => {
                write!(f, "lifted {} = {def}", Escaped::new(item.name))?;
                options(f, plan, how)?;
                writeln!(f)?;
            }
            Item::Instance(items) => lifted(f, plan, items)?,
            _ => {}
        }
    }
    Ok(())
}
