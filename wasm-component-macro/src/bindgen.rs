//! `bindgen!`: bindings of a WIT world, emitted by Wasmtime's generator and put on this API.

mod functions;
mod options;
mod output;
mod source;
#[cfg(test)]
mod tests;
mod waiting;

pub(crate) use options::Options;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Result};

/// Emits what the options ask for.
pub(crate) fn expand(options: Options) -> Result<TokenStream> {
    let failed = |message: String| Error::new(Span::call_site(), message);
    let mut source = source::read(&options).map_err(failed)?;
    let world = source
        .resolve
        .select_world(&source.packages, options.world.as_deref())
        .map_err(|error| failed(format!("{error:?}")))?;
    waiting::refuse(&source.resolve, world).map_err(failed)?;
    let emitted = options
        .generator
        .generate(&mut source.resolve, world)
        .map_err(|error| failed(format!("{error:?}")))?;
    waiting::refuse_emitted(&emitted).map_err(failed)?;
    let emitted = output::with_api(&emitted, &options.api);
    if options.stringify {
        return Ok(quote!(#emitted));
    }
    let name = &source.resolve.worlds[world].name;
    let bindings = if options.is_written_to_file() {
        let path = output::write(name, &emitted).map_err(failed)?;
        quote!(include!(#path);)
    } else {
        output::tokens(&emitted).map_err(failed)?
    };
    // The compiler reads these files so that it notices when they change.
    let files = source.files.iter().map(|file| file.display().to_string());
    Ok(quote! {
        #bindings
        #(const _: &[u8] = ::core::include_bytes!(#files);)*
    })
}
