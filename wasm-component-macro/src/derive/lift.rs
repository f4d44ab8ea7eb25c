//! `Lift`: reading values.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Shape, Target, case_abis, field_abis};

pub(super) fn expand(target: &Target<'_>) -> TokenStream {
    let (from_flat, from_memory) = match &target.shape {
        Shape::Record(_) => record(target),
        Shape::Cases { .. } => cases(target),
    };
    let internal = target.internal();
    target.implement(
        "Lift",
        &quote! {
            #[inline]
            fn linear_lift_from_flat(
                cx: &mut #internal::LiftContext<'_>,
                ty: #internal::InterfaceType,
                src: &mut #internal::FlatReader<'_>,
            ) -> #internal::Result<Self> {
                #from_flat
            }

            #[inline]
            fn linear_lift_from_memory(
                cx: &mut #internal::LiftContext<'_>,
                ty: #internal::InterfaceType,
                bytes: &[u8],
            ) -> #internal::Result<Self> {
                #from_memory
            }
        },
    )
}

fn record(target: &Target<'_>) -> (TokenStream, TokenStream) {
    let Shape::Record(fields) = &target.shape else { return Default::default() };
    let api = &target.api;
    let internal = target.internal();
    let abis = field_abis(api, fields);
    let flat = fields.iter().enumerate().map(|(index, field)| {
        let (ident, ty) = (field.ident, field.ty);
        quote! {
            #ident: {
                let ty = #internal::lift_child::<#ty>(cx, ty, #index)?;
                <#ty as #api::Lift>::linear_lift_from_flat(cx, ty, src)?
            }
        }
    });
    let memory = fields.iter().enumerate().map(|(index, field)| {
        let (ident, ty) = (field.ident, field.ty);
        quote! {
            #ident: {
                let ty = #internal::lift_child::<#ty>(cx, ty, #index)?;
                let part = #internal::part::<#ty>(
                    bytes,
                    const { #internal::CanonicalAbi::field_offset(&#abis, #index) },
                )?;
                <#ty as #api::Lift>::linear_lift_from_memory(cx, ty, part)?
            }
        }
    });
    (
        quote! {
            let _ = (&cx, &ty, &src);
            ::core::result::Result::Ok(Self { #(#flat),* })
        },
        quote! {
            let _ = (&cx, &ty, &bytes);
            ::core::result::Result::Ok(Self { #(#memory),* })
        },
    )
}

fn cases(target: &Target<'_>) -> (TokenStream, TokenStream) {
    let Shape::Cases { cases, .. } = &target.shape else { return Default::default() };
    let api = &target.api;
    let internal = target.internal();
    let count = cases.len();
    let abis = case_abis(api, cases);
    let flat = cases.iter().enumerate().map(|(index, case)| {
        let ident = case.ident;
        let number = index as u32;
        match case.payload {
            Some(ty) => quote! {
                #number => {
                    let ty = #internal::lift_child::<#ty>(cx, ty, #index)?;
                    Self::#ident(<#ty as #api::Lift>::linear_lift_from_flat(cx, ty, src)?)
                }
            },
            None => quote!(#number => Self::#ident,),
        }
    });
    let memory = cases.iter().enumerate().map(|(index, case)| {
        let ident = case.ident;
        let number = index as u32;
        match case.payload {
            Some(ty) => quote! {
                #number => {
                    let ty = #internal::lift_child::<#ty>(cx, ty, #index)?;
                    let part = #internal::part::<#ty>(
                        bytes,
                        const { #internal::CanonicalAbi::payload_offset(&#abis) },
                    )?;
                    Self::#ident(<#ty as #api::Lift>::linear_lift_from_memory(cx, ty, part)?)
                }
            },
            None => quote!(#number => Self::#ident,),
        }
    });
    (
        quote! {
            let _ = (&cx, &ty);
            let end = src.after(<Self as #api::ComponentType>::FLAT_COUNT);
            let value = match src.next_u32() {
                #(#flat)*
                other => return #internal::bad_discriminant(other, #count),
            };
            src.skip_to(end);
            ::core::result::Result::Ok(value)
        },
        quote! {
            let _ = (&cx, &ty);
            ::core::result::Result::Ok(
                match #internal::read_discriminant(bytes, #count)? {
                    #(#memory)*
                    other => return #internal::bad_discriminant(other, #count),
                }
            )
        },
    )
}
