//! The macros of components: derives for types of the component model, and bindings made of WIT.
//!
//! * [`macro@ComponentType`], [`macro@Lift`] and [`macro@Lower`] are derives for records, variants
//!   and enums.
//! * [`flags!`] makes a type of flags.
//! * [`bindgen!`] makes types, traits and functions of a WIT world.
//!
//! # Should I use this?
//!
//! Through `wasm_runtime::component` (feature `component-macro`), which has the macros beside the
//! types that their output names; or through `wasm-component-run`, if a program has no use for the
//! rest. What the macros emit names one path only, which every one of them can be told.
//!
//! The syntax is that of Wasmtime's macros. What they emit holds no `unsafe`, so that it compiles
//! in crates that forbid it.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `async`: Bindings of functions that may wait: `imports: { default: async }`,
//!   `instantiate_async`.
//! <!-- end of features -->

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
mod bindgen;
mod derive;
mod flags;

use proc_macro::TokenStream;

/// Derives `ComponentType`: how a Rust type is represented, and which type of a component it is.
///
/// `#[component(record)]`, `#[component(variant)]` or `#[component(enum)]` says what the type is;
/// `#[component(name = "…")]` gives a field or case the name that it has in WIT, where that is not
/// the one it has in Rust. The order is that in WIT.
///
/// `#[component(crate = path)]` says where the API is, if it is not at `wasm_runtime::component`;
/// `#[component(wasmtime_crate = path)]`, as in Wasmtime, says which crate has it as its module
/// `component`.
///
/// ```text
/// use wasm_runtime::component::ComponentType;
///
/// #[derive(ComponentType)]
/// #[component(record)]
/// struct Color {
///     r: u8,
///     g: u8,
///     b: u8,
/// }
/// ```
#[proc_macro_derive(ComponentType, attributes(component))]
pub fn component_type(input: TokenStream) -> TokenStream {
    derive(input, derive::component_type)
}

/// Derives `Lift`, which reads values of a type that derives [`macro@ComponentType`].
#[proc_macro_derive(Lift, attributes(component))]
pub fn lift(input: TokenStream) -> TokenStream {
    derive(input, derive::lift)
}

/// Derives `Lower`, which writes values of a type that derives [`macro@ComponentType`].
#[proc_macro_derive(Lower, attributes(component))]
pub fn lower(input: TokenStream) -> TokenStream {
    derive(input, derive::lower)
}

fn derive(
    input: TokenStream,
    with: fn(&syn::DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    output(with(&input))
}

/// Makes a type of flags, which implements `ComponentType`, `Lift` and `Lower`.
///
/// The type has a constant for each flag, the operators of sets, `empty`, `all`, `contains`,
/// `intersects` and `as_array`.
///
/// ```text
/// wasm_runtime::component::flags! {
///     Permissions {
///         #[component(name = "read")]
///         const READ;
///         #[component(name = "write")]
///         const WRITE;
///     }
/// }
/// ```
///
/// `#[component(crate = path)]` in front of the name is as with [`macro@ComponentType`].
#[proc_macro]
pub fn flags(input: TokenStream) -> TokenStream {
    let flags = syn::parse_macro_input!(input as flags::Flags);
    output(Ok(flags::expand(&flags)))
}

/// Makes Rust types, traits and functions of a WIT world.
///
/// The forms are:
///
/// ```text
/// bindgen!();                     // the only world in `wit/`, beside Cargo.toml
/// bindgen!("my-world");           // a world in `wit/`
/// bindgen!(in "path");            // the only world at a path
/// bindgen!("my-world" in "path");
/// bindgen!({ /* options */ });
/// ```
///
/// # Options
///
/// They have the names and the meaning that they have in Wasmtime:
///
/// * `world: "name"`, `path: "path"` or `path: ["first", "second"]`, `inline: "package …"`,
///   `interfaces: "import …;"` (only interfaces, in a world without a name): what to read.
/// * `imports: { "interface.function": flags, default: flags }` and `exports`: how functions are
///   called. Flags, joined by `|`: `async`, `trappable`, `tracing`, `verbose_tracing`, `store`,
///   `exact`.
/// * `with: { "wasi:io": path, "a:b/c.resource": Type }`: bindings that are already there, and the
///   types that represent resources.
/// * `trappable_error_type: { "wasi:io/streams.stream-error" => Type }`.
/// * `ownership: Owning` or `Borrowing { duplicate_if_necessary: bool }`.
/// * `additional_derives: [path, …]`.
/// * `named_imports: { "a:b/c": Type }`.
/// * `require_store_data_send`, `skip_mut_forwarding_impls`, `anyhow`, `stringify`, `debug`,
///   `include_generated_code_from_file`, `include_component_type`: `true` or `false`.
/// * `crate: path`: where the API is, `wasm_runtime::component` by default. `wasmtime_crate: path`
///   says which crate has it as its module `component`.
///
/// With `debug: true`, or the environment variable `WASM_COMPONENT_DEBUG_BINDGEN`, what is emitted
/// is written to a file in `OUT_DIR`, or where temporary files are if the crate has no build
/// script, so that the compiler's messages show it.
///
/// What needs the asynchronous part of the component model (`async` functions, streams, futures in
/// WIT) is refused with an error that names it.
#[proc_macro]
pub fn bindgen(input: TokenStream) -> TokenStream {
    let options = syn::parse_macro_input!(input as bindgen::Options);
    output(bindgen::expand(options))
}

fn output(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.into_compile_error()).into()
}
