//! The derives: what they have in common, and the shape of the type that they are for.

mod component_type;
mod lift;
mod lower;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Generics, Ident, Result, Type};

use crate::attributes::{self, Style, TypeAttributes};

/// What is derived for: names, and what the type is made of.
struct Target<'a> {
    ident: &'a Ident,
    generics: &'a Generics,
    /// The module that has the API.
    api: TokenStream,
    shape: Shape<'a>,
}

enum Shape<'a> {
    Record(Vec<Field<'a>>),
    /// A variant, or an enum, whose cases have no payload.
    Cases {
        cases: Vec<Case<'a>>,
        is_enum: bool,
    },
}

struct Field<'a> {
    ident: &'a Ident,
    name: String,
    ty: &'a Type,
}

struct Case<'a> {
    ident: &'a Ident,
    name: String,
    payload: Option<&'a Type>,
}

pub(crate) fn component_type(input: &DeriveInput) -> Result<TokenStream> {
    Ok(component_type::expand(&Target::of(input)?))
}

pub(crate) fn lift(input: &DeriveInput) -> Result<TokenStream> {
    Ok(lift::expand(&Target::of(input)?))
}

pub(crate) fn lower(input: &DeriveInput) -> Result<TokenStream> {
    Ok(lower::expand(&Target::of(input)?))
}

impl<'a> Target<'a> {
    fn of(input: &'a DeriveInput) -> Result<Self> {
        let TypeAttributes { style, api } = TypeAttributes::of(input)?;
        let ident = &input.ident;
        let shape = match style {
            Style::Record => record(input)?,
            Style::Variant | Style::Enum => cases(input, style == Style::Enum)?,
        };
        Ok(Self { ident, generics: &input.generics, api, shape })
    }

    /// An implementation of a trait of the API, whose bound is asked of all type parameters.
    fn implement(&self, name: &str, items: &TokenStream) -> TokenStream {
        let Self { ident, api, .. } = self;
        let name = Ident::new(name, proc_macro2::Span::call_site());
        let mut generics = self.generics.clone();
        for parameter in &mut generics.params {
            if let GenericParam::Type(parameter) = parameter {
                parameter.bounds.push(syn::parse_quote!(#api::#name));
            }
        }
        let (parameters, arguments, bounds) = generics.split_for_impl();
        quote! {
            impl #parameters #api::#name for #ident #arguments #bounds {
                #items
            }
        }
    }

    /// The path of what is there for these macros only.
    fn internal(&self) -> TokenStream {
        let api = &self.api;
        quote!(#api::__internal)
    }
}

/// The representations of fields, as an expression for an array.
fn field_abis(api: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let types = fields.iter().map(|field| field.ty);
    quote!([#(<#types as #api::ComponentType>::ABI),*])
}

/// The representations of the payloads of cases, as an expression for an array.
fn case_abis(api: &TokenStream, cases: &[Case<'_>]) -> TokenStream {
    let abis = cases.iter().map(|case| match case.payload {
        Some(ty) => quote!(::core::option::Option::Some(<#ty as #api::ComponentType>::ABI)),
        None => quote!(::core::option::Option::None),
    });
    quote!([#(#abis),*])
}

fn record(input: &DeriveInput) -> Result<Shape<'_>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a `record` is a `struct` in Rust"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(&input.ident, "the fields of a `record` have names"));
    };
    let mut found = Vec::new();
    for field in &fields.named {
        let ident = field.ident.as_ref().expect("named fields have names");
        let name = attributes::name(&field.attrs)?.unwrap_or_else(|| rust_name(ident));
        found.push(Field { ident, name, ty: &field.ty });
    }
    Ok(Shape::Record(found))
}

fn cases(input: &DeriveInput, is_enum: bool) -> Result<Shape<'_>> {
    let style = if is_enum { "enum" } else { "variant" };
    let Data::Enum(data) = &input.data else {
        let message = format!("a component's `{style}` is an `enum` in Rust");
        return Err(Error::new_spanned(&input.ident, message));
    };
    if data.variants.is_empty() {
        let message = format!("a component's `{style}` has at least one case");
        return Err(Error::new_spanned(&input.ident, message));
    }
    let mut cases = Vec::new();
    for variant in &data.variants {
        if let Some((_, discriminant)) = &variant.discriminant {
            return Err(Error::new_spanned(
                discriminant,
                "the numbers of cases are their places, so no other ones can be given",
            ));
        }
        let payload = match &variant.fields {
            Fields::Unit => None,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Some(&fields.unnamed[0].ty),
            Fields::Named(_) | Fields::Unnamed(_) => {
                return Err(Error::new_spanned(
                    variant,
                    "a case has at most one value, without a name: use a record or a tuple",
                ));
            }
        };
        if is_enum && payload.is_some() {
            return Err(Error::new_spanned(
                variant,
                "the cases of an `enum` have no values: `#[component(variant)]` has",
            ));
        }
        let ident = &variant.ident;
        let name = attributes::name(&variant.attrs)?.unwrap_or_else(|| rust_name(ident));
        cases.push(Case { ident, name, payload });
    }
    Ok(Shape::Cases { cases, is_enum })
}

/// A name as Rust has it, without the mark of those that are keywords.
fn rust_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}
