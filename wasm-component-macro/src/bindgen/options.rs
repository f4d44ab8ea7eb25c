//! The options of `bindgen!`.

use std::collections::HashMap;

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, LitBool, LitStr, Path, PathArguments, Result, Token, braced, bracketed};
use wasmtime_internal_wit_bindgen::{Opts, Ownership, TrappableError};

use super::functions;
use crate::attributes;

/// The variable that has all invocations write what they emit to files.
const DEBUG: &str = "WASM_COMPONENT_DEBUG_BINDGEN";

/// What an invocation says.
pub(crate) struct Options {
    pub(super) world: Option<String>,
    pub(super) paths: Vec<String>,
    /// WIT that stands in the invocation.
    pub(super) inline: Option<String>,
    /// What the generator has to know.
    pub(super) generator: Opts,
    /// The module that has the API, as it is written.
    pub(super) api: String,
    pub(super) stringify: bool,
    write_to_file: bool,
}

impl Options {
    fn new() -> Self {
        Self {
            world: None,
            paths: Vec::new(),
            inline: None,
            generator: Opts {
                wasmtime_crate: Some(super::output::PLACEHOLDER.to_owned()),
                ..Opts::default()
            },
            api: attributes::DEFAULT_API.to_owned(),
            stringify: false,
            write_to_file: false,
        }
    }

    pub(super) fn is_written_to_file(&self) -> bool {
        self.write_to_file || std::env::var_os(DEBUG).is_some()
    }

    /// Takes the value of an option.
    fn set(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        let generator = &mut self.generator;
        match &*option.to_string() {
            "world" => self.world = Some(string(input)?),
            "path" => self.paths = paths(input)?,
            "inline" => self.inline = Some(string(input)?),
            "interfaces" => {
                let interfaces = string(input)?;
                self.inline = Some(format!(
                    "package wasm-component-macro:interfaces; world interfaces {{ {interfaces} }}"
                ));
                self.world = Some("wasm-component-macro:interfaces/interfaces".to_owned());
                generator.only_interfaces = true;
            }
            "imports" => generator.imports = functions::parse(input)?,
            "exports" => generator.exports = functions::parse(input)?,
            "with" => generator.with = map(input)?,
            "named_imports" => generator.named_imports = map(input)?,
            "trappable_error_type" => generator.trappable_error_type = trappable_errors(input)?,
            "ownership" => generator.ownership = ownership(input)?,
            "additional_derives" => {
                let content;
                bracketed!(content in input);
                let derives = Punctuated::<Path, Token![,]>::parse_terminated(&content)?;
                generator.additional_derive_attributes =
                    derives.iter().map(|path| path.to_token_stream().to_string()).collect();
            }
            "require_store_data_send" => generator.require_store_data_send = boolean(input)?,
            "skip_mut_forwarding_impls" => generator.skip_mut_forwarding_impls = boolean(input)?,
            "anyhow" => generator.anyhow = boolean(input)?,
            "include_component_type" => generator.include_component_type = boolean(input)?,
            "stringify" => self.stringify = boolean(input)?,
            "debug" | "include_generated_code_from_file" => self.write_to_file |= boolean(input)?,
            other => {
                return Err(Error::new_spanned(
                    option,
                    format!(
                        "there is no option `{other}`: there are world, path, inline, interfaces, \
                         imports, exports, with, named_imports, trappable_error_type, ownership, \
                         additional_derives, require_store_data_send, skip_mut_forwarding_impls, \
                         anyhow, include_component_type, stringify, debug, \
                         include_generated_code_from_file, crate and wasmtime_crate"
                    ),
                ));
            }
        }
        Ok(())
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::new();
        if !input.peek(syn::token::Brace) {
            options.world = input.parse::<Option<LitStr>>()?.map(|world| world.value());
            if input.parse::<Option<Token![in]>>()?.is_some() {
                options.paths.push(string(input)?);
            }
            return Ok(options);
        }
        let content;
        braced!(content in input);
        let mut seen: Vec<Ident> = Vec::new();
        while !content.is_empty() {
            let ahead = content.fork();
            let option = ahead.call(<Ident as syn::ext::IdentExt>::parse_any)?;
            if seen.contains(&option) {
                let message = format!("the option `{option}` is there already");
                return Err(Error::new_spanned(option, message));
            }
            if option == "crate" || option == "wasmtime_crate" {
                options.api = attributes::parse_api(&content)?.to_string();
            } else {
                content.parse::<Ident>()?;
                content.parse::<Token![:]>()?;
                options.set(&option, &content)?;
            }
            seen.push(option);
            if content.parse::<Option<Token![,]>>()?.is_none() {
                break;
            }
        }
        if !content.is_empty() {
            return Err(content.error("expected `,` between options"));
        }
        let both = |a: &str, b: &str| {
            let named = |name: &str| seen.iter().find(|option| *option == name);
            named(a).is_some().then(|| named(b)).flatten().map(|option| {
                Error::new_spanned(option, format!("`{a}` and `{b}` exclude each other"))
            })
        };
        let conflict = both("interfaces", "inline")
            .or_else(|| both("interfaces", "world"))
            .or_else(|| both("crate", "wasmtime_crate"));
        conflict.map_or(Ok(options), Err)
    }
}

fn string(input: ParseStream<'_>) -> Result<String> {
    Ok(input.parse::<LitStr>()?.value())
}

fn boolean(input: ParseStream<'_>) -> Result<bool> {
    Ok(input.parse::<LitBool>()?.value)
}

/// One path or a list of them.
fn paths(input: ParseStream<'_>) -> Result<Vec<String>> {
    if !input.peek(syn::token::Bracket) {
        return Ok(vec![string(input)?]);
    }
    let content;
    bracketed!(content in input);
    let paths = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(paths.iter().map(LitStr::value).collect())
}

/// `{ "name": path, … }`.
fn map(input: ParseStream<'_>) -> Result<HashMap<String, String>> {
    let content;
    braced!(content in input);
    let entries = content.parse_terminated(
        |input: ParseStream<'_>| {
            let name = string(input)?;
            input.parse::<Token![:]>()?;
            Ok((name, plain_path(&input.parse()?)?))
        },
        Token![,],
    )?;
    Ok(entries.into_iter().collect())
}

/// A path without arguments, as the generator wants it: it puts items of its own behind.
fn plain_path(path: &Path) -> Result<String> {
    let mut text = String::new();
    if path.leading_colon.is_some() {
        text.push_str("::");
    }
    for (index, segment) in path.segments.iter().enumerate() {
        if !matches!(segment.arguments, PathArguments::None) {
            return Err(Error::new(path.span(), "a path here has no generic arguments"));
        }
        if index > 0 {
            text.push_str("::");
        }
        text.push_str(&segment.ident.to_string());
    }
    Ok(text)
}

/// `{ "interface.type" => path, … }`.
fn trappable_errors(input: ParseStream<'_>) -> Result<Vec<TrappableError>> {
    let content;
    braced!(content in input);
    let entries = content.parse_terminated(
        |input: ParseStream<'_>| {
            let wit_path = string(input)?;
            input.parse::<Token![=>]>()?;
            let rust_type_name = input.parse::<Path>()?.to_token_stream().to_string();
            Ok(TrappableError { wit_path, rust_type_name })
        },
        Token![,],
    )?;
    Ok(entries.into_iter().collect())
}

fn ownership(input: ParseStream<'_>) -> Result<Ownership> {
    let ident = input.parse::<Ident>()?;
    if ident == "Owning" {
        return Ok(Ownership::Owning);
    }
    if ident == "Borrowing" {
        let content;
        braced!(content in input);
        let field = content.parse::<Ident>()?;
        if field == "duplicate_if_necessary" {
            content.parse::<Token![:]>()?;
            let duplicate_if_necessary = boolean(&content)?;
            content.parse::<Option<Token![,]>>()?;
            return Ok(Ownership::Borrowing { duplicate_if_necessary });
        }
        return Err(Error::new_spanned(
            field,
            "expected `duplicate_if_necessary: true` or `false`",
        ));
    }
    Err(Error::new_spanned(ident, "expected `Owning` or `Borrowing { duplicate_if_necessary: … }`"))
}
