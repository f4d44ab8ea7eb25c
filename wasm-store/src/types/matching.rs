//! Whether the type that is provided matches the type that is expected (Wasm 3.0, section 3.3).
//! Errors name both.

use wasm_types::{GlobalType, HeapType, MemoryType, RefType, TableType, TypeKind, ValType};

use super::func_type::FuncType;
use super::registry::TypeRegistry;
use super::tag_type::TagType;
use super::{GlobalType as ApiGlobalType, MemoryType as ApiMemoryType, TableType as ApiTableType};
use crate::engine::Engine;
use crate::error::Result;

/// The canonical type of an item that is provided for an import. Tables and memories have their
/// current size as their minimum.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CanonicalType {
    /// A function, by the id of its type.
    Func(u32),
    /// A global.
    Global(GlobalType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A tag, by the id of its type.
    Tag(u32),
}

impl CanonicalType {
    /// The kind, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            CanonicalType::Func(_) => "function",
            CanonicalType::Global(_) => "global",
            CanonicalType::Table(_) => "table",
            CanonicalType::Memory(_) => "memory",
            CanonicalType::Tag(_) => "tag",
        }
    }

    /// The type in the text format.
    pub(crate) fn describe(&self, engine: &Engine) -> String {
        match self {
            CanonicalType::Func(id) => match engine.types().get(*id) {
                Some(super::Canonical::Func(record)) => {
                    FuncType::from_record(engine, record).to_string()
                }
                _ => "(func)".to_string(),
            },
            CanonicalType::Global(ty) => ApiGlobalType::from_canonical(engine, *ty).to_string(),
            CanonicalType::Table(ty) => ApiTableType::from_canonical(engine, *ty).to_string(),
            CanonicalType::Memory(ty) => ApiMemoryType::from_canonical(*ty).to_string(),
            CanonicalType::Tag(id) => match engine.types().get(*id) {
                Some(super::Canonical::Func(record)) => {
                    TagType::new(FuncType::from_record(engine, record)).to_string()
                }
                _ => "(tag)".to_string(),
            },
        }
    }
}

/// Checks that the item that is provided has the type that is expected.
pub(crate) fn import(
    engine: &Engine,
    wanted: &CanonicalType,
    provided: &CanonicalType,
) -> Result<()> {
    let types = Some(engine.types());
    let reason = match (wanted, provided) {
        (CanonicalType::Func(wanted), CanonicalType::Func(provided)) => {
            if engine.types().is_subtype(*provided, *wanted) {
                return Ok(());
            }
            None
        }
        (CanonicalType::Global(wanted), CanonicalType::Global(provided)) => {
            global_mismatch(types, wanted, provided)
        }
        (CanonicalType::Table(wanted), CanonicalType::Table(provided)) => {
            table_mismatch(wanted, provided)
        }
        (CanonicalType::Memory(wanted), CanonicalType::Memory(provided)) => {
            memory_mismatch(wanted, provided)
        }
        (CanonicalType::Tag(wanted), CanonicalType::Tag(provided)) => {
            if wanted == provided {
                return Ok(());
            }
            None
        }
        (wanted, provided) => {
            crate::bail!(
                "types incompatible: expected a {} of type `{}`, found a {} of type `{}`",
                wanted.kind(),
                wanted.describe(engine),
                provided.kind(),
                provided.describe(engine)
            );
        }
    };
    let reason = match reason {
        Some("") => return Ok(()),
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    };
    crate::bail!(
        "{} types incompatible: expected type `{}`, found type `{}`{reason}",
        wanted.kind(),
        wanted.describe(engine),
        provided.describe(engine),
    )
}

/// Why a global does not match; an empty reason if it does.
fn global_mismatch(
    types: Option<&TypeRegistry>,
    wanted: &GlobalType,
    provided: &GlobalType,
) -> Option<&'static str> {
    Some(if wanted.mutable != provided.mutable {
        if wanted.mutable { "a mutable global is wanted" } else { "an immutable global is wanted" }
    } else if wanted.mutable && wanted.content != provided.content {
        // If a global can be written as well as read, the types must be the same.
        return None;
    } else if !val_matches(provided.content, wanted.content, types) {
        return None;
    } else {
        ""
    })
}

fn table_mismatch(wanted: &TableType, provided: &TableType) -> Option<&'static str> {
    Some(if wanted.element != provided.element {
        "their elements are of different types"
    } else if wanted.table64 != provided.table64 {
        "they are indexed with integers of different sizes"
    } else {
        let wanted = (wanted.minimum, wanted.maximum);
        limits_mismatch(wanted, (provided.minimum, provided.maximum))
    })
}

fn memory_mismatch(wanted: &MemoryType, provided: &MemoryType) -> Option<&'static str> {
    Some(if wanted.shared != provided.shared {
        "only one of them is shared"
    } else if wanted.memory64 != provided.memory64 {
        "they are addressed with integers of different sizes"
    } else if wanted.page_size_log2 != provided.page_size_log2 {
        "their pages are of different sizes"
    } else {
        let wanted = (wanted.minimum, wanted.maximum);
        limits_mismatch(wanted, (provided.minimum, provided.maximum))
    })
}

/// Why limits do not match; an empty reason if they do.
fn limits_mismatch(wanted: (u64, Option<u64>), provided: (u64, Option<u64>)) -> &'static str {
    if provided.0 < wanted.0 {
        return "it is smaller than the minimum";
    }
    match (wanted.1, provided.1) {
        (Some(_), None) => "it has no maximum",
        (Some(wanted), Some(provided)) if provided > wanted => "its maximum is too large",
        _ => "",
    }
}

/// Whether every value of one type also has the other type.
pub(crate) fn val_matches(actual: ValType, wanted: ValType, types: Option<&TypeRegistry>) -> bool {
    match (actual, wanted) {
        (ValType::Ref(actual), ValType::Ref(wanted)) => ref_matches(actual, wanted, types),
        (actual, wanted) => actual == wanted,
    }
}

/// Whether every reference of one type also has the other type.
pub(crate) fn ref_matches(actual: RefType, wanted: RefType, types: Option<&TypeRegistry>) -> bool {
    (wanted.nullable || !actual.nullable) && heap_matches(actual.heap, wanted.heap, types)
}

/// Whether everything of one heap type also has the other type. Without a registry, two concrete
/// types match only if they are the same.
pub(crate) fn heap_matches(
    actual: HeapType,
    wanted: HeapType,
    types: Option<&TypeRegistry>,
) -> bool {
    use HeapType as H;
    if actual == wanted {
        return true;
    }
    match (actual, wanted) {
        (H::Concrete(actual, _), H::Concrete(wanted, _)) => {
            types.is_some_and(|types| types.is_subtype(actual.as_u32(), wanted.as_u32()))
        }
        (H::Concrete(_, kind), wanted) => match kind {
            TypeKind::Struct => matches!(wanted, H::Struct | H::Eq | H::Any),
            TypeKind::Array => matches!(wanted, H::Array | H::Eq | H::Any),
            TypeKind::Func => wanted == H::Func,
            TypeKind::Cont => wanted == H::Cont,
        },
        (actual, H::Concrete(_, kind)) => match kind {
            TypeKind::Struct | TypeKind::Array => actual == H::None,
            TypeKind::Func => actual == H::NoFunc,
            TypeKind::Cont => actual == H::NoCont,
        },
        (H::NoFunc, H::Func) | (H::NoExtern, H::Extern) | (H::NoExn, H::Exn) => true,
        (H::NoCont, H::Cont) => true,
        (H::None, H::Any | H::Eq | H::I31 | H::Struct | H::Array) => true,
        (H::I31 | H::Struct | H::Array, H::Eq | H::Any) | (H::Eq, H::Any) => true,
        _ => false,
    }
}

/// Whether a reference type belongs to the same hierarchy as another type, so that a reference of
/// the one may turn out to be of the other.
pub(crate) fn same_hierarchy(a: RefType, b: ValType) -> bool {
    matches!(b, ValType::Ref(b) if a.heap.top() == b.heap.top())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(minimum: u64, maximum: Option<u64>) -> MemoryType {
        MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: 16 }
    }

    #[test]
    fn limits_of_what_is_provided_are_within_what_is_wanted() {
        assert_eq!(memory_mismatch(&memory(1, None), &memory(1, Some(2))), Some(""));
        assert_ne!(memory_mismatch(&memory(2, None), &memory(1, None)), Some(""));
        assert_ne!(memory_mismatch(&memory(1, Some(3)), &memory(1, None)), Some(""));
        assert_ne!(memory_mismatch(&memory(1, Some(3)), &memory(1, Some(4))), Some(""));
        assert_eq!(memory_mismatch(&memory(1, Some(3)), &memory(2, Some(3))), Some(""));
    }

    #[test]
    fn heap_types_form_five_hierarchies() {
        use HeapType as H;
        let tops = [H::Func, H::Extern, H::Any, H::Exn, H::Cont];
        let bottoms = [H::NoFunc, H::NoExtern, H::None, H::NoExn, H::NoCont];
        for (bottom, top) in bottoms.into_iter().zip(tops) {
            for other in tops {
                assert_eq!(heap_matches(bottom, other, None), other == top, "{bottom} {other}");
            }
        }
        assert!(heap_matches(H::I31, H::Eq, None) && !heap_matches(H::Eq, H::I31, None));
    }
}
