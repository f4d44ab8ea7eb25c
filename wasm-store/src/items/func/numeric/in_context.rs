//! Host functions that take words and a context: made once, and used in many stores, each time with
//! another context.

#![allow(unsafe_code)]

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use super::super::host::HostFunc;
use super::check_numbers;
use super::host::{Body, Shape, Words};
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::{Belongs, Gate, Home};
use crate::items::Func;
use crate::store::{AsContextMut, Caller, Kept, StoreId, StoreOpaque};
use crate::types::FuncType;
use crate::vm::HostDef;
#[cfg(feature = "call-hook")]
use crate::watch::call_hook::Binding;
use crate::watch::call_hook::HookedShims;

/// Functions change data of exactly that type, so neither they nor lists of them must convert to
/// those of a subtype.
type Exactly<T, C> = PhantomData<(fn(T) -> T, fn(C) -> C)>;

/// A host function as one of a list of [`NumericFuncs`]: a closure that takes words in place of
/// values, as those of [`Func::new_numeric`] do, and a context.
pub struct NumericDef<T: 'static, C: 'static> {
    pub(super) func: HostFunc,
    pub(super) _types: Exactly<T, C>,
}

impl<T: 'static, C: Send + Sync + 'static> NumericDef<T, C> {
    /// A function of that type.
    ///
    /// # Errors
    ///
    /// If there is another type in `ty` than `i32`, `i64`, `f32` and `f64`.
    pub fn new(
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &C, &mut [u64]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        check_numbers(&ty)?;
        let func = wrap::<T, C, _>(&ty, func);
        Ok(Self { func, _types: PhantomData })
    }
}

fn wrap<T, C, F>(ty: &FuncType, func: F) -> HostFunc
where
    T: 'static,
    C: 'static,
    F: Fn(Caller<'_, T>, &C, &mut [u64]) -> Result<()> + Send + Sync + 'static,
{
    let body = Arc::new(Body::new(ty, func));
    HostFunc::of_words::<T, InContext<Body<F>, C>, F>(body, ty.clone())
}

/// Host functions that take words and a context, made once for as many stores as are wanted. With
/// [`bind`](Self::bind) they become functions of a store, all with one context there: that costs a
/// fraction of what making them does, and nothing for those that no instance imports.
///
/// ```
/// use std::sync::Arc;
/// use wasm_store::{Engine, FuncType, NumericDef, NumericFuncs, Store, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32], [ValType::I32]);
/// let add = NumericDef::new(ty, |_caller, more: &u64, slots| {
///     slots[0] += *more;
///     Ok(())
/// })?;
/// let funcs = NumericFuncs::new(&engine, [add])?;
/// for more in [1, 2] {
///     let mut store = Store::new(&engine, ());
///     let bound = funcs.bind(&mut store, Arc::new(more))?;
///     let add = bound.func(&mut store, 0).expect("the first function");
///     let add = add.numeric(&store).expect("only numbers");
///     let mut slots = [40];
///     add.call(&mut store, &mut slots)?;
///     assert_eq!(slots, [40 + more]);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Functions for data of one type are not functions for data of another, also where values of that
/// other are values of the one: they could be given what they must not have.
///
/// ```compile_fail
/// use wasm_store::NumericFuncs;
///
/// type Any = for<'a> fn(&'a str);
///
/// fn widen(funcs: NumericFuncs<fn(&'static str), ()>) -> NumericFuncs<Any, ()> {
///     funcs
/// }
/// ```
pub struct NumericFuncs<T: 'static, C: 'static> {
    engine: Engine,
    funcs: Arc<[HostFunc]>,
    _types: Exactly<T, C>,
}

impl<T: 'static, C: Send + Sync + 'static> NumericFuncs<T, C> {
    /// A list of functions.
    ///
    /// # Errors
    ///
    /// If the type of one is of another engine.
    pub fn new(
        engine: &Engine,
        funcs: impl IntoIterator<Item = NumericDef<T, C>>,
    ) -> Result<NumericFuncs<T, C>> {
        let funcs: Arc<[_]> = funcs.into_iter().map(|def| def.func).collect();
        funcs.iter().try_for_each(|func| engine.admit(func))?;
        Ok(Self { engine: engine.clone(), funcs, _types: PhantomData })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.funcs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.funcs.is_empty()
    }

    /// The functions in a store, which get that context with each call. The store keeps both.
    ///
    /// # Errors
    ///
    /// If the store is of another engine.
    pub fn bind(
        &self,
        mut store: impl AsContextMut<Data = T>,
        context: Arc<C>,
    ) -> Result<BoundFuncs> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        store.admit(self)?;
        #[cfg(feature = "async")]
        if self.funcs.iter().any(HostFunc::waits) {
            store.require_async();
        }
        let bound = Arc::new(BoundSet::new(Arc::clone(&self.funcs), context));
        store.keep_alive(Kept::Bound(Arc::clone(&bound)));
        Ok(BoundFuncs { store: store.id(), bound })
    }
}

impl<T: 'static, C: 'static> Belongs for NumericFuncs<T, C> {
    fn home(&self) -> Home<'_> {
        Home::Engine(&self.engine)
    }

    fn what(&self) -> String {
        "the list of host functions".to_string()
    }
}

/// The functions of a [`NumericFuncs`] in a store: what imports are bound to
/// ([`ImportBinding::Func`](crate::ImportBinding::Func)), or handles of functions are made of.
///
/// This must not be kept by the context that the functions get: that would never be freed.
pub struct BoundFuncs {
    store: StoreId,
    bound: Arc<BoundSet>,
}

impl BoundFuncs {
    /// A function, by its place in the list; `None` if there are fewer. Each time a handle is made,
    /// the store has one function more.
    ///
    /// # Panics
    ///
    /// If the functions are those of another store.
    pub fn func(&self, mut store: impl AsContextMut, place: usize) -> Option<Func> {
        let store: &mut StoreOpaque = store.as_context_mut().0;
        self.store.assert_is(store.id());
        let func = self.bound.funcs.get(place)?;
        let def = func.hooked.for_reference(&func.plain, store);
        // SAFETY: the functions were made for data of the store's type, when they were bound in it;
        // it keeps the definition.
        let func = unsafe { store.vm.new_host_func(def) };
        Some(Func::from_vm(store, func))
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    /// The type of a function.
    pub(crate) fn ty(&self, place: usize) -> Option<&FuncType> {
        Some(self.bound.made.get(place)?.ty())
    }

    /// The definition that an import of an instance in the functions' store is bound to.
    pub(crate) fn def(&self, store: &StoreOpaque, place: usize) -> Option<NonNull<HostDef>> {
        let func = self.bound.funcs.get(place)?;
        Some(func.hooked.for_import(&func.plain, store))
    }
}

/// Functions with their context. The store keeps them.
pub(crate) struct BoundSet {
    funcs: Box<[BoundFunc]>,
    /// What the functions were made of, in the same order.
    made: Arc<[HostFunc]>,
    /// What the functions get.
    _context: Arc<dyn Any + Send + Sync>,
}

// SAFETY: the pointers are to code, to records of types and closures that `made` keeps, to the
// context, which is kept beside them, and to places in this value. All of it can be used from every
// thread.
unsafe impl Send for BoundSet {}
// SAFETY: as above.
unsafe impl Sync for BoundSet {}

/// A function with its context. Its definitions point to its own `data`.
struct BoundFunc {
    plain: HostDef,
    hooked: HookedShims,
    data: Bound,
}

/// What the shims' data points to.
pub(super) struct Bound {
    /// The function's body.
    body: *const (),
    context: *const (),
}

// SAFETY: what the pointers lead to is used by shared references, from whatever thread the store
// runs on, and can be.
unsafe impl Send for Bound {}
// SAFETY: as above.
unsafe impl Sync for Bound {}

impl BoundSet {
    fn new<C: Send + Sync + 'static>(made: Arc<[HostFunc]>, context: Arc<C>) -> Self {
        let pointer = Arc::as_ptr(&context).cast();
        let bind = |func: &HostFunc| {
            let (plain, hooked) = func.definitions();
            BoundFunc { plain, hooked, data: Bound { body: plain.data, context: pointer } }
        };
        let mut funcs: Box<[BoundFunc]> = made.iter().map(bind).collect();
        for func in &mut funcs {
            let data = (&raw const func.data).cast();
            func.plain.data = data;
            func.hooked.set_data(data);
        }
        Self { funcs, made, _context: context }
    }

    /// How many functions there are.
    #[cfg(feature = "call-hook")]
    pub(crate) fn len(&self) -> usize {
        self.funcs.len()
    }

    /// The definition of a function for calls that are bound so.
    #[cfg(feature = "call-hook")]
    pub(crate) fn definition(&self, place: usize, binding: Binding) -> NonNull<HostDef> {
        let func = &self.funcs[place];
        func.hooked.definition(&func.plain, binding)
    }
}

/// A body `B` with a context `C`, as the shims find it.
///
/// # Invariant
///
/// There is one only where the two pointers lead to a `B` and a `C` that live as long as it. Shims
/// of this type are made with a body of this type, and bound with a context of this type, by
/// [`NumericDef`] and [`NumericFuncs`], whose parameter says which.
#[repr(transparent)]
pub(super) struct InContext<B, C> {
    bound: Bound,
    _types: PhantomData<fn(B, C)>,
}

impl<B, C> InContext<B, C> {
    #[inline(always)]
    pub(super) fn body(&self) -> &B {
        // SAFETY: the invariant.
        unsafe { &*self.bound.body.cast() }
    }

    #[inline(always)]
    pub(super) fn context(&self) -> &C {
        // SAFETY: the invariant.
        unsafe { &*self.bound.context.cast() }
    }
}

impl<T, C, F> Words<T> for InContext<Body<F>, C>
where
    T: 'static,
    C: 'static,
    F: Fn(Caller<'_, T>, &C, &mut [u64]) -> Result<()> + Send + Sync + 'static,
{
    #[inline(always)]
    fn shape(&self) -> &Shape {
        &self.body().shape
    }

    #[inline(always)]
    fn call(&self, caller: Caller<'_, T>, slots: &mut [u64]) -> Result<()> {
        (self.body().func)(caller, self.context(), slots)
    }
}

impl<T: 'static, C: 'static> Clone for NumericFuncs<T, C> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), funcs: Arc::clone(&self.funcs), _types: PhantomData }
    }
}

impl<T: 'static, C: 'static> fmt::Debug for NumericDef<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NumericDef").field(self.func.ty()).finish()
    }
}

impl<T: 'static, C: 'static> fmt::Debug for NumericFuncs<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumericFuncs").field("len", &self.funcs.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for BoundFuncs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut it = f.debug_struct("BoundFuncs");
        it.field("store", &self.store).field("len", &self.bound.funcs.len()).finish_non_exhaustive()
    }
}
