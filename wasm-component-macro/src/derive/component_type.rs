//! `ComponentType`: representation and type check.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Shape, Target, case_abis, field_abis};

pub(super) fn expand(target: &Target<'_>) -> TokenStream {
    let api = &target.api;
    let internal = target.internal();
    let (abi, resources, check) = match &target.shape {
        Shape::Record(fields) => {
            let abis = field_abis(api, fields);
            let types = fields.iter().map(|field| field.ty);
            let checks = fields.iter().map(|field| {
                let (name, ty) = (&field.name, field.ty);
                quote!((#name, <#ty as #api::ComponentType>::typecheck))
            });
            (
                quote!(#internal::CanonicalAbi::record(&#abis)),
                quote!(false #(|| <#types as #api::ComponentType>::HAS_RESOURCES)*),
                quote!(#internal::typecheck_record(ty, types, &[#(#checks),*])),
            )
        }
        Shape::Cases { cases, is_enum: true } => {
            let count = cases.len();
            let names = cases.iter().map(|case| &case.name);
            (
                quote!(#internal::CanonicalAbi::cases(#count)),
                quote!(false),
                quote!(#internal::typecheck_enum(ty, types, &[#(#names),*])),
            )
        }
        Shape::Cases { cases, is_enum: false } => {
            let abis = case_abis(api, cases);
            let types = cases.iter().filter_map(|case| case.payload);
            let checks = cases.iter().map(|case| {
                let name = &case.name;
                match case.payload {
                    Some(ty) => quote!((
                        #name,
                        ::core::option::Option::Some(<#ty as #api::ComponentType>::typecheck)
                    )),
                    None => quote!((#name, ::core::option::Option::None)),
                }
            });
            (
                quote!(#internal::CanonicalAbi::variant(&#abis)),
                quote!(false #(|| <#types as #api::ComponentType>::HAS_RESOURCES)*),
                quote!(#internal::typecheck_variant(ty, types, &[#(#checks),*])),
            )
        }
    };
    target.implement(
        "ComponentType",
        &quote! {
            const ABI: #internal::CanonicalAbi = #abi;
            const HAS_RESOURCES: bool = #resources;

            fn typecheck(
                ty: &#internal::InterfaceType,
                types: &#internal::InstanceType<'_>,
            ) -> #internal::Result<()> {
                #check
            }
        },
    )
}
