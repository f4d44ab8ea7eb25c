//! Imports that give access to the host's memory.

use std::collections::HashMap;
use std::rc::Rc;

use wasm_component::{Intrinsic, StringEncoding, Trampoline};
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{ComponentEntityType, ComponentFuncTypeId, ComponentValType};

use crate::adapt::AdapterOptions;
use crate::def::Def;
use crate::error::{Error, ErrorKind};
use crate::inline::Inliner;
use crate::inline::frame::Frame;
use crate::inline::items::{FuncDef, ItemDef, LiftedFunc};
use crate::types::known;

impl<'a> Inliner<'a> {
    /// What stands for an import that is an instance of such functions.
    pub(super) fn intrinsics(
        &mut self,
        frame: &mut Frame<'a>,
        import: &str,
        ty: &ComponentEntityType,
    ) -> Result<ItemDef<'a>, Error> {
        let ComponentEntityType::Instance(id) = ty else {
            return Err(bad(import, "it has to be an instance of functions"));
        };
        let types = self.out.converter.types();
        let exports = &known(types.get(*id))?.exports;
        let mut items = HashMap::with_capacity(exports.len());
        for (name, item) in exports {
            self.count(1)?;
            let (Some(of), ComponentEntityType::Func(id)) = (Intrinsic::by_name(name), item.ty)
            else {
                let message = format!("invalid unsafe intrinsic: {name:?}");
                return Err(Error::new(ErrorKind::Invalid, message));
            };
            self.check_intrinsic(import, of, id)?;
            let ty = self.out.converter.func(self.out.builder.types(), &mut frame.scope, id)?;
            let options = AdapterOptions {
                instance: frame.index,
                ancestors: Rc::clone(&frame.ancestors),
                encoding: StringEncoding::Utf8,
                memory: None,
                page_size_log2: 16,
                realloc: None,
                post_return: None,
            };
            let callee = Def::Trampoline(Trampoline::Intrinsic(of));
            let func = FuncDef::Lifted(Rc::new(LiftedFunc { callee, ty, options }));
            items.insert(name.as_str(), ItemDef::Func(func));
        }
        Ok(ItemDef::Instance(self.instance(items)?))
    }

    /// Checks that a function was declared as what it is. The names of parameters mean nothing.
    fn check_intrinsic(
        &self,
        import: &str,
        of: Intrinsic,
        id: ComponentFuncTypeId,
    ) -> Result<(), Error> {
        let types = self.out.converter.types();
        let ty = known(types.get(id))?;
        let name = of.name();
        let check = |what: &str, declared: Vec<ComponentValType>, wanted: Vec<u32>| {
            let (found, count) = (declared.len(), wanted.len());
            if found != count {
                let message = format!("function `{name}` must have {count} {what}, found {found}");
                return Err(bad(import, message));
            }
            for (place, (found, bits)) in declared.into_iter().zip(wanted).enumerate() {
                let wanted = unsigned(bits);
                if !matches!(found, ComponentValType::Primitive(found) if found == wanted) {
                    let message = format!(
                        "{what}[{place}] for function `{name}` must be `{wanted:?}`, found `{found:?}`"
                    );
                    return Err(bad(import, message));
                }
            }
            Ok(())
        };
        check("parameters", ty.params.iter().map(|(_, ty)| *ty).collect(), of.params().collect())?;
        check("results", ty.result.into_iter().collect(), of.result().into_iter().collect())
    }
}

impl LiftedFunc<'_> {
    /// Whether it gives access to the host's memory.
    pub(super) fn is_intrinsic(&self) -> bool {
        matches!(self.callee, Def::Trampoline(Trampoline::Intrinsic(_)))
    }
}

fn unsigned(bits: u32) -> PrimitiveValType {
    match bits {
        8 => PrimitiveValType::U8,
        16 => PrimitiveValType::U16,
        32 => PrimitiveValType::U32,
        _ => PrimitiveValType::U64,
    }
}

fn bad(import: &str, why: impl std::fmt::Display) -> Error {
    let message = format!("bad unsafe intrinsics import at `{import}`: {why}");
    Error::new(ErrorKind::Invalid, message)
}
