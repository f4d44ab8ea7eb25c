//! The layers that an error is made of, behind one trait object.

use std::any::{Any, TypeId};
use std::error::Error as StdError;
use std::fmt;

use super::Error;

/// A layer of an error.
pub(super) trait Object: Send + Sync + 'static {
    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static);
    fn into_std(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static>;
    /// The value of the given type in this layer or below.
    fn find(&self, ty: TypeId) -> Option<&dyn Any>;
    fn find_mut(&mut self, ty: TypeId) -> Option<&mut dyn Any>;
    /// Whether [`Object::take`] will have a value of the given type.
    fn owns(&self, ty: TypeId) -> bool;
    fn take(self: Box<Self>, ty: TypeId) -> Option<Box<dyn Any>>;
    /// The same as an error of the crate `anyhow`.
    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error;
}

/// A value of an error type.
pub(super) struct PlainObject<E>(pub(super) E);

impl<E: StdError + Send + Sync + 'static> Object for PlainObject<E> {
    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &self.0
    }

    fn into_std(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        Box::new(self.0)
    }

    fn find(&self, ty: TypeId) -> Option<&dyn Any> {
        (ty == TypeId::of::<E>()).then_some(&self.0 as &dyn Any)
    }

    fn find_mut(&mut self, ty: TypeId) -> Option<&mut dyn Any> {
        (ty == TypeId::of::<E>()).then_some(&mut self.0 as &mut dyn Any)
    }

    fn owns(&self, ty: TypeId) -> bool {
        ty == TypeId::of::<E>()
    }

    fn take(self: Box<Self>, _: TypeId) -> Option<Box<dyn Any>> {
        Some(Box::new(self.0))
    }

    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error {
        anyhow::Error::new(self.0)
    }
}

/// A message.
pub(super) struct MessageObject<M>(pub(super) M);

impl<M: fmt::Display + fmt::Debug + Send + Sync + 'static> Object for MessageObject<M> {
    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_std(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn find(&self, ty: TypeId) -> Option<&dyn Any> {
        (ty == TypeId::of::<M>()).then_some(&self.0 as &dyn Any)
    }

    fn find_mut(&mut self, ty: TypeId) -> Option<&mut dyn Any> {
        (ty == TypeId::of::<M>()).then_some(&mut self.0 as &mut dyn Any)
    }

    fn owns(&self, ty: TypeId) -> bool {
        ty == TypeId::of::<M>()
    }

    fn take(self: Box<Self>, _: TypeId) -> Option<Box<dyn Any>> {
        Some(Box::new(self.0))
    }

    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error {
        anyhow::Error::msg(self.0)
    }
}

impl<M: fmt::Display + fmt::Debug> fmt::Debug for MessageObject<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl<M: fmt::Display> fmt::Display for MessageObject<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<M: fmt::Display + fmt::Debug> StdError for MessageObject<M> {}

/// An error that came in a box.
pub(super) struct BoxedObject(pub(super) Box<dyn StdError + Send + Sync + 'static>);

impl Object for BoxedObject {
    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    fn into_std(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self.0
    }

    fn find(&self, ty: TypeId) -> Option<&dyn Any> {
        (ty == TypeId::of::<Box<dyn StdError + Send + Sync + 'static>>())
            .then_some(&self.0 as &dyn Any)
    }

    fn find_mut(&mut self, ty: TypeId) -> Option<&mut dyn Any> {
        (ty == TypeId::of::<Box<dyn StdError + Send + Sync + 'static>>())
            .then_some(&mut self.0 as &mut dyn Any)
    }

    fn owns(&self, ty: TypeId) -> bool {
        ty == TypeId::of::<Box<dyn StdError + Send + Sync + 'static>>()
    }

    fn take(self: Box<Self>, _: TypeId) -> Option<Box<dyn Any>> {
        Some(Box::new(self.0))
    }

    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error {
        anyhow::Error::from_boxed(self.0)
    }
}

/// A layer of context around an error.
pub(super) struct ContextObject<C> {
    pub(super) context: C,
    pub(super) inner: Error,
}

impl<C: fmt::Display + fmt::Debug + Send + Sync + 'static> Object for ContextObject<C> {
    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_std(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn find(&self, ty: TypeId) -> Option<&dyn Any> {
        if ty == TypeId::of::<C>() { Some(&self.context) } else { self.inner.object.find(ty) }
    }

    fn find_mut(&mut self, ty: TypeId) -> Option<&mut dyn Any> {
        if ty == TypeId::of::<C>() {
            Some(&mut self.context)
        } else {
            self.inner.object.find_mut(ty)
        }
    }

    fn owns(&self, ty: TypeId) -> bool {
        ty == TypeId::of::<C>() || self.inner.object.owns(ty)
    }

    fn take(self: Box<Self>, ty: TypeId) -> Option<Box<dyn Any>> {
        if ty == TypeId::of::<C>() {
            Some(Box::new(self.context))
        } else {
            self.inner.object.take(ty)
        }
    }

    #[cfg(feature = "anyhow")]
    fn into_anyhow(self: Box<Self>) -> anyhow::Error {
        anyhow::Error::from(self.inner).context(self.context)
    }
}

impl<C: fmt::Display + fmt::Debug> fmt::Debug for ContextObject<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl<C: fmt::Display> fmt::Display for ContextObject<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)
    }
}

impl<C: fmt::Display + fmt::Debug> StdError for ContextObject<C> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.inner.as_std())
    }
}
