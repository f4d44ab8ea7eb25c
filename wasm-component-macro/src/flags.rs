//! `flags!`: a type whose values are sets of flags.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, Result, Token, Visibility, braced};

use crate::attributes;

/// What the macro is given.
pub(crate) struct Flags {
    /// Attributes of the type, but for those that are the macro's own.
    attributes: Vec<Attribute>,
    visibility: Visibility,
    ident: Ident,
    flags: Vec<Flag>,
    /// The module that has the API.
    api: TokenStream,
}

struct Flag {
    /// Attributes of the constant, which are its documentation.
    attributes: Vec<Attribute>,
    ident: Ident,
    name: String,
}

impl Parse for Flags {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (own, attributes) = split(input.call(Attribute::parse_outer)?);
        let mut api = attributes::default_api();
        for attribute in own {
            api = attribute.parse_args_with(attributes::parse_api)?;
        }
        let visibility = match input.parse()? {
            // As in Wasmtime, where none can be given.
            Visibility::Inherited => syn::parse_quote!(pub),
            given => given,
        };
        let ident = input.parse()?;
        let content;
        braced!(content in input);
        let mut flags = Vec::new();
        while !content.is_empty() {
            flags.push(content.parse()?);
        }
        Ok(Self { attributes, visibility, ident, flags, api })
    }
}

impl Parse for Flag {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (own, attributes) = split(input.call(Attribute::parse_outer)?);
        input.parse::<Token![const]>()?;
        let ident: Ident = input.parse()?;
        input.parse::<Token![;]>()?;
        let name = attributes::name(&own)?.unwrap_or_else(|| ident.to_string());
        Ok(Self { attributes, ident, name })
    }
}

/// Attributes that are this macro's own, and the rest.
fn split(attributes: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attributes.into_iter().partition(|attribute| attribute.path().is_ident("component"))
}

pub(crate) fn expand(flags: &Flags) -> TokenStream {
    let Flags { attributes, visibility, ident, flags, api } = flags;
    let count = flags.len();
    let words = count.div_ceil(32);
    let internal = quote!(#api::__internal);
    let constants = flags.iter().enumerate().map(|(index, flag)| {
        let Flag { attributes, ident, name } = flag;
        let bits =
            (0..words).map(|word| if index / 32 == word { 1_u32 << (index % 32) } else { 0 });
        let about = format!("The flag `{name}`.");
        // Each has documentation, for crates that ask for it.
        let about = attributes.is_empty().then(|| quote!(#[doc = #about]));
        quote! {
            #about
            #(#attributes)*
            pub const #ident: Self = Self { bits: [#(#bits),*] };
        }
    });
    let rust_names = flags.iter().map(|flag| flag.ident.to_string());
    let names = flags.iter().map(|flag| &flag.name);
    let about = attributes.is_empty().then(|| quote!(#[doc = "A set of flags."]));
    let operators = operators(ident, &internal, count);
    quote! {
        #about
        #(#attributes)*
        #[derive(Clone, Copy, Default, PartialEq, Eq)]
        #visibility struct #ident {
            bits: [u32; #words],
        }

        impl #ident {
            #(#constants)*

            /// The flags as bits, the first one the lowest.
            pub fn as_array(&self) -> [u32; #words] {
                self.bits
            }

            /// No flags.
            pub fn empty() -> Self {
                Self { bits: [0; #words] }
            }

            /// All flags.
            pub fn all() -> Self {
                Self { bits: #internal::known_flags([u32::MAX; #words], #count) }
            }

            /// Whether all of the given flags are among these.
            pub fn contains(&self, other: Self) -> bool {
                *self & other == other
            }

            /// Whether any of the given flags is among these.
            pub fn intersects(&self, other: Self) -> bool {
                *self & other != Self::empty()
            }
        }

        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #internal::format_flags(&self.bits, &[#(#rust_names),*], f)
            }
        }

        #operators

        impl #api::ComponentType for #ident {
            const ABI: #internal::CanonicalAbi = #internal::CanonicalAbi::flags(#count);
            const HAS_RESOURCES: bool = false;

            fn typecheck(
                ty: &#internal::InterfaceType,
                types: &#internal::InstanceType<'_>,
            ) -> #internal::Result<()> {
                #internal::typecheck_flags(ty, types, &[#(#names),*])
            }
        }

        impl #api::Lower for #ident {
            #[inline]
            fn linear_lower_to_flat<__T: 'static>(
                &self,
                _: &mut #internal::LowerContext<'_, __T>,
                _: #internal::InterfaceType,
                dst: &mut #internal::FlatSlots<'_>,
            ) -> #internal::Result<()> {
                for word in self.bits {
                    dst.push_u32(word);
                }
                ::core::result::Result::Ok(())
            }

            #[inline]
            fn linear_lower_to_memory<__T: 'static>(
                &self,
                cx: &mut #internal::LowerContext<'_, __T>,
                _: #internal::InterfaceType,
                offset: usize,
            ) -> #internal::Result<()> {
                #internal::write_flags(cx, offset, &self.bits, #count)
            }
        }

        impl #api::Lift for #ident {
            #[inline]
            fn linear_lift_from_flat(
                _: &mut #internal::LiftContext<'_>,
                _: #internal::InterfaceType,
                src: &mut #internal::FlatReader<'_>,
            ) -> #internal::Result<Self> {
                let mut bits = [0; #words];
                for word in &mut bits {
                    *word = src.next_u32();
                }
                ::core::result::Result::Ok(Self { bits: #internal::known_flags(bits, #count) })
            }

            #[inline]
            fn linear_lift_from_memory(
                _: &mut #internal::LiftContext<'_>,
                _: #internal::InterfaceType,
                bytes: &[u8],
            ) -> #internal::Result<Self> {
                ::core::result::Result::Ok(Self { bits: #internal::read_flags(bytes, #count)? })
            }
        }
    }
}

/// The operators of sets.
fn operators(ident: &Ident, internal: &TokenStream, count: usize) -> TokenStream {
    let binary = [
        ("BitOr", "bitor", "BitOrAssign", "bitor_assign", quote!(|=)),
        ("BitAnd", "bitand", "BitAndAssign", "bitand_assign", quote!(&=)),
        ("BitXor", "bitxor", "BitXorAssign", "bitxor_assign", quote!(^=)),
    ];
    let word = |name: &str| Ident::new(name, proc_macro2::Span::call_site());
    let binary = binary.iter().map(|(name, method, assign_name, assign_method, operator)| {
        let (name, method) = (word(name), word(method));
        let (assign_name, assign_method) = (word(assign_name), word(assign_method));
        quote! {
            impl ::core::ops::#name for #ident {
                type Output = Self;

                fn #method(mut self, other: Self) -> Self {
                    ::core::ops::#assign_name::#assign_method(&mut self, other);
                    self
                }
            }

            impl ::core::ops::#assign_name for #ident {
                fn #assign_method(&mut self, other: Self) {
                    for (word, other) in self.bits.iter_mut().zip(other.bits) {
                        *word #operator other;
                    }
                }
            }
        }
    });
    quote! {
        #(#binary)*

        impl ::core::ops::Not for #ident {
            type Output = Self;

            fn not(mut self) -> Self {
                for word in &mut self.bits {
                    *word = !*word;
                }
                Self { bits: #internal::known_flags(self.bits, #count) }
            }
        }
    }
}
