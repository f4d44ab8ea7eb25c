//! Types of continuations.

use wasm_runtime::{ContType, Engine, FuncType};

use super::Row;
use crate::tries::Expect::{Nothing, Panic};

fn of_nothing(engine: &Engine) -> ContType {
    ContType::new(FuncType::new(engine, [], []))
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "ContType::matches",
        tries: |t| {
            t.engine(Panic, |o, k| of_nothing(&o.kept.engine).matches(&of_nothing(&k.engine)));
        },
    },
    Row {
        name: "ContType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| {
                ContType::eq(&of_nothing(&o.kept.engine), &of_nothing(&k.engine))
            });
            t.engine(Nothing, |o, k| of_nothing(&o.kept.engine) == of_nothing(&k.engine));
        },
    },
];
