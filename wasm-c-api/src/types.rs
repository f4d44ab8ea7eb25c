//! Types: those of `wasm.h` (a file for each), and the heap types of `wasmtime/types/*.h`.

mod externtype;
pub(crate) mod gctypes;
pub(crate) mod heaptype;
mod importexport;
mod kinds;
mod memorytype;
mod valtype;

pub(crate) use externtype::CExternType;
#[cfg(feature = "component")]
pub(crate) use importexport::{CExportType, CImportType};
pub(crate) use importexport::{ExportTypes, ImportTypes};
pub(crate) use valtype::{CValType, ValTypes};

/// The functions that each kind of type has beside its vectors: freeing and copying.
macro_rules! type_family {
    ($ty:ty: $delete:ident $copy:ident $($vectors:ident)*) => {
        #[unsafe(no_mangle)]
        extern "C" fn $delete(ty: Option<Box<$ty>>) {
            drop(ty);
        }

        #[unsafe(no_mangle)]
        extern "C" fn $copy(ty: &$ty) -> Box<$ty> {
            Box::new(ty.clone())
        }

        $crate::vec::vec_family!(Option<Box<$ty>>: $($vectors)*);
    };
}

use type_family;
