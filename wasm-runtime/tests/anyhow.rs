//! Errors of the crate `anyhow` become ours and the other way round, with all that is in them.

#![cfg(feature = "anyhow")]

use std::fmt;

use wasm_runtime::{Error, ToWasmtimeResult as _, Trap};

#[derive(Debug, PartialEq)]
struct Leaf(u32);

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leaf {}", self.0)
    }
}

impl std::error::Error for Leaf {}

#[test]
fn errors_of_anyhow_are_found_with_what_is_in_them() {
    let made = || {
        let error = anyhow::Error::new(Leaf(7)).context("inside");
        Error::from_anyhow(error).context("outside".to_string())
    };
    let mut error = made();
    assert_eq!(format!("{error:#}"), "outside: inside: leaf 7");
    assert!(error.is::<Leaf>() && error.is::<&str>() && error.is::<anyhow::Error>());
    assert!(error.is::<String>() && !error.is::<Trap>());
    error.downcast_mut::<Leaf>().unwrap().0 = 8;
    let error = error.downcast::<Trap>().unwrap_err();
    assert_eq!(error.downcast::<Leaf>().unwrap(), Leaf(8));
    assert_eq!(made().downcast::<anyhow::Error>().unwrap().to_string(), "inside");
    assert_eq!(made().downcast::<String>().unwrap(), "outside");
}

#[test]
fn anyhow_finds_what_is_in_an_error() {
    let error = Error::new(Trap::StackOverflow).context("called").context(Leaf(1));
    let message = format!("{error:#}");
    let theirs = anyhow::Error::from(error);
    assert_eq!(format!("{theirs:#}"), message);
    assert_eq!(theirs.downcast_ref(), Some(&Trap::StackOverflow));
    assert_eq!(theirs.downcast_ref(), Some(&Leaf(1)));
    let back: Error = anyhow::Result::<()>::Err(theirs).to_wasmtime_result().unwrap_err();
    assert_eq!(back.downcast_ref(), Some(&Trap::StackOverflow));
    assert_eq!(anyhow::Error::from(Error::msg("words")).to_string(), "words");
    let boxed = Error::from_boxed("boxed".into());
    assert_eq!(anyhow::Error::from(boxed).to_string(), "boxed");
}

#[test]
fn macros_take_errors_of_anyhow() {
    let error = wasm_runtime::format_err!(anyhow::Error::new(Leaf(3)).context("why"));
    assert_eq!((error.downcast_ref(), error.chain().len()), (Some(&Leaf(3)), 2));
}
