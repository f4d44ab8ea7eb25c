//! `wasmtime/component/types/{component,instance,module}.h`: what components, instances and modules
//! import and export.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::component::ResourceType;
use wasm_runtime::component::types::{self, ComponentItem};

use super::tagged::{Kinds, Tagged};
use super::types::name_at;
use super::valtypes::ComponentValType;
use crate::border::{self, Out};
use crate::engine::CEngine;
use crate::types::{CExportType, CExternType, CImportType};

/// `wasmtime_component_item_t`.
pub(super) type Item = Tagged<Known>;

/// What an item is, with the variants in the order of the header's kinds. It owns it.
#[derive(Clone)]
#[expect(dead_code, reason = "C reads what is in it")]
#[repr(C, u8)]
pub(super) enum Known {
    Component(Box<types::Component>),
    Instance(Box<types::ComponentInstance>),
    Module(Box<types::Module>),
    Func(Box<types::ComponentFunc>),
    Resource(Box<ResourceType>),
    CoreFunc(Box<CExternType>),
    Type(ComponentValType),
}

// SAFETY: the kinds are those up to that of types, without gaps, and only this library makes what
// their pointers lead to.
unsafe impl Kinds for Known {
    const NAME: &'static str = "wasmtime_component_item_t";
    const NOTHING: Self = Self::Type(ComponentValType::NOTHING);

    fn is_known(kind: u8) -> bool {
        kind <= 6
    }
}

const _: () = assert!(size_of::<Item>() == 24);

impl Item {
    /// The item of C; `None` for a kind that a later version adds.
    fn new(item: ComponentItem) -> Option<Self> {
        let known = match item {
            ComponentItem::Component(ty) => Known::Component(Box::new(ty)),
            ComponentItem::ComponentInstance(ty) => Known::Instance(Box::new(ty)),
            ComponentItem::Module(ty) => Known::Module(Box::new(ty)),
            ComponentItem::ComponentFunc(ty) => Known::Func(Box::new(ty)),
            ComponentItem::Resource(ty) => Known::Resource(Box::new(ty)),
            ComponentItem::CoreFunc(ty) => Known::CoreFunc(Box::new(ty.into())),
            ComponentItem::Type(ty) => Known::Type(ty.into()),
            _ => return None,
        };
        Some(known.into())
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_item_clone(item: &Item, out: Out<'_, Item>) {
    out.write(item.clone());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_item_delete(item: &mut Item) {
    *item = Item::NOTHING;
}

/// The functions of a list of items: how many, one by name, one by place.
macro_rules! items {
    ($ty:ty: $list:ident $find:ident, $count:ident $get:ident $nth:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $count(ty: &$ty, engine: &CEngine) -> usize {
            ty.$list(&engine.engine).len()
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn $get(
            ty: &$ty,
            engine: &CEngine,
            name: *const u8,
            len: usize,
            out: Out<'_, Item>,
        ) -> bool {
            // SAFETY: the header asks for so many bytes.
            let Ok(name) = (unsafe { border::text(name, len) }) else { return false };
            let found = ty.$find(&engine.engine, name);
            found.and_then(|item| Item::new(item.ty)).map(|item| out.write(item)).is_some()
        }

        #[unsafe(no_mangle)]
        extern "C" fn $nth(
            ty: &$ty,
            engine: &CEngine,
            index: usize,
            name: Out<'_, *const c_char>,
            len: Out<'_, usize>,
            out: Out<'_, Item>,
        ) -> bool {
            let found = ty.$list(&engine.engine).nth(index);
            let item = name_at(found, name, len).and_then(|item| Item::new(item.ty));
            item.map(|item| out.write(item)).is_some()
        }
    };
}

items!(types::Component: imports get_import, wasmtime_component_type_import_count
    wasmtime_component_type_import_get wasmtime_component_type_import_nth);
items!(types::Component: exports get_export, wasmtime_component_type_export_count
    wasmtime_component_type_export_get wasmtime_component_type_export_nth);
items!(types::ComponentInstance: exports get_export, wasmtime_component_instance_type_export_count
    wasmtime_component_instance_type_export_get wasmtime_component_instance_type_export_nth);

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_type_clone(ty: &types::Component) -> Box<types::Component> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_type_delete(ty: Option<Box<types::Component>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_instance_type_clone(
    ty: &types::ComponentInstance,
) -> Box<types::ComponentInstance> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_instance_type_delete(ty: Option<Box<types::ComponentInstance>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_type_clone(ty: &types::Module) -> Box<types::Module> {
    Box::new(ty.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_type_delete(ty: Option<Box<types::Module>>) {
    drop(ty);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_type_import_count(ty: &types::Module, engine: &CEngine) -> usize {
    ty.imports(&engine.engine).len()
}

/// Null if there are fewer.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_type_import_nth(
    ty: &types::Module,
    engine: &CEngine,
    index: usize,
) -> Option<Box<CImportType>> {
    let ((module, name), ty) = ty.imports(&engine.engine).nth(index)?;
    Some(Box::new(CImportType::new(module, name, ty)))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_type_export_count(ty: &types::Module, engine: &CEngine) -> usize {
    ty.exports(&engine.engine).len()
}

/// Null if there are fewer.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_module_type_export_nth(
    ty: &types::Module,
    engine: &CEngine,
    index: usize,
) -> Option<Box<CExportType>> {
    let (name, ty) = ty.exports(&engine.engine).nth(index)?;
    Some(Box::new(CExportType::new(name, ty)))
}
