//! How functions are called: the options `imports` and `exports`.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Result, Token, braced};
use wasmtime_internal_wit_bindgen::{FunctionConfig, FunctionFilter, FunctionFlags};

/// `{ "name": flag | flag, …, default: flag }`.
pub(super) fn parse(input: ParseStream<'_>) -> Result<FunctionConfig> {
    let content;
    braced!(content in input);
    let mut functions = FunctionConfig::new();
    let rules = content.parse_terminated(rule, Token![,])?;
    for (filter, flags) in rules {
        functions.push(filter, flags);
    }
    Ok(functions)
}

fn rule(input: ParseStream<'_>) -> Result<(FunctionFilter, FunctionFlags)> {
    let filter = if let Some(name) = input.parse::<Option<LitStr>>()? {
        FunctionFilter::Name(name.value())
    } else if input.parse::<Option<Token![default]>>()?.is_some() {
        FunctionFilter::Default
    } else {
        return Err(input.error("expected the name of a function, as a string, or `default`"));
    };
    input.parse::<Token![:]>()?;
    let mut all = FunctionFlags::empty();
    // There may be none: nothing else then holds for these functions either.
    if input.is_empty() || input.peek(Token![,]) {
        return Ok((filter, all));
    }
    for word in Punctuated::<Word, Token![|]>::parse_separated_nonempty(input)? {
        all |= flags(&word.0)?;
    }
    if all.contains(FunctionFlags::ASYNC | FunctionFlags::STORE) {
        return Err(input.error(
            "`async` with `store` is for functions that run at the same time as others, which \
             needs the asynchronous part of the component model, which is not supported: use one \
             of the two",
        ));
    }
    Ok((filter, all))
}

/// An identifier, or a keyword such as `async`.
struct Word(Ident);

impl syn::parse::Parse for Word {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self(Ident::parse_any(input)?))
    }
}

fn flags(word: &Ident) -> Result<FunctionFlags> {
    Ok(match &*word.to_string() {
        "async" if cfg!(feature = "async") => FunctionFlags::ASYNC,
        "async" => {
            return Err(Error::new_spanned(
                word,
                "functions that may wait need the feature `async` of the crate whose API this is \
                 for",
            ));
        }
        "trappable" => FunctionFlags::TRAPPABLE,
        "tracing" => FunctionFlags::TRACING,
        "verbose_tracing" => FunctionFlags::VERBOSE_TRACING,
        "store" => FunctionFlags::STORE,
        "exact" => FunctionFlags::EXACT,
        "task_exit" => {
            return Err(Error::new_spanned(
                word,
                "`task_exit` needs the asynchronous part of the component model, which is not \
                 supported",
            ));
        }
        _ => {
            return Err(Error::new_spanned(
                word,
                "expected `async`, `trappable`, `tracing`, `verbose_tracing`, `store` or `exact`",
            ));
        }
    })
}
