//! Adapters: functions that one component lifts and another lowers, as core modules.
//!
//! The border between the two halves of this crate. The translator collects [`Adapter`]s, decides
//! which of them share a module and where it is instantiated, and asks [`module`] for it. What is
//! behind that function knows types, canonical options and core WebAssembly, and nothing else.
//!
//! An adapter takes what the caller passes by its canonical options, and passes it to the callee by
//! those of the callee, from memory to memory, with all checks of the canonical ABI and without the
//! host.
//!
//! * [`types`], [`shape`], [`layout`], [`measure`]: what has to be known of types.
//! * [`call`], [`item`]: what an adapter is made of. [`fused`], [`module`](self::module): the
//!   module, and what its functions share.
//! * [`function`]: an adapter as a whole. [`copy`] and the files beside it: how values are copied.
//!
//! **Strings are transcoded in the adapter** ([`string`]), rather than by functions of the host: to
//! call one costs more than to copy most strings, and the adapter has both memories at hand.
//!
//! **An adapter traps if and only if the specification does.** It copies values one after the
//! other, so it can have called `realloc` of the other side before. Nobody sees that, as a trap is
//! the end of both.

mod body;
mod call;
mod copy;
mod function;
mod fused;
mod item;
mod layout;
mod list;
mod measure;
mod memory;
mod module;
mod refusal;
mod room;
mod scalar;
mod shape;
mod string;
#[cfg(test)]
mod tests;
mod types;
mod variant;

use std::collections::HashSet;
use std::rc::Rc;

use wasm_component::{ComponentInstanceIndex, FuncTypeIndex, StringEncoding, Trampoline, Types};

use crate::def::Def;
use crate::error::Error;
use call::{Call, Memory, Side};
use fused::{Fused, fuse};
pub(crate) use room::CodeRoom;
use types::{Items, Shaper, Way};

/// A function that one component lifts and another lowers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Adapter<'a> {
    /// The core function that is called. Its signature is
    /// [`FuncType::lifted`](wasm_component::FuncType::lifted) of `lift_ty`.
    pub(crate) callee: Def<'a>,
    /// The type that the function is lifted to.
    pub(crate) lift_ty: FuncTypeIndex,
    /// How it is lifted.
    pub(crate) lift: AdapterOptions<'a>,
    /// The type that it is lowered from: that of an import of the calling component. The signature
    /// of the adapter is [`FuncType::lowered`](wasm_component::FuncType::lowered) of this type.
    pub(crate) lower_ty: FuncTypeIndex,
    /// How it is lowered.
    pub(crate) lower: AdapterOptions<'a>,
}

/// Canonical options of one side of an adapter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct AdapterOptions<'a> {
    /// The component instance of this side.
    pub(crate) instance: ComponentInstanceIndex,
    /// The component instances in which that instance is, the innermost first. A call between an
    /// instance and one that it is in can only be one that comes back to where it is already.
    pub(crate) ancestors: Rc<[ComponentInstanceIndex]>,
    /// How strings lie in memory.
    pub(crate) encoding: StringEncoding,
    /// The memory, with 32-bit addresses.
    pub(crate) memory: Option<Def<'a>>,
    /// The size of its pages is 2 to the power of this.
    pub(crate) page_size_log2: u32,
    /// What allocates in it, `(i32, i32, i32, i32) -> i32`.
    pub(crate) realloc: Option<Def<'a>>,
    /// What is called with the core results after they were read; of the lifting side only.
    pub(crate) post_return: Option<Def<'a>>,
}

/// A module of adapters.
#[derive(Debug)]
pub(crate) struct AdapterModule<'a> {
    /// The binary.
    pub(crate) wasm: Vec<u8>,
    /// What it imports, in the order of its import section.
    pub(crate) imports: Vec<AdapterImport<'a>>,
}

/// An import of a module of adapters.
#[derive(Debug)]
pub(crate) struct AdapterImport<'a> {
    /// Its first name.
    pub(crate) module: String,
    /// Its second name.
    pub(crate) name: String,
    /// What it gets. It may name other adapters only as far as the adapters' options do.
    pub(crate) def: Def<'a>,
}

/// The most adapters of a module: each can import two memories, and modules may have 100.
pub(crate) const MOST_OF_A_MODULE: usize = 50;

/// The name under which a module of adapters exports the adapter with this place in the list.
pub(crate) fn export_name(place: usize) -> String {
    place.to_string()
}

/// What adapters have to see to in a component.
#[derive(Clone, Copy)]
pub(crate) struct Needs<'n> {
    /// Whether there can be exceptions, none of which must come out of a component.
    pub(crate) exceptions: bool,
    /// The component instances whose calls have values of their own (`context.get`): there each
    /// call of `realloc` has its own, too.
    pub(crate) contexts: &'n HashSet<ComponentInstanceIndex>,
}

/// Makes a module that exports each of these adapters, under its [`export_name`]. They are at most
/// [`MOST_OF_A_MODULE`].
///
/// # Errors
///
/// If types are too large, or take more code to copy than there is `room` for.
pub(crate) fn module<'a>(
    types: Types<'_>,
    needs: Needs<'_>,
    adapters: &[&Adapter<'a>],
    room: &mut CodeRoom,
) -> Result<AdapterModule<'a>, Error> {
    let mut items = Items::default();
    let mut shaper = Shaper::new(types);
    let calls = adapters
        .iter()
        .map(|adapter| adapter.call(types, needs, &mut shaper, &mut items))
        .collect::<Result<Vec<_>, _>>()?;
    let Fused { wasm, imports } = fuse(&shaper.shapes, &calls, room, &mut |code| items.trap(code))?;
    let imports = (0..)
        .zip(imports)
        .filter_map(|(place, item): (usize, _)| {
            let def = items.get(item)?.clone();
            Some(AdapterImport { module: String::new(), name: place.to_string(), def })
        })
        .collect();
    Ok(AdapterModule { wasm, imports })
}

impl<'a> Adapter<'a> {
    /// What there is to fuse, by numbers and shapes.
    fn call<'t>(
        &self,
        types: Types<'t>,
        needs: Needs<'_>,
        shaper: &mut Shaper<'t>,
        items: &mut Items<'a>,
    ) -> Result<Call, Error> {
        let (caller, callee) = (self.lower.instance, self.lift.instance);
        let params = types.func(self.lower_ty)?.params();
        let params = params.iter().map(|param| Ok(param?.ty));
        let there = Way { from: caller, to: callee };
        let params = shaper.record(params, there, items)?;
        let params = shaper.shapes.add(params);
        let back = Way { from: callee, to: caller };
        let result = types.func(self.lift_ty)?.result()?;
        let result = result.map(|ty| shaper.shape(ty, back, items)).transpose()?;
        let borrows = shaper.shapes.has_borrows(params);
        Ok(Call {
            caller: self.lower.side(needs, items),
            callee: self.lift.side(needs, items),
            function: items.add(self.callee.clone()),
            post_return: self.lift.post_return.clone().map(|def| items.add(def)),
            params,
            result,
            scope: borrows.then(|| {
                let enter = items.trampoline(Trampoline::ResourceEnterCall);
                (enter, items.trampoline(Trampoline::ResourceExitCall))
            }),
            recursive: caller == callee
                || self.lift.ancestors.contains(&caller)
                || self.lower.ancestors.contains(&callee),
            exceptions: needs.exceptions,
        })
    }
}

impl<'a> AdapterOptions<'a> {
    /// The options by numbers.
    fn side(&self, needs: Needs<'_>, items: &mut Items<'a>) -> Side {
        Side {
            flags: items.add(Def::Flags(self.instance)),
            memory: self
                .memory
                .clone()
                .map(|def| Memory { item: items.add(def), page_size_log2: self.page_size_log2 }),
            realloc: self.realloc.clone().map(|def| items.add(def)),
            encoding: self.encoding,
            contexts: needs.contexts.contains(&self.instance),
        }
    }
}
