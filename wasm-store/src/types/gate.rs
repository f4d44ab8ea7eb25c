//! Where types belong: to the engine of the concrete types in them, if there are any.

use wasm_types::Escaped;

use super::{
    ArrayType, ContType, ExnType, ExternType, FieldType, FuncType, GlobalType, HeapType,
    ImportType, RefType, StorageType, StructType, TableType, TagType, ValType,
};
use crate::gate::{Belongs, Home};

/// For types, which messages show in the text format.
macro_rules! types {
    ($($ty:ty, |$it:ident| $home:expr;)*) => {$(
        impl Belongs for $ty {
            fn home(&self) -> Home<'_> {
                let $it = self;
                $home
            }

            fn what(&self) -> String {
                format!("the type `{self}`")
            }
        }
    )*};
}

types! {
    FuncType, |it| Home::Engine(it.engine());
    StructType, |it| Home::Engine(it.engine());
    ArrayType, |it| Home::Engine(it.engine());
    ContType, |it| Home::Engine(it.engine());
    ExnType, |it| Home::Engine(it.engine());
    StorageType, |it| it.as_val_type().map_or(Home::Anywhere, Belongs::home);
    FieldType, |it| it.element_type().home();
    HeapType, |it| it.engine().map_or(Home::Anywhere, Home::Engine);
    RefType, |it| it.heap_type().home();
    ValType, |it| it.as_ref().map_or(Home::Anywhere, Belongs::home);
    TagType, |it| Home::Engine(it.engine());
    GlobalType, |it| it.content().home();
    TableType, |it| it.element().home();
    ExternType, |it| match it {
        ExternType::Func(ty) => ty.home(),
        ExternType::Global(ty) => ty.home(),
        ExternType::Table(ty) => ty.home(),
        ExternType::Memory(_) => Home::Anywhere,
        ExternType::Tag(ty) => ty.home(),
    };
}

impl Belongs for ImportType<'_> {
    fn home(&self) -> Home<'_> {
        Home::Engine(self.engine)
    }

    fn what(&self) -> String {
        format!("the import `{}::{}`", Escaped::new(self.module()), Escaped::new(self.name()))
    }
}
