//! Random values of many types, through the echo component.

use std::cell::RefCell;
use std::fmt::Debug;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wasm_runtime::component::{Lift, Lower};
use wasm_runtime::{Engine, Result};

use crate::echo::{Echo, Wit};
use crate::types::{Color, Pair, Permissions, Point, Shape, color, permissions, point, shape};

fn echoes<V>(strategy: impl Strategy<Value = V>) -> Result<()>
where
    V: Wit + Lift + Lower + Clone + Debug + PartialEq + Send + 'static,
{
    let engine = Engine::default();
    for encoding in
        ["string-encoding=utf8", "string-encoding=utf16", "string-encoding=latin1+utf16"]
    {
        let echo = RefCell::new(Echo::<V, V>::new(&engine, encoding)?);
        let mut runner = TestRunner::new(Config { cases: 64, ..Config::default() });
        let outcome = runner.run(&strategy, |value| {
            let (got, back) = echo
                .borrow_mut()
                .call(value.clone())
                .map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
            prop_assert_eq!(&got, &value);
            prop_assert_eq!(&back, &value);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{} in {encoding}: {error}", V::wit());
        }
    }
    Ok(())
}

#[test]
fn records_and_lists_of_them() -> Result<()> {
    echoes::<Point>(point())?;
    echoes::<Vec<Point>>(vec(point(), 0..20))?;
    echoes::<Pair<Vec<Point>, Option<Point>>>(
        (vec(point(), 0..4), option::of(point()))
            .prop_map(|(first, second)| Pair { first, second }),
    )
}

#[test]
fn variants_and_lists_of_them() -> Result<()> {
    echoes::<Shape>(shape())?;
    echoes::<Vec<Option<Shape>>>(vec(option::of(shape()), 0..8))?;
    echoes::<Result<Shape, (u8, Color)>>(prop_oneof![
        shape().prop_map(Ok),
        (any::<u8>(), color()).prop_map(Err)
    ])
}

#[test]
fn lists_of_numbers_and_texts() -> Result<()> {
    echoes::<Vec<u8>>(vec(any::<u8>(), 0..3000))?;
    echoes::<Vec<i64>>(vec(any::<i64>(), 0..300))?;
    echoes::<Vec<(u8, u64, bool, char)>>(vec(any::<(u8, u64, bool, char)>(), 0..30))?;
    echoes::<Vec<String>>(vec(any::<String>(), 0..10))?;
    echoes::<(Vec<Permissions>, Vec<Color>, String)>((
        vec(permissions(), 0..9),
        vec(color(), 0..9),
        any::<String>(),
    ))
}
