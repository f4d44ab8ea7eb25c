//! References to exceptions, which are not translated yet: a module that has them where the host
//! could see them is refused. Operators that make them are refused by the environment.

use wasm_types::{CompositeType, HeapType, ParsedModule, RefType, ValType};

use crate::error::Error;

/// Refuses a module whose functions, tables or globals have references to exceptions.
pub(crate) fn check(parsed: &ParsedModule) -> Result<(), Error> {
    let module = parsed.module();
    let is_exception = |ty: &RefType| matches!(ty.heap, HeapType::Exn | HeapType::NoExn);
    let holds = |ty: &ValType| matches!(ty, ValType::Ref(ty) if is_exception(ty));
    let in_types = parsed.distinct_types().any(|ty| match &ty.composite {
        CompositeType::Func(ty) => ty.params().iter().chain(ty.results()).any(holds),
        CompositeType::Struct(_) | CompositeType::Array(_) => false,
    });
    let found = in_types
        || module.tables.iter().any(|table| is_exception(&table.element))
        || module.globals.iter().any(|global| holds(&global.content))
        || module.elements.iter().any(|segment| is_exception(&segment.ty));
    match found {
        true => Err(Error::unsupported("a type with references to exceptions (`exnref`)")),
        false => Ok(()),
    }
}
