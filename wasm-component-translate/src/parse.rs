//! Reads a component: each section is validated, then becomes steps.
//!
//! What is left afterwards are core modules as ranges of bytes, and for each component in the
//! component the steps of its instantiation ([`steps`]). Bodies of functions are not validated
//! here: whoever compiles the modules does that.

mod sections;
pub(crate) mod steps;

use std::collections::HashMap;
use std::ops::Range;

use wasm_component::CoreKind;
use wasm_types::WasmFeatures;
use wasmparser::types::{EntityType, Types};
use wasmparser::{
    Encoding, ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef, ValidPayload, Validator,
};

use crate::error::{Error, ErrorKind};
use crate::parse::steps::{Capture, Step};

/// A component that was read.
pub(crate) struct Parsed<'a> {
    /// The core modules in it, in the order in which they stand in the binary.
    pub(crate) modules: Vec<CoreModule<'a>>,
    /// The components in it; the first is the component itself.
    pub(crate) components: Vec<StaticComponent<'a>>,
    /// What the ids in the steps stand for.
    pub(crate) types: Types,
}

/// A core module in the component.
pub(crate) struct CoreModule<'a> {
    pub(crate) wasm: &'a [u8],
    /// Its name, if its name section has one.
    pub(crate) name: &'a str,
    pub(crate) imports: Vec<CoreImport<'a>>,
    /// Whether it has tags of exceptions.
    pub(crate) has_tags: bool,
}

/// An import of a core module.
pub(crate) struct CoreImport<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: CoreKind,
}

/// A component, as far as it is known without its arguments.
#[derive(Default)]
pub(crate) struct StaticComponent<'a> {
    pub(crate) steps: Vec<Step<'a>>,
    /// What it takes from the components around it, see [`Step::CapturedModule`].
    pub(crate) module_captures: Vec<Capture>,
    /// See [`Step::CapturedComponent`].
    pub(crate) component_captures: Vec<Capture>,
    /// Where each of them stands.
    module_places: HashMap<Capture, u32>,
    component_places: HashMap<Capture, u32>,
}

/// What is being read: the last is the innermost.
enum Open {
    Module(usize),
    Component(usize),
}

struct Reader<'a> {
    wasm: &'a [u8],
    validator: Validator,
    modules: Vec<CoreModule<'a>>,
    components: Vec<StaticComponent<'a>>,
    open: Vec<Open>,
    /// Where the next core module lies.
    next_module: Range<usize>,
}

/// Reads a component.
pub(crate) fn parse(wasm: &[u8], features: WasmFeatures) -> Result<Parsed<'_>, Error> {
    check_header(wasm)?;
    let features = allowed(features)?;
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut reader = Reader {
        wasm,
        validator: Validator::new_with_features(features),
        modules: Vec::new(),
        components: Vec::new(),
        open: Vec::new(),
        next_module: 0..0,
    };
    for payload in parser.parse_all(wasm) {
        if let Some(types) = reader.payload(payload?)? {
            let Reader { modules, components, .. } = reader;
            return Ok(Parsed { modules, components, types });
        }
    }
    Err(Error::new(ErrorKind::Invalid, "the component is not valid: it ends too early"))
}

/// The features for a validator of components. What comes with WASI 0.3 is validated where it is
/// allowed, and refused by name where it is used.
fn allowed(features: WasmFeatures) -> Result<wasmparser::WasmFeatures, Error> {
    if !features.contains(WasmFeatures::COMPONENT_MODEL) {
        return Err(Error::unsupported(
            "components are switched off: `Config::wasm_component_model(true)` allows them",
        ));
    }
    Ok(wasmparser::WasmFeatures::from(features) | wasmparser::WasmFeatures::COMPONENT_MODEL)
}

/// Says what it is if it is no component.
fn check_header(wasm: &[u8]) -> Result<(), Error> {
    let error = |message: &str| Err(Error::new(ErrorKind::NotAComponent, message));
    if !wasm.starts_with(b"\0asm") {
        return error("this is not a WebAssembly component, and no WebAssembly at all");
    }
    if wasm.get(4..8) == Some(&[1, 0, 0, 0]) {
        return error(
            "this is a core module, not a component: use `Module` for it, or make a component of \
             it (`wasm-tools component new`)",
        );
    }
    Ok(())
}

impl<'a> Reader<'a> {
    /// Reads a part of the binary. The types are given at the end of the outermost component.
    fn payload(&mut self, payload: Payload<'a>) -> Result<Option<Types>, Error> {
        if let Payload::Version { encoding, .. } = payload {
            self.validator.payload(&payload)?;
            self.begin(encoding);
            return Ok(None);
        }
        if let Some(Open::Component(component)) = self.open.last() {
            let component = *component;
            self.before_section(&payload)?;
            let counts = self.validator.types(0).map(sections::Counts::new).unwrap_or_default();
            return match self.validator.payload(&payload)? {
                ValidPayload::End(types) => {
                    self.open.pop();
                    Ok(self.open.is_empty().then_some(types))
                }
                _ => self.section(component, payload, counts).map(|()| None),
            };
        }
        self.validator.payload(&payload)?;
        match payload {
            Payload::End(_) => {
                self.open.pop();
            }
            payload => self.module_section(payload)?,
        }
        Ok(None)
    }

    /// A component or module begins.
    fn begin(&mut self, encoding: Encoding) {
        match encoding {
            Encoding::Component => {
                self.open.push(Open::Component(self.components.len()));
                self.components.push(StaticComponent::default());
            }
            Encoding::Module => {
                self.open.push(Open::Module(self.modules.len()));
                let wasm = self.wasm.get(self.next_module.clone()).unwrap_or_default();
                self.modules.push(CoreModule {
                    wasm,
                    name: "",
                    imports: Vec::new(),
                    has_tags: false,
                });
            }
        }
    }

    /// A section of a core module: only its imports and its name are needed.
    fn module_section(&mut self, payload: Payload<'a>) -> Result<(), Error> {
        let Some(Open::Module(module)) = self.open.last() else { return Ok(()) };
        let module = &mut self.modules[*module];
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let kind = match import.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => CoreKind::Func,
                        TypeRef::Table(_) => CoreKind::Table,
                        TypeRef::Memory(_) => CoreKind::Memory,
                        TypeRef::Global(_) => CoreKind::Global,
                        TypeRef::Tag(_) => CoreKind::Tag,
                    };
                    module.has_tags |= kind == CoreKind::Tag;
                    let (from, name) = (import.module, import.name);
                    module.imports.push(CoreImport { module: from, name, kind });
                }
            }
            Payload::TagSection(_) => module.has_tags = true,
            Payload::CustomSection(section) => {
                // Names are for people: what can't be read is left out.
                if let KnownCustom::Name(names) = section.as_known()
                    && let Some(Ok(Name::Module { name, .. })) = names.into_iter().next()
                {
                    module.name = name;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The kind of a core item.
pub(crate) fn core_kind(kind: ExternalKind) -> CoreKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => CoreKind::Func,
        ExternalKind::Table => CoreKind::Table,
        ExternalKind::Memory => CoreKind::Memory,
        ExternalKind::Global => CoreKind::Global,
        ExternalKind::Tag => CoreKind::Tag,
    }
}

/// The kind of a core item, by its type.
pub(crate) fn core_kind_of(ty: &EntityType) -> CoreKind {
    match ty {
        EntityType::Func(_) | EntityType::FuncExact(_) => CoreKind::Func,
        EntityType::Table(_) => CoreKind::Table,
        EntityType::Memory(_) => CoreKind::Memory,
        EntityType::Global(_) => CoreKind::Global,
        EntityType::Tag(_) => CoreKind::Tag,
    }
}
