//! Objects that are nothing but data of the embedder.

#![allow(unsafe_code)]

use std::sync::Arc;

use super::StoreRef;
use crate::object::{Object, Thing};

#[unsafe(no_mangle)]
extern "C" fn wasm_foreign_new(store: &StoreRef) -> Box<Object> {
    Box::new(Object::new(Thing::Foreign(Arc::new(())), store.clone()))
}
