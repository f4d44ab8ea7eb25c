//! Feature flags as wasmparser has them.

use crate::features::WasmFeatures;

/// Each flag of ours with the one of wasmparser. It has none for branch hints: nothing that is
/// valid depends on them. That of components themselves is left out: with it, a validator of
/// modules would take a component.
const FLAGS: [(WasmFeatures, wasmparser::WasmFeatures); 29] = [
    (WasmFeatures::MUTABLE_GLOBAL, wasmparser::WasmFeatures::MUTABLE_GLOBAL),
    (WasmFeatures::SATURATING_FLOAT_TO_INT, wasmparser::WasmFeatures::SATURATING_FLOAT_TO_INT),
    (WasmFeatures::SIGN_EXTENSION, wasmparser::WasmFeatures::SIGN_EXTENSION),
    (WasmFeatures::MULTI_VALUE, wasmparser::WasmFeatures::MULTI_VALUE),
    (WasmFeatures::REFERENCE_TYPES, wasmparser::WasmFeatures::REFERENCE_TYPES),
    (WasmFeatures::BULK_MEMORY, wasmparser::WasmFeatures::BULK_MEMORY),
    (WasmFeatures::SIMD, wasmparser::WasmFeatures::SIMD),
    (WasmFeatures::RELAXED_SIMD, wasmparser::WasmFeatures::RELAXED_SIMD),
    (WasmFeatures::TAIL_CALL, wasmparser::WasmFeatures::TAIL_CALL),
    (WasmFeatures::EXTENDED_CONST, wasmparser::WasmFeatures::EXTENDED_CONST),
    (WasmFeatures::MULTI_MEMORY, wasmparser::WasmFeatures::MULTI_MEMORY),
    (WasmFeatures::MEMORY64, wasmparser::WasmFeatures::MEMORY64),
    (WasmFeatures::THREADS, wasmparser::WasmFeatures::THREADS),
    (WasmFeatures::EXCEPTIONS, wasmparser::WasmFeatures::EXCEPTIONS),
    (WasmFeatures::FUNCTION_REFERENCES, wasmparser::WasmFeatures::FUNCTION_REFERENCES),
    (WasmFeatures::GC, wasmparser::WasmFeatures::GC),
    (WasmFeatures::CUSTOM_PAGE_SIZES, wasmparser::WasmFeatures::CUSTOM_PAGE_SIZES),
    (WasmFeatures::WIDE_ARITHMETIC, wasmparser::WasmFeatures::WIDE_ARITHMETIC),
    (WasmFeatures::COMPACT_IMPORTS, wasmparser::WasmFeatures::COMPACT_IMPORTS),
    (WasmFeatures::LEGACY_EXCEPTIONS, wasmparser::WasmFeatures::LEGACY_EXCEPTIONS),
    (WasmFeatures::COMPONENT_MODEL_MAP, wasmparser::WasmFeatures::CM_MAP),
    (
        WasmFeatures::COMPONENT_MODEL_FIXED_LENGTH_LISTS,
        wasmparser::WasmFeatures::CM_FIXED_LENGTH_LISTS,
    ),
    (WasmFeatures::STACK_SWITCHING, wasmparser::WasmFeatures::STACK_SWITCHING),
    (WasmFeatures::COMPONENT_MODEL_ASYNC, wasmparser::WasmFeatures::CM_ASYNC),
    (
        WasmFeatures::COMPONENT_MODEL_MORE_ASYNC_BUILTINS,
        wasmparser::WasmFeatures::CM_MORE_ASYNC_BUILTINS,
    ),
    (WasmFeatures::COMPONENT_MODEL_ASYNC_STACKFUL, wasmparser::WasmFeatures::CM_ASYNC_STACKFUL),
    (WasmFeatures::COMPONENT_MODEL_THREADING, wasmparser::WasmFeatures::CM_THREADING),
    (WasmFeatures::COMPONENT_MODEL_ERROR_CONTEXT, wasmparser::WasmFeatures::CM_ERROR_CONTEXT),
    (WasmFeatures::COMPONENT_MODEL_IMPLEMENTS, wasmparser::WasmFeatures::CM_IMPLEMENTS),
];

/// The flags as wasmparser has them. Floats and managed references are not proposals and always on.
impl From<WasmFeatures> for wasmparser::WasmFeatures {
    fn from(features: WasmFeatures) -> Self {
        FLAGS
            .iter()
            .filter(|(ours, _)| features.contains(*ours))
            .fold(Self::MVP, |all, (_, theirs)| all | *theirs)
    }
}

/// The flags that both have; others are left out.
impl From<wasmparser::WasmFeatures> for WasmFeatures {
    fn from(features: wasmparser::WasmFeatures) -> Self {
        FLAGS
            .iter()
            .filter(|(_, theirs)| features.contains(*theirs))
            .fold(Self::empty(), |all, (ours, _)| all | *ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_goes_there_and_back() {
        let without = WasmFeatures::BRANCH_HINTING | WasmFeatures::COMPONENT_MODEL;
        for flag in (WasmFeatures::all() - without).iter() {
            let theirs = wasmparser::WasmFeatures::from(flag);
            assert_ne!(theirs, wasmparser::WasmFeatures::MVP, "{flag:?} has no counterpart");
            assert_eq!(WasmFeatures::from(theirs), flag);
        }
    }

    #[test]
    fn versions_of_the_specification_agree() {
        let theirs = |ours: WasmFeatures| wasmparser::WasmFeatures::from(ours);
        assert_eq!(theirs(WasmFeatures::WASM1), wasmparser::WasmFeatures::WASM1);
        assert_eq!(theirs(WasmFeatures::WASM2), wasmparser::WasmFeatures::WASM2);
    }
}
