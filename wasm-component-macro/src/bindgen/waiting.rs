//! Refuses what needs the asynchronous part of the component model.
//!
//! The generator knows it, and would emit names that this API does not have.

use std::collections::HashSet;

use wit_parser_of_generator::{
    Function, FunctionKind, InterfaceId, Resolve, Type, TypeDefKind, TypeId, WorldId, WorldItem,
};

use super::output::PLACEHOLDER;

/// What the generator emits for functions that run at the same time as others.
const NAMES: &[&str] =
    &["Accessor", "ErrorContext", "FutureReader", "HostFuture", "HostStream", "StreamReader"];

/// Refuses a world that imports or exports something asynchronous, and names it.
pub(super) fn refuse(resolve: &Resolve, world: WorldId) -> Result<(), String> {
    let mut search = Search { resolve, seen: HashSet::new() };
    let world = &resolve.worlds[world];
    for (key, item) in world.imports.iter().chain(&world.exports) {
        match item {
            WorldItem::Interface { id, .. } => search.interface(*id),
            WorldItem::Function(function) => search.function(function),
            WorldItem::Type { id, .. } => search.type_def(*id),
        }
        .map_err(|what| {
            format!(
                "`{}` has {what}, which needs the asynchronous part of the component model (WASI \
                 0.3), which is not supported",
                resolve.name_world_key(key)
            )
        })?;
    }
    Ok(())
}

/// Refuses what was emitted if it needs an API that is not there, whatever the reason.
pub(super) fn refuse_emitted(emitted: &str) -> Result<(), String> {
    let path = format!("{PLACEHOLDER}::component::");
    for (at, _) in emitted.match_indices(&path) {
        let rest = &emitted[at + path.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        if NAMES.contains(&name) {
            return Err(format!(
                "these bindings need `{name}`, which is of the asynchronous part of the component \
                 model, which is not supported: `async` and `store` can't both be asked of a \
                 function"
            ));
        }
    }
    Ok(())
}

struct Search<'a> {
    resolve: &'a Resolve,
    seen: HashSet<TypeId>,
}

impl Search<'_> {
    fn interface(&mut self, id: InterfaceId) -> Result<(), String> {
        let interface = &self.resolve.interfaces[id];
        interface.types.values().try_for_each(|id| self.type_def(*id))?;
        interface.functions.values().try_for_each(|function| self.function(function))
    }

    fn function(&mut self, function: &Function) -> Result<(), String> {
        match function.kind {
            FunctionKind::AsyncFreestanding
            | FunctionKind::AsyncMethod(_)
            | FunctionKind::AsyncStatic(_) => {
                return Err(format!("the asynchronous function `{}`", function.name));
            }
            FunctionKind::Freestanding
            | FunctionKind::Method(_)
            | FunctionKind::Static(_)
            | FunctionKind::Constructor(_) => {}
        }
        function.parameter_and_result_types().try_for_each(|ty| self.ty(&ty))
    }

    fn ty(&mut self, ty: &Type) -> Result<(), String> {
        match ty {
            Type::Id(id) => self.type_def(*id),
            Type::ErrorContext => Err("an `error-context`".to_owned()),
            _ => Ok(()),
        }
    }

    fn type_def(&mut self, id: TypeId) -> Result<(), String> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        match &self.resolve.types[id].kind {
            TypeDefKind::Record(record) => record.fields.iter().try_for_each(|f| self.ty(&f.ty)),
            TypeDefKind::Tuple(tuple) => tuple.types.iter().try_for_each(|ty| self.ty(ty)),
            TypeDefKind::Variant(variant) => {
                variant.cases.iter().flat_map(|case| &case.ty).try_for_each(|ty| self.ty(ty))
            }
            TypeDefKind::Result(result) => {
                result.ok.iter().chain(&result.err).try_for_each(|ty| self.ty(ty))
            }
            TypeDefKind::Map(key, value) => [key, value].into_iter().try_for_each(|ty| self.ty(ty)),
            TypeDefKind::Option(ty)
            | TypeDefKind::List(ty)
            | TypeDefKind::FixedLengthList(ty, _)
            | TypeDefKind::Type(ty) => self.ty(ty),
            TypeDefKind::Future(_) => Err("a `future`".to_owned()),
            TypeDefKind::Stream(_) => Err("a `stream`".to_owned()),
            TypeDefKind::Handle(_)
            | TypeDefKind::Resource
            | TypeDefKind::Flags(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Unknown => Ok(()),
        }
    }
}
