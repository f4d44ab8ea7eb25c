//! `Lower`: writing values.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Shape, Target, case_abis, field_abis};

pub(super) fn expand(target: &Target<'_>) -> TokenStream {
    let (to_flat, to_memory) = match &target.shape {
        Shape::Record(_) => record(target),
        Shape::Cases { .. } => cases(target),
    };
    let internal = target.internal();
    target.implement(
        "Lower",
        &quote! {
            #[inline]
            fn linear_lower_to_flat<__T: 'static>(
                &self,
                cx: &mut #internal::LowerContext<'_, __T>,
                ty: #internal::InterfaceType,
                dst: &mut #internal::FlatSlots<'_>,
            ) -> #internal::Result<()> {
                #to_flat
            }

            #[inline]
            fn linear_lower_to_memory<__T: 'static>(
                &self,
                cx: &mut #internal::LowerContext<'_, __T>,
                ty: #internal::InterfaceType,
                offset: usize,
            ) -> #internal::Result<()> {
                #to_memory
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
            let child = #internal::lower_child::<#ty, __T>(cx, ty, #index)?;
            <#ty as #api::Lower>::linear_lower_to_flat(&self.#ident, cx, child, dst)?;
        }
    });
    let memory = fields.iter().enumerate().map(|(index, field)| {
        let (ident, ty) = (field.ident, field.ty);
        quote! {
            let child = #internal::lower_child::<#ty, __T>(cx, ty, #index)?;
            <#ty as #api::Lower>::linear_lower_to_memory(
                &self.#ident,
                cx,
                child,
                offset + const { #internal::CanonicalAbi::field_offset(&#abis, #index) },
            )?;
        }
    });
    (
        quote! {
            let _ = (&cx, &ty, &dst);
            #(#flat)*
            ::core::result::Result::Ok(())
        },
        quote! {
            let _ = (&cx, &ty, &offset);
            #(#memory)*
            ::core::result::Result::Ok(())
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
                Self::#ident(payload) => {
                    dst.push_u32(#number);
                    let child = #internal::lower_child::<#ty, __T>(cx, ty, #index)?;
                    <#ty as #api::Lower>::linear_lower_to_flat(payload, cx, child, dst)?;
                }
            },
            None => quote!(Self::#ident => dst.push_u32(#number),),
        }
    });
    let memory = cases.iter().enumerate().map(|(index, case)| {
        let ident = case.ident;
        let number = index as u32;
        match case.payload {
            Some(ty) => quote! {
                Self::#ident(payload) => {
                    #internal::write_discriminant(cx, offset, #number, #count)?;
                    let child = #internal::lower_child::<#ty, __T>(cx, ty, #index)?;
                    <#ty as #api::Lower>::linear_lower_to_memory(
                        payload,
                        cx,
                        child,
                        offset + const { #internal::CanonicalAbi::payload_offset(&#abis) },
                    )?;
                }
            },
            None => quote! {
                Self::#ident => #internal::write_discriminant(cx, offset, #number, #count)?,
            },
        }
    });
    (
        quote! {
            let _ = (&cx, &ty);
            let end = dst.after(<Self as #api::ComponentType>::FLAT_COUNT);
            match self {
                #(#flat)*
            }
            dst.pad_to(end);
            ::core::result::Result::Ok(())
        },
        quote! {
            let _ = (&cx, &ty);
            match self {
                #(#memory)*
            }
            ::core::result::Result::Ok(())
        },
    )
}
