//! What an engine does with components: it compiles them, or says what else it was given.

use std::sync::Arc;

use wasm_artifact::{FileKind, identify};

use super::{Compiler, Engine};
use crate::error::Result;

impl Engine {
    /// Compiles a component to the bytes of an artifact, for
    /// [`Bundle::deserialize`](crate::Bundle::deserialize) on this machine or another.
    ///
    /// # Errors
    ///
    /// If the engine has no compiler, the compiler takes no components, or the component is not
    /// valid.
    pub fn precompile_component(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let compiler = self.component_compiler_for(bytes)?;
        compiler.compile_component(bytes, &self.config().request)
    }

    /// The compiler, if the bytes are a component. Otherwise the error says what they look like and
    /// what to do with them.
    pub(crate) fn component_compiler_for(&self, bytes: &[u8]) -> Result<&Arc<dyn Compiler>> {
        let identity = identify(bytes);
        match identity.kind {
            FileKind::WasmComponent => {}
            FileKind::ComponentArtifact => crate::bail!(
                "expected a WebAssembly component, found one that is compiled already: load it \
                 with `component::Component::deserialize` or `deserialize_file`"
            ),
            FileKind::Artifact => crate::bail!(
                "expected a WebAssembly component, found a module that is compiled already: load it \
                 with `Module::deserialize` or `Module::deserialize_file`"
            ),
            FileKind::WasmModule | FileKind::Text => {
                crate::bail!("expected a WebAssembly component, found {identity}{COMPILE_MODULE}")
            }
            _ => crate::bail!("expected a WebAssembly component, found {identity}"),
        }
        let Some(compiler) = &self.inner.compiler else {
            crate::bail!(
                "this engine has no compiler, so it only loads artifacts: build the program with \
                 the feature `jit` of `wasm-runtime`, hand one to `Config::compiler`, or compile \
                 the component beforehand and load it with \
                 `component::Component::deserialize_file`"
            );
        };
        if !bytes.starts_with(b"\0asm") && !compiler.accepts_text() {
            crate::bail!(
                "expected a WebAssembly component in binary form, found {identity}: the compiler \
                 of this engine does not read the text format"
            );
        }
        Ok(compiler)
    }
}

/// What to do with a module where a component is expected.
pub(crate) const COMPILE_MODULE: &str = ": use `Module::new`, or `Module::from_file`, or make a component of it (`wasm-tools component \
     new`)";
