//! What of a store's data a part of the host needs.

use std::marker::PhantomData;

/// Says what of a store's data a part of the host needs: the type that a function
/// `fn(&mut T) -> D::Data<'_>` gets out of it.
///
/// `bindgen!` asks for such a type when functions are added to a linker. For the data itself, use
/// [`HasSelf`].
///
/// ```
/// use wasm_component_run::{HasData, HasSelf};
///
/// /// A view of the store's data.
/// struct View<'a> {
///     count: &'a mut u32,
///     name: &'a str,
/// }
///
/// struct HasView;
///
/// impl HasData for HasView {
///     type Data<'a> = View<'a>;
/// }
///
/// fn use_data<T, D: HasData>(data: &mut T, view: fn(&mut T) -> D::Data<'_>) {
///     let _ = view(data);
/// }
///
/// let mut data = (1, "one".to_owned());
/// use_data::<_, HasView>(&mut data, |(count, name)| View { count, name });
/// use_data::<_, HasSelf<_>>(&mut data, |data| data);
/// ```
pub trait HasData: 'static {
    /// What is needed.
    type Data<'a>;
}

/// The data itself is what is needed.
#[derive(Debug)]
pub struct HasSelf<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + 'static> HasData for HasSelf<T> {
    type Data<'a> = &'a mut T;
}
