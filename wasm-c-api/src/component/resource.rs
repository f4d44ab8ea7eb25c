//! `wasmtime/component/val.h` and `types/resource.h`: resources, and their types.

#![allow(unsafe_code)]

use wasm_runtime::component::{ResourceAny, ResourceDynamic, ResourceType};

use crate::border::{Out, guarded};
use crate::error::{Failure, failure};
use crate::store::ContextMut;

/// `wasmtime_component_resource_host_t`: what makes a resource of the embedder.
#[derive(Clone, Copy)]
struct HostResource {
    owned: bool,
    rep: u32,
    ty: u32,
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_any_type(resource: &ResourceAny) -> Box<ResourceType> {
    Box::new(resource.ty())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_any_clone(resource: &ResourceAny) -> Box<ResourceAny> {
    Box::new(*resource)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_any_owned(resource: &ResourceAny) -> bool {
    resource.owned()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_any_drop(
    store: ContextMut<'_>,
    resource: &ResourceAny,
) -> Failure {
    failure(guarded(|| resource.resource_drop(store)), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_any_delete(resource: Option<Box<ResourceAny>>) {
    drop(resource);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_any_to_host(
    store: ContextMut<'_>,
    resource: &ResourceAny,
    out: Out<'_, Box<HostResource>>,
) -> Failure {
    failure(resource.try_into_resource_dynamic(store), |resource| {
        let (owned, rep, ty) = (resource.owned(), resource.rep(), resource.ty());
        out.write(Box::new(HostResource { owned, rep, ty }));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_new(
    owned: bool,
    rep: u32,
    ty: u32,
) -> Box<HostResource> {
    Box::new(HostResource { owned, rep, ty })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_clone(resource: &HostResource) -> Box<HostResource> {
    Box::new(*resource)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_rep(resource: &HostResource) -> u32 {
    resource.rep
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_type(resource: &HostResource) -> u32 {
    resource.ty
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_owned(resource: &HostResource) -> bool {
    resource.owned
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_delete(resource: Option<Box<HostResource>>) {
    drop(resource);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_host_to_any(
    store: ContextMut<'_>,
    resource: &HostResource,
    out: Out<'_, Box<ResourceAny>>,
) -> Failure {
    let dynamic = if resource.owned {
        ResourceDynamic::new_own(resource.rep, resource.ty)
    } else {
        ResourceDynamic::new_borrow(resource.rep, resource.ty)
    };
    failure(dynamic.try_into_resource_any(store), |resource| {
        out.write(Box::new(resource));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_type_new_host(ty: u32) -> Box<ResourceType> {
    Box::new(ResourceType::host_dynamic(ty))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_type_clone(ty: &ResourceType) -> Box<ResourceType> {
    Box::new(*ty)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_type_equal(a: &ResourceType, b: &ResourceType) -> bool {
    a == b
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_resource_type_delete(ty: Option<Box<ResourceType>>) {
    drop(ty);
}
