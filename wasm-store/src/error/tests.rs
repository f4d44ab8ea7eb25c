use std::fmt;

use super::{Context, Error, Result};

#[derive(Debug, PartialEq)]
struct Leaf(u32);

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leaf {}", self.0)
    }
}

impl std::error::Error for Leaf {}

#[test]
fn context_keeps_what_is_below() {
    let mut error = Error::new(Leaf(7)).context("middle").context("outer".to_string());
    assert_eq!(error.to_string(), "outer");
    assert_eq!(format!("{error:#}"), "outer: middle: leaf 7");
    assert_eq!(error.chain().len(), 3);
    assert_eq!(error.root_cause().to_string(), "leaf 7");
    assert!(error.is::<String>() && error.is::<&str>() && error.is::<Leaf>() && !error.is::<u8>());
    error.downcast_mut::<Leaf>().unwrap().0 = 8;
    let error = error.downcast::<u8>().unwrap_err();
    assert_eq!(error.downcast::<Leaf>().unwrap(), Leaf(8));
}

#[test]
fn debug_prints_the_chain() {
    let one = Error::msg("cause").context("top");
    assert_eq!(format!("{one:?}"), "top\n\nCaused by:\n    cause");
    let two = one.context("above");
    assert_eq!(format!("{two:?}"), "above\n\nCaused by:\n    0: top\n    1: cause");
    assert_eq!(format!("{:?}", Error::msg("alone")), "alone");
}

#[test]
fn macros_take_formats_messages_and_errors() {
    fn number(n: u32) -> Result<u32> {
        crate::ensure!(n != 1, "not {}", n);
        crate::ensure!(n != 2);
        if n == 3 {
            crate::bail!(Leaf(n));
        }
        if n == 4 {
            crate::bail!("four".to_string());
        }
        Ok(n)
    }
    assert_eq!(number(0).unwrap(), 0);
    assert_eq!(number(1).unwrap_err().to_string(), "not 1");
    assert_eq!(number(2).unwrap_err().to_string(), "condition failed: `n != 2`");
    assert_eq!(number(3).unwrap_err().downcast::<Leaf>().unwrap(), Leaf(3));
    assert_eq!(number(4).unwrap_err().downcast::<String>().unwrap(), "four");
}

#[test]
fn standard_errors_convert_both_ways() {
    let result: Result<u8> = "300".parse::<u8>().context("a byte");
    let error = result.unwrap_err();
    assert!(error.is::<std::num::ParseIntError>());
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(boxed.to_string(), "a byte");
    assert_eq!(Error::from_boxed(boxed).chain().len(), 2);
}
