//! Components: each becomes modules and a plan, and the modules are compiled as others are.

use std::borrow::Cow;

use wasm_artifact::{Artifact, WriteOptions};
use wasm_store::error::Context;
use wasm_store::{CompileRequest, Result, WasmFeatures};
use wasm_types::Module;

use super::{CraneliftCompiler, text, unwrap_invalid};

/// Compiles a component to the bytes of an artifact.
pub(super) fn compile(
    compiler: &CraneliftCompiler,
    wasm: &[u8],
    request: &CompileRequest,
) -> Result<Vec<u8>> {
    let wasm = text::to_binary(wasm)?;
    let translation = wasm_component_translate::translate(&wasm, request.features)?;
    let settings = compiler.settings(request)?;
    let mut options = WriteOptions::new();
    options.address_map = request.address_map;
    // Symbols of the whole artifact are written when the modules are put together.
    options.symbols = false;
    let compile = |module: &Cow<'_, [u8]>, number: usize| -> Result<Vec<u8>> {
        // What is borrowed is a module of the component. Other modules are adapters, which are made
        // by the translation and use what they need, whatever components may use.
        let features = match module {
            Cow::Borrowed(_) => request.features,
            Cow::Owned(_) => request.features | WasmFeatures::default(),
        };
        let what = || format!("in the core module {number} of the component");
        let parsed = Module::parse_with_bodies(module, features).with_context(what)?;
        let (mut compiled, _) = wasm_translate::compile_module_timed(&parsed, module, &settings)
            .map_err(unwrap_invalid)
            .with_context(what)?;
        // That is no proposal which whoever runs the component has to allow.
        compiled.proposals &= request.features;
        Ok(wasm_artifact::write(parsed.module(), module, &compiled, &options)?)
    };
    let mut modules = Vec::with_capacity(translation.modules.len());
    for (number, module) in translation.modules.iter().enumerate() {
        modules.push(compile(module, number)?);
    }
    // What the code is for, any module says; without one, an empty module does.
    let empty;
    let any = match modules.first() {
        Some(first) => first,
        None => {
            empty = compile(&Cow::Borrowed(EMPTY), 0)?;
            &empty
        }
    };
    let any = Artifact::parse(any)?;
    let (target, tunables) = (any.target(), any.tunables());
    options.symbols = true;
    let artifact =
        wasm_artifact::write_component(&translation.plan, &modules, target, &tunables, &options)?;
    Ok(artifact)
}

/// The smallest module.
const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// Validates a component, with the bodies of its functions.
pub(super) fn validate(wasm: &[u8], features: WasmFeatures) -> Result<()> {
    let wasm = text::to_binary(wasm)?;
    let translation = wasm_component_translate::translate(&wasm, features)?;
    for (number, module) in translation.modules.iter().enumerate() {
        if let Cow::Borrowed(module) = module {
            Module::validate(module, features)
                .with_context(|| format!("in the core module {number} of the component"))?;
        }
    }
    Ok(())
}
