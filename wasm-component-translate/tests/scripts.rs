//! The component model's own test scripts: what they call valid is translated, and what they call
//! invalid is refused.
//!
//! They are no part of this project. Where the folder `shared/component-tests` is not near it, and
//! `COMPONENT_TESTS` names no other, nothing is checked.

mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_component_translate::{Error, ErrorKind, translate};
use wasm_types::WasmFeatures;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective, Wat};

/// Folders of scripts without the functions of WASI 0.3.
const FOLDERS: [&str; 5] = ["values", "resources", "linking", "validation", "binary"];

/// What is valid and not supported: the file and a part of the message.
const UNSUPPORTED: &[(&str, &str)] = &[
    // One of its functions is lifted as `async`.
    ("variants.wast", "the canonical option `async` of WASI 0.3"),
];

/// Where validator and script follow different versions of the specification.
const DIFFERENT: &[(&str, &str)] = &[
    // Names that differ in a hyphen only are not the same any more.
    ("kebab.wast", "conflicts with previous name"),
    ("binary.wast", "historically accepted as `cancellable`"),
];

#[test]
fn scripts_are_translated_or_refused_as_they_say() {
    let Some(root) = root() else {
        println!("skipped: there is no folder `shared/component-tests`");
        return;
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in FOLDERS {
        let Ok(files) = fs::read_dir(root.join(folder)) else { continue };
        for file in files {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|ending| ending == "wast") {
                count += script(&file, &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 500, "{count}");
}

fn root() -> Option<PathBuf> {
    if let Some(path) = env::var_os("COMPONENT_TESTS") {
        return Some(path.into());
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let near = manifest.ancestors().map(|path| path.join("shared/component-tests"));
    near.into_iter().find(|path| path.is_dir())
}

/// Goes through a script and returns how many components are in it.
fn script(file: &Path, wrong: &mut Vec<String>) -> usize {
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(file).unwrap();
    let mut lexer = wast::lexer::Lexer::new(&text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).unwrap();
    let script = match parser::parse::<Wast<'_>>(&buffer) {
        Ok(script) => script,
        Err(error) => {
            wrong.push(format!("{name}: {error}"));
            return 0;
        }
    };
    let mut count = 0;
    for directive in script.directives {
        let (line, _) = directive.span().linecol_in(&text);
        let mut fail = |message: String| wrong.push(format!("{name}:{}: {message}", line + 1));
        match directive {
            WastDirective::Module(mut component)
            | WastDirective::ModuleDefinition(mut component) => {
                if !is_component(&component) {
                    continue;
                }
                count += 1;
                let wasm = component.encode().unwrap();
                match translated(&wasm) {
                    Ok(()) => {}
                    Err(refusal) if is_known(&name, refusal.message()) => {}
                    Err(refusal) => fail(refusal.message().to_owned()),
                }
            }
            WastDirective::AssertInvalid { mut module, message, .. }
            | WastDirective::AssertMalformed { mut module, message, .. } => {
                if !is_component(&module) {
                    continue;
                }
                count += 1;
                // What can't be encoded is malformed as text.
                let Ok(wasm) = module.encode() else { continue };
                match translated(&wasm) {
                    Ok(()) => fail(format!("it is translated, and should fail: {message}")),
                    Err(Refusal::Invalid(_)) => {}
                    Err(refusal) if is_known(&name, refusal.message()) => {}
                    Err(refusal) => fail(format!("{}; instead of {message}", refusal.message())),
                }
            }
            WastDirective::AssertUnlinkable { mut module, .. } => {
                if matches!(module, Wat::Component(_)) {
                    count += 1;
                    let wasm = module.encode().unwrap();
                    if let Err(refusal) = translated(&wasm) {
                        fail(refusal.message().to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    count
}

fn is_component(wat: &QuoteWat<'_>) -> bool {
    matches!(wat, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..))
}

/// Why something was not translated.
enum Refusal {
    Invalid(String),
    Unsupported(String),
}

impl Refusal {
    fn message(&self) -> &str {
        match self {
            Self::Invalid(message) | Self::Unsupported(message) => message,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Invalid | ErrorKind::NotAComponent => Self::Invalid(error.to_string()),
            _ => Self::Unsupported(error.to_string()),
        }
    }
}

fn is_known(file: &str, message: &str) -> bool {
    UNSUPPORTED.iter().chain(DIFFERENT).any(|(of, part)| *of == file && message.contains(part))
}

fn translated(wasm: &[u8]) -> Result<(), Refusal> {
    let translation = translate(wasm, WasmFeatures::SUPPORTED)?;
    // Function bodies are validated by whoever compiles them.
    for module in &translation.modules {
        support::validate(module).map_err(|error| Refusal::Invalid(error.to_string()))?;
    }
    support::check(&translation);
    Ok(())
}
