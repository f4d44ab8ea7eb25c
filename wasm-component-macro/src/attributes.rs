//! The attributes `#[component(…)]` of types, fields and cases.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, Error, LitStr, Path, Result, Token};

/// Which type of the component model a Rust type is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Style {
    Record,
    Variant,
    Enum,
}

/// What the attributes of a type say.
pub(crate) struct TypeAttributes {
    pub(crate) style: Style,
    /// The module that has the API.
    pub(crate) api: TokenStream,
}

/// The module that has the API if nobody says otherwise.
pub(crate) const DEFAULT_API: &str = "wasm_runtime::component";

/// [`DEFAULT_API`] as a path.
pub(crate) fn default_api() -> TokenStream {
    quote!(wasm_runtime::component)
}

mod keywords {
    syn::custom_keyword!(record);
    syn::custom_keyword!(variant);
    syn::custom_keyword!(flags);
    syn::custom_keyword!(name);
    syn::custom_keyword!(wasmtime_crate);
}

impl TypeAttributes {
    pub(crate) fn of(input: &syn::DeriveInput) -> Result<Self> {
        let mut style = None;
        let mut api = default_api();
        for attribute in component(&input.attrs) {
            attribute.parse_args_with(|input: ParseStream<'_>| {
                let found = if input.peek(Token![crate]) || input.peek(keywords::wasmtime_crate) {
                    api = parse_api(input)?;
                    return Ok(());
                } else if input.parse::<Option<keywords::record>>()?.is_some() {
                    Style::Record
                } else if input.parse::<Option<keywords::variant>>()?.is_some() {
                    Style::Variant
                } else if input.parse::<Option<Token![enum]>>()?.is_some() {
                    Style::Enum
                } else if input.peek(keywords::flags) {
                    return Err(input.error("types of flags are made by the macro `flags!`"));
                } else {
                    return Err(input.error("expected `record`, `variant`, `enum` or `crate = …`"));
                };
                if style.replace(found).is_some() {
                    return Err(Error::new_spanned(
                        attribute,
                        "a type is one of `record`, `variant` and `enum`, said once",
                    ));
                }
                Ok(())
            })?;
        }
        let Some(style) = style else {
            return Err(Error::new_spanned(
                &input.ident,
                "say which type of the component model this is: `#[component(record)]`, \
                 `#[component(variant)]` or `#[component(enum)]`",
            ));
        };
        Ok(Self { style, api })
    }
}

/// Parses `crate = path` or `wasmtime_crate = path` (or with a colon, as options have it) into the
/// path of the module that has the API.
pub(crate) fn parse_api(input: ParseStream<'_>) -> Result<TokenStream> {
    let whole_crate = if input.parse::<Option<Token![crate]>>()?.is_some() {
        false
    } else {
        input.parse::<keywords::wasmtime_crate>()?;
        true
    };
    if input.parse::<Option<Token![:]>>()?.is_none() {
        input.parse::<Token![=]>()?;
    }
    let path: Path = input.parse()?;
    Ok(if whole_crate { quote!(#path::component) } else { quote!(#path) })
}

/// The name of a field, case or flag in WIT, if an attribute gives it one.
pub(crate) fn name(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut name = None;
    for attribute in component(attributes) {
        let found = attribute.parse_args_with(|input: ParseStream<'_>| {
            input.parse::<keywords::name>()?;
            input.parse::<Token![=]>()?;
            input.parse::<LitStr>()
        })?;
        if name.replace(found.value()).is_some() {
            return Err(Error::new_spanned(attribute, "there is a name already"));
        }
    }
    Ok(name)
}

fn component(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("component"))
}
