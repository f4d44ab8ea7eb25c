use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::{Options, expand};

const WORLD: &str = r#"
    package demo:pkg@1.2.0;
    interface types {
        record point { x: u32, y: f64 }
        enum color { red, green }
        flags perms { read, write }
        variant shape { circle(f32), poly(list<point>), none }
        resource counter {
            constructor(n: u32);
            get: func() -> u32;
            make: static func(s: string) -> result<counter, color>;
        }
        area: func(s: shape) -> result<f64, color>;
        use-it: func(c: borrow<counter>, p: perms) -> counter;
        many: func(a: list<u8>, b: tuple<u8, string>, c: option<list<string>>) -> list<point>;
    }
    interface items {
        use types.{point};
        resource blob {
            constructor(a: string);
            join: static func(a: blob, b: borrow<blob>) -> blob;
        }
        translate: func(p: point, s: list<string>) -> point;
    }
    world w {
        import types;
        import log: func(message: string);
        export items;
        export run: func(arguments: list<string>) -> result<u32, string>;
    }
"#;

/// Functions that may wait, where there is a feature for them.
const WAITING: &str = if cfg!(feature = "async") {
    "imports: { default: async | trappable | tracing }, exports: { default: async },"
} else {
    "imports: { default: trappable | tracing },"
};

fn bindings(options: &str) -> Result<TokenStream, String> {
    let text = format!("{{ inline: {WORLD:?}, {options} }}");
    let options = syn::parse_str::<Options>(&text).map_err(|error| error.to_string())?;
    expand(options).map_err(|error| error.to_string())
}

fn refusal(wit: &str, options: &str) -> String {
    let text = format!("{{ inline: {wit:?}, {options} }}");
    match syn::parse_str::<Options>(&text).and_then(expand) {
        Ok(bindings) => panic!("this was to be refused: {bindings}"),
        Err(error) => error.to_string(),
    }
}

/// The paths below the API that are named, without those below types.
fn paths(tokens: TokenStream, api: &str, found: &mut BTreeSet<String>) {
    let mut path = String::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if path.is_empty() || path.ends_with("::") => {
                path.push_str(&ident.to_string());
            }
            TokenTree::Ident(ident) => {
                note(&path, api, found);
                path = ident.to_string();
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => path.push(':'),
            TokenTree::Group(group) => {
                note(&path, api, found);
                path.clear();
                paths(group.stream(), api, found);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                note(&path, api, found);
                path.clear();
            }
        }
    }
    note(&path, api, found);
}

fn note(path: &str, api: &str, found: &mut BTreeSet<String>) {
    if let Some(rest) =
        path.trim_start_matches(':').strip_prefix(api).and_then(|rest| rest.strip_prefix("::"))
    {
        found.insert(rest.trim_end_matches(':').to_owned());
    }
}

/// What bindings name is what `wasm-component-run` has to have.
const CONTRACT: &[&str] = &[
    "Access",
    "Component",
    "ComponentExportIndex",
    "ComponentType",
    "Func",
    "HasData",
    "Instance",
    "InstancePre",
    "Lift",
    "Linker",
    "LinkerInstance",
    "Lower",
    "Resource",
    "Resource::new_own",
    "ResourceAny",
    "ResourceType::host",
    "TypedFunc",
    "__internal::AsContextMut",
    "__internal::AsContextMut::as_context_mut",
    "__internal::Box",
    "__internal::Engine",
    "__internal::IntoResult::into_result",
    "__internal::Result",
    "__internal::StoreContextMut",
    "__internal::String",
    "__internal::Vec",
    "__internal::error::Context::context",
    "__internal::format_err",
    "flags",
    "types::ComponentItem::ComponentFunc",
];

#[test]
fn bindings_name_this_api_only() {
    let mut found = BTreeSet::new();
    for options in [
        "",
        WAITING,
        "imports: { default: store | trappable },",
        "ownership: Borrowing { duplicate_if_necessary: true },",
        "require_store_data_send: true, additional_derives: [PartialEq, core::hash::Hash],",
        "with: { \"demo:pkg/types.counter\": my::Counter },",
        "imports: { default: trappable }, \
         trappable_error_type: { \"demo:pkg/types.color\" => my::Error },",
    ] {
        let tokens = bindings(options).unwrap_or_else(|error| panic!("{options}: {error}"));
        let text = tokens.to_string();
        for other in ["wasmtime", "unsafe", super::output::PLACEHOLDER] {
            assert!(!text.contains(other), "{options} emits {other}");
        }
        // As the compiler has it, whose tokens have no spaces in between.
        paths(tokens, "wasm_runtime::component", &mut found);
    }
    let mut expected: BTreeSet<String> = CONTRACT.iter().map(|path| (*path).to_owned()).collect();
    if cfg!(feature = "async") {
        let waiting = ["__internal::AsContext", "__internal::Box::new"];
        expected.extend(waiting.map(str::to_owned));
    } else {
        assert!(
            bindings("imports: { default: async }")
                .is_err_and(|error| error.contains("feature `async`"))
        );
    }
    assert_eq!(found, expected);
}

#[test]
fn the_api_may_be_elsewhere() {
    for (option, api) in [
        ("crate: wasm_component_run", "wasm_component_run"),
        ("crate: ::other::api", "other::api"),
        ("wasmtime_crate: other", "other::component"),
    ] {
        let tokens = bindings(option).unwrap_or_else(|error| panic!("{option}: {error}"));
        assert!(!tokens.to_string().contains("wasm_runtime"), "{option}");
        let mut found = BTreeSet::new();
        paths(tokens, api, &mut found);
        assert!(found.contains("TypedFunc"), "{option}: {found:?}");
    }
}

#[test]
fn what_is_asynchronous_is_refused_by_name() {
    let world = |item: &str| format!("package a:b; world w {{ {item} }}");
    for (item, name) in [
        ("import f: async func();", "asynchronous function `f`"),
        ("export f: func(s: stream<u8>);", "`stream`"),
        ("export f: func() -> future<u8>;", "`future`"),
        ("import i: interface { g: func(a: list<option<stream<u8>>>); }", "`stream`"),
        ("import i: interface { g: async func(); }", "asynchronous function `g`"),
    ] {
        let error = refusal(&world(item), "");
        assert!(error.contains(name) && error.contains("not supported"), "{item}: {error}");
    }
    let plain = world("import f: func(); export g: func();");
    for options in ["imports: { default: async | store }", "exports: { \"g\": store | async }"] {
        let error = refusal(&plain, options);
        let said = if cfg!(feature = "async") { "not supported" } else { "feature `async`" };
        assert!(error.contains(said), "{options}: {error}");
    }
}

#[test]
fn mistakes_in_options_are_explained() {
    let plain = "package a:b; world w { import f: func(); }";
    for (options, said) in [
        ("colour: true", "there is no option `colour`"),
        ("world: \"w\", world: \"w\"", "there already"),
        ("interfaces: \"import a:b/c;\"", "exclude each other"),
        ("world: \"v\"", "not found"),
        ("imports: { default: quickly }", "expected `async`"),
        ("exports: { default: task_exit }", "`task_exit` needs"),
        ("imports: { \"g\": trappable }", "unused"),
        ("ownership: Renting", "expected `Owning`"),
        ("with: { \"a:b/c\": d<u8> }", "no generic arguments"),
    ] {
        let error = refusal(plain, options);
        assert!(error.contains(said), "{options}: {error}");
    }
}
