//! Allocations of a size that a module or a guest determines. They fail with an error where the
//! machine has no room.

use crate::Error;

/// An empty list with room for this many elements. `what` says in the error what they are for.
pub(in crate::vm) fn with_room<T>(len: usize, what: &str) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    match list.try_reserve_exact(len) {
        Ok(()) => Ok(list),
        Err(_) => Err(no_room::<T>(len, what)),
    }
}

/// A copy of a list.
pub(in crate::vm) fn copied<T: Copy>(from: &[T], what: &str) -> Result<Box<[T]>, Error> {
    let mut list = with_room(from.len(), what)?;
    list.extend_from_slice(from);
    Ok(list.into())
}

/// This many elements of the same value.
pub(in crate::vm) fn filled<T: Clone>(value: T, len: usize, what: &str) -> Result<Box<[T]>, Error> {
    let mut list = with_room(len, what)?;
    list.resize(len, value);
    Ok(list.into())
}

/// Adds an element to a list.
pub(in crate::vm) fn push<T>(list: &mut Vec<T>, value: T, what: &str) -> Result<(), Error> {
    if list.try_reserve(1).is_err() {
        return Err(no_room::<T>(list.len() + 1, what));
    }
    list.push(value);
    Ok(())
}

/// Adds the elements of a slice to a list.
pub(super) fn extend<T: Copy>(list: &mut Vec<T>, from: &[T], what: &str) -> Result<(), Error> {
    if list.try_reserve(from.len()).is_err() {
        return Err(no_room::<T>(list.len().saturating_add(from.len()), what));
    }
    list.extend_from_slice(from);
    Ok(())
}

/// The error for an allocation of this many elements.
pub(in crate::vm) fn no_room<T>(len: usize, what: &str) -> Error {
    Error::msg(format!(
        "the machine has no room for {what}: {len} elements of {} bytes",
        size_of::<T>()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_is_an_error() {
        let much = isize::MAX as usize / 8;
        for error in [with_room::<u64>(much, "a test").err(), filled(1_u64, much, "a test").err()] {
            let error = error.expect("nobody has so much room").to_string();
            assert!(error.contains("a test") && error.contains("of 8 bytes"), "{error}");
        }
        assert_eq!(*copied(&[1, 2], "a test").unwrap(), [1, 2]);
        let mut list = vec![1];
        extend(&mut list, &[2, 3], "a test").unwrap();
        assert_eq!(list, [1, 2, 3]);
        assert_eq!(*filled(3, 2, "a test").unwrap(), [3, 3]);
    }
}
