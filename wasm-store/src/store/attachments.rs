//! State that a crate above this one keeps in each store, beside the host's data.

#![allow(unsafe_code)]

use std::any::{Any, TypeId, type_name};

use super::{Caller, Store, StoreContext, StoreContextMut, StoreInner, StoreOpaque};

/// The attachments of a store, the one that was asked for last first.
#[derive(Default)]
pub(super) struct Attachments(Vec<Attachment>);

struct Attachment {
    ty: TypeId,
    name: &'static str,
    value: Box<dyn Any + Send + Sync>,
}

impl Attachments {
    /// The attachment of a type. It is made if there is none.
    #[inline]
    fn of<A: Default + Send + Sync + 'static>(&mut self) -> &mut A {
        if !matches!(self.0.first(), Some(first) if first.ty == TypeId::of::<A>()) {
            self.bring_to_front(TypeId::of::<A>(), type_name::<A>(), || Box::new(A::default()));
        }
        let Some(first) = self.0.first_mut() else {
            unreachable!("an attachment that there was not was made")
        };
        debug_assert!(first.value.is::<A>());
        // SAFETY: an attachment is made with the number of its type, by this function, and this one
        // has the number of `A`.
        unsafe { &mut *std::ptr::from_mut(&mut *first.value).cast::<A>() }
    }

    /// The attachment of a type, if there is one.
    fn find<A: 'static>(&self) -> Option<&A> {
        let found = self.0.iter().find(|attachment| attachment.ty == TypeId::of::<A>())?;
        found.value.downcast_ref()
    }

    #[cold]
    #[inline(never)]
    fn bring_to_front(
        &mut self,
        ty: TypeId,
        name: &'static str,
        make: fn() -> Box<dyn Any + Send + Sync>,
    ) {
        let place = self.0.iter().position(|attachment| attachment.ty == ty).unwrap_or_else(|| {
            self.0.push(Attachment { ty, name, value: make() });
            self.0.len() - 1
        });
        self.0.swap(0, place);
    }
}

impl StoreOpaque {
    /// The name of the type of an attachment, if there is one.
    pub(crate) fn attachment_name(&self) -> Option<&'static str> {
        self.attachments.0.first().map(|attachment| attachment.name)
    }
}

impl<T: 'static> StoreInner<T> {
    #[inline]
    fn attachment_and_data<A: Default + Send + Sync + 'static>(&mut self) -> (&mut A, &mut T) {
        (self.opaque.attachments.of(), &mut self.host.data)
    }
}

impl<T: 'static> Store<T> {
    /// State of the type `A` that is kept in this store, beside its data. It is made when it is
    /// first asked for, and dropped with the store. This is for libraries that add something to all
    /// stores, whatever their data: each has a type of its own, which nobody else names, for what
    /// it keeps. To find it takes a few nanoseconds.
    ///
    /// A store with attachments can't be part of a [`Snapshot`](crate::Snapshot) or a
    /// [`Transaction`](crate::Transaction): taking one is an error that names the attachment. What
    /// is in it stays as it is when an older snapshot is restored.
    ///
    /// ```
    /// use wasm_store::{Engine, Store};
    ///
    /// #[derive(Default)]
    /// struct Calls(u64);
    ///
    /// let mut store = Store::new(&Engine::default(), "the host's data");
    /// store.attachment::<Calls>().0 += 1;
    /// let (calls, data) = store.attachment_and_data::<Calls>();
    /// assert_eq!((calls.0, *data), (1, "the host's data"));
    /// ```
    #[inline]
    pub fn attachment<A: Default + Send + Sync + 'static>(&mut self) -> &mut A {
        self.inner_mut().attachment_and_data().0
    }

    /// As [`Store::attachment`], with the data, to be changed together.
    #[inline]
    pub fn attachment_and_data<A: Default + Send + Sync + 'static>(&mut self) -> (&mut A, &mut T) {
        self.inner_mut().attachment_and_data()
    }
}

impl<'a, T: 'static> StoreContext<'a, T> {
    /// State of the type `A` that is kept in the store, if anything was: see [`Store::attachment`].
    pub fn attachment_ref<A: 'static>(&self) -> Option<&'a A> {
        self.0.opaque.attachments.find()
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    /// State of the type `A` that is kept in the store, for as long as the store is borrowed.
    #[inline]
    pub(crate) fn into_attachment<A: Default + Send + Sync + 'static>(self) -> &'a mut A {
        self.0.attachment_and_data().0
    }

    /// State of the type `A` that is kept in the store: see [`Store::attachment`].
    #[inline]
    pub fn attachment<A: Default + Send + Sync + 'static>(&mut self) -> &mut A {
        self.0.attachment_and_data().0
    }

    /// As [`StoreContextMut::attachment`], with the data, to be changed together.
    #[inline]
    pub fn attachment_and_data<A: Default + Send + Sync + 'static>(&mut self) -> (&mut A, &mut T) {
        self.0.attachment_and_data()
    }
}

impl<T: 'static> Caller<'_, T> {
    /// State of the type `A` that is kept in the store: see [`Store::attachment`].
    #[inline]
    pub fn attachment<A: Default + Send + Sync + 'static>(&mut self) -> &mut A {
        self.store.attachment()
    }

    /// As [`Caller::attachment`], with the data, to be changed together.
    #[inline]
    pub fn attachment_and_data<A: Default + Send + Sync + 'static>(&mut self) -> (&mut A, &mut T) {
        self.store.attachment_and_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AsContext, Engine, Func, Memory, MemoryType, Snapshot};

    #[derive(Default, Debug, PartialEq)]
    struct First(Vec<u32>);

    #[derive(Default, Debug, PartialEq)]
    struct Second(u64);

    /// Has no size, so that all boxes of it have one address.
    #[derive(Default, Debug, PartialEq)]
    struct Empty;

    #[test]
    fn each_type_has_one() {
        let mut store = Store::new(&Engine::default(), 7);
        for round in 0..3 {
            assert_eq!(store.attachment::<First>().0.len(), round);
            store.attachment::<First>().0.push(1);
            assert_eq!(*store.attachment::<Empty>(), Empty);
            store.attachment::<Second>().0 += 2;
        }
        let (second, data) = store.attachment_and_data::<Second>();
        *data += second.0;
        assert_eq!(*store.data(), 13);
        let mut other = Store::new(&Engine::default(), ());
        assert_eq!(other.as_context().attachment_ref::<Second>(), None);
        assert_eq!(*other.attachment::<Second>(), Second(0));
        assert_eq!(other.as_context().attachment_ref::<Second>(), Some(&Second(0)));
    }

    #[test]
    fn host_functions_have_it_too() {
        let mut store = Store::new(&Engine::default(), 1);
        let func = Func::wrap(&mut store, |mut caller: Caller<'_, u64>| {
            let (second, data) = caller.attachment_and_data::<Second>();
            second.0 += *data;
            StoreContextMut::from(caller).attachment::<First>().0.push(5);
        });
        func.call(&mut store, &[], &mut []).unwrap();
        assert_eq!(*store.attachment::<Second>(), Second(1));
        assert_eq!(*store.attachment::<First>(), First(vec![5]));
    }

    #[test]
    fn a_memory_and_another_thing_of_the_store_at_once() {
        let mut store = Store::new(&Engine::default(), ());
        let one_page = || MemoryType::new(1, None);
        let memory = Memory::new(&mut store, one_page()).unwrap();
        let other = Memory::new(&mut store, one_page()).unwrap();
        let (bytes, second) = memory.data_and_attachment::<Second, _>(&mut store);
        bytes[3] = 7;
        second.0 = u64::from(bytes[3]);
        let (from, to) = memory.data_and_other_mut(&other, &mut store).unwrap();
        to.copy_from_slice(from);
        assert_eq!(other.data(&store)[3], 7);
        assert_eq!(*store.attachment::<Second>(), Second(7));
        assert!(memory.data_and_other_mut(&memory, &mut store).is_none());
    }

    #[cfg(feature = "async")]
    #[test]
    fn what_may_wait_is_not_called_at_once() {
        use crate::FuncType;
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let ty = FuncType::new(&engine, [], []);
        let plain = Func::new_numeric(&mut store, ty.clone(), |_, _| Ok(())).unwrap();
        let waits =
            Func::new_numeric_async(&mut store, ty, |_, _| Box::new(std::future::ready(Ok(()))));
        let (plain, waits) = (plain.numeric(&store), waits.unwrap().numeric(&store));
        assert!(plain.unwrap().call(&mut store, &mut []).is_err());
        plain.unwrap().call_at_once(&mut store, &mut []).unwrap();
        assert!(waits.unwrap().call_at_once(&mut store, &mut []).is_err());
    }

    #[test]
    fn snapshots_refuse_it_by_name() {
        let mut store = Store::new(&Engine::default(), ());
        let before = Snapshot::of_store(&mut store).unwrap();
        store.attachment::<Second>().0 = 3;
        for error in [
            Snapshot::of_store(&mut store).map(|_| ()).unwrap_err(),
            store.begin().map(|_| ()).unwrap_err(),
        ] {
            assert!(error.to_string().contains("Second"), "{error}");
        }
        before.restore(&mut store).unwrap();
        assert_eq!(*store.attachment::<Second>(), Second(3));
    }

    #[test]
    fn a_default_that_panics_leaves_nothing() {
        struct Panics;

        impl Default for Panics {
            fn default() -> Self {
                panic!("not now")
            }
        }

        let mut store = Store::new(&Engine::default(), ());
        store.attachment::<Second>().0 = 4;
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.attachment::<Panics>();
        }));
        assert!(made.is_err());
        assert_eq!(*store.attachment::<Second>(), Second(4));
    }
}
