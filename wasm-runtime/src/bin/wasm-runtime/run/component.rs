//! `wasm-runtime run` of a component.

use std::process::ExitCode;

use wasm_runtime::component::types::ComponentItem;
use wasm_runtime::component::{Component, Func, Instance, InstancePre, Linker, Val, WaveCall};
use wasm_runtime::error::Context;
use wasm_runtime::{Escaped, Result, Store, bail};

use super::Run;
use super::gathered::Gathered;
use super::host::Host;
use super::observe::Observed;
use super::wasi_options::Choice;
use crate::input::{Input, Loader};
use crate::{address_space, exit, output, proposals};

/// The interface that a command exports.
const RUN: &str = "wasi:cli/run@0.2.0";

/// Runs a command, or calls the function given with --invoke.
pub(super) fn execute(run: Run, input: &Input) -> Result<ExitCode> {
    run.refuse_options_for_modules()?;
    let loader = Loader::new(run.config()?, run.cached, input.wasm().is_some())?;
    let engine = loader.engine();
    let choice = run.wasi_options.choice()?;
    let host = Host::new(run.wasi()?, run.bounds.limits());
    let mut store = Store::new(engine, host);
    run.bounds.set(&mut store)?;
    let mut linker = Linker::<Host>::new(engine);
    #[cfg(feature = "wasip2")]
    choice.preview2.define(&mut linker)?;
    // Files that can't be written are reported before anything is compiled.
    let reports = run.observe.open_reports()?;
    let loaded = loader.load_component(&run.file, input);
    #[cfg(feature = "jit")]
    let loaded = run.compile_limits.explain(loaded);
    let component = loaded.map_err(|error| run.explain_artifact(error, input))?;
    let observed = run.observed(&component);
    let observers = run.observe.attach(&mut store, &run.file.name(), &observed, reports)?;
    let gathered = Gathered::new(observers);
    run.imports.define_unknown_of_component(&mut linker, &component)?;
    let result = run.link(&choice, &linker, &component);
    #[cfg(feature = "wasip2")]
    choice.preview2.furnish(&mut store);
    let result = result.and_then(|linked| run.start_component(&mut store, &component, &linked));
    let result = run.bounds.explain(result);
    run.conclude(&mut store, &gathered, result)
}

impl Run {
    /// Options whose work is done module by module, and that have no meaning for a component.
    fn refuse_options_for_modules(&self) -> Result<()> {
        if let Some(preload) = self.imports.preloads().first() {
            bail!(
                "--preload {}: a component imports from the host only; compose components \
                 beforehand, for example with `wac`",
                Escaped::new(&preload.name)
            );
        }
        if self.wasi_options.threads()? {
            bail!("-S threads is for modules: components have no threads");
        }
        Ok(())
    }

    /// The core modules of a component, for observers.
    fn observed(&self, component: &Component) -> Vec<Observed<'_>> {
        let (name, source) = (self.file.name(), self.file.plain());
        let modules = component.modules().iter().enumerate();
        modules
            .map(|(number, module)| Observed {
                name: match module.name() {
                    Some(module) => format!("{name}#{module}"),
                    None => format!("{name}#{number}"),
                },
                // Debugging information of each module is not looked for.
                source: (format!("{source}#{number}"), None),
                module: module.clone(),
            })
            .collect()
    }

    /// Looks up what the component imports.
    fn link(
        &self,
        choice: &Choice,
        linker: &Linker<Host>,
        component: &Component,
    ) -> Result<InstancePre<Host>> {
        linker.instantiate_pre(component).with_context(|| {
            let ty = component.component_type();
            let hint = ty.imports(linker.engine()).find_map(|(name, _)| choice.hint(name));
            let without = "`--unknown-imports trap` runs it without, until it calls one of them";
            let hint = hint.or_else(|| (!self.imports.are_replaced()).then_some(without));
            let hint = hint.map(|hint| format!(". {hint}")).unwrap_or_default();
            format!("can't run {}: nobody defines what it imports{hint}", self.file)
        })
    }

    /// Instantiates the component, and runs it.
    fn start_component(
        &self,
        store: &mut Store<Host>,
        component: &Component,
        linked: &InstancePre<Host>,
    ) -> Result<ExitCode> {
        let instance = linked
            .instantiate(&mut *store)
            .map_err(|error| self.bounds.explain_instantiation(error, &store.data().limits))
            .map_err(address_space::explain)
            .map_err(proposals::explain)
            .with_context(|| format!("can't instantiate {}", self.file))?;
        match &self.invoke {
            Some(call) => {
                invoke(store, component, instance, call, &self.args).map(|()| ExitCode::SUCCESS)
            }
            None => command(store, component, instance, &self.file.to_string()),
        }
    }
}

/// Runs `run` of the interface for commands.
fn command(
    store: &mut Store<Host>,
    component: &Component,
    instance: Instance,
    file: &str,
) -> Result<ExitCode> {
    let run = component
        .get_export_index(None, RUN)
        .and_then(|interface| component.get_export_index(Some(&interface), "run"))
        .and_then(|run| instance.get_func(&mut *store, run));
    let Some(run) = run else {
        let calls = functions(component).into_iter().map(|(name, _)| name);
        let calls: Vec<_> = calls.collect();
        let hint = if calls.is_empty() {
            String::new()
        } else {
            format!(". --invoke calls one of its functions: {}", calls.join(", "))
        };
        exit::message(format_args!(
            "note: {file} is not a command: it exports no `wasi:cli/run`{hint}"
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let mut results = [Val::Bool(false)];
    run.call(&mut *store, &[], &mut results)
        .with_context(|| format!("{file} did not run to its end"))?;
    Ok(match &results[0] {
        Val::Result(Err(_)) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// Calls a function, and prints what it returns.
fn invoke(
    store: &mut Store<Host>,
    component: &Component,
    instance: Instance,
    call: &str,
    arguments: &[String],
) -> Result<()> {
    // As for modules, the arguments may follow the file.
    let joined;
    let call = if call.contains('(') {
        if let Some(argument) = arguments.first() {
            bail!(
                "--invoke has the arguments of the call in its parentheses, and `{}` follows the \
                 component",
                Escaped::new(argument)
            );
        }
        call
    } else {
        joined = format!("{call}({})", arguments.join(", "));
        &joined
    };
    let call = WaveCall::parse(call)
        .with_context(|| format!("--invoke: `{}` is not a call", Escaped::new(call)))?;
    let func = find(store, component, instance, call.name())?;
    let types: Vec<_> = func.params(&*store).iter().map(|(_, ty)| ty.clone()).collect();
    let name = Escaped::new(call.name());
    let params =
        call.arguments(&types).with_context(|| format!("the arguments of `{name}` don't fit"))?;
    let mut results = vec![Val::Bool(false); func.results(&*store).len()];
    func.call(&mut *store, &params, &mut results)
        .with_context(|| format!("`{name}` did not run to its end"))?;
    for result in &results {
        output::line(format_args!("{}", result.to_wave()?))?;
    }
    Ok(())
}

/// The function of that name, which the component or one of the instances in it exports.
fn find(
    store: &mut Store<Host>,
    component: &Component,
    instance: Instance,
    name: &str,
) -> Result<Func> {
    let all = functions(component);
    let mut found = all.iter().filter(|(_, path)| path.last().is_some_and(|last| last == name));
    let names = || all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let Some((_, path)) = found.next() else {
        bail!("the component exports no function `{}`; it exports: {}", Escaped::new(name), names())
    };
    if let Some((other, _)) = found.next()
        && path.len() > 1
    {
        bail!(
            "more than one interface has a function `{}`, `{other}` among them; the component \
             exports: {}",
            Escaped::new(name),
            names()
        );
    }
    let mut index = None;
    for part in path {
        index = component.get_export_index(index.as_ref(), part);
    }
    let func = index.and_then(|index| instance.get_func(&mut *store, index));
    func.with_context(|| format!("`{}` can't be looked up", Escaped::new(name)))
}

/// The functions that a component exports, and those of the instances that it exports: their names
/// for people, and the names that lead to them. Those that are not in an instance come first.
fn functions(component: &Component) -> Vec<(String, Vec<String>)> {
    let ty = component.component_type();
    let engine = component.engine();
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (name, item) in ty.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => {
                own.push((Escaped::new(name).to_string(), vec![name.to_owned()]));
            }
            ComponentItem::ComponentInstance(instance) => {
                for (func, item) in instance.exports(engine) {
                    if let ComponentItem::ComponentFunc(_) = item.ty {
                        let shown = format!("{}#{}", Escaped::new(name), Escaped::new(func));
                        others.push((shown, vec![name.to_owned(), func.to_owned()]));
                    }
                }
            }
            _ => {}
        }
    }
    own.extend(others);
    own
}
