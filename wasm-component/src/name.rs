//! Names with versions, and which of them can stand for another.
//!
//! A component that was built against `wasi:io/streams@0.2.9` runs where `@0.2.12` is provided, and
//! the other way round: versions of one *track* match. A track is the major version, for `0.x` the
//! minor one; versions `0.0.x` and those with a pre-release match only themselves.

use core::cmp::Ordering;

/// A version in a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
}

/// The beginning of a name that all names of its track share, such as `wasi:io/streams@0.2`, and
/// its version; `None` for names that match only themselves.
///
/// ```
/// use wasm_component::track;
///
/// let (key, version) = track("wasi:io/streams@0.2.9").unwrap();
/// assert_eq!(key, "wasi:io/streams@0.2");
/// assert_eq!((version.major, version.minor, version.patch), (0, 2, 9));
/// assert_eq!(track("a:b/c@1.2.3").unwrap().0, "a:b/c@1");
/// assert!(track("a:b/c").is_none() && track("a:b/c@0.0.1").is_none());
/// assert!(track("a:b/c@0.2.0-rc.1").is_none());
/// ```
pub fn track(name: &str) -> Option<(&str, Version)> {
    let at = name.rfind('@')?;
    let text = name.get(at + 1..)?;
    // What was built when does not make a difference for which version it is.
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let mut numbers = text.splitn(3, '.');
    let (major, minor, patch) = (numbers.next()?, numbers.next()?, numbers.next()?);
    // Whatever follows the third number but a build is a pre-release, which has no digits only.
    let version = Version { major: number(major)?, minor: number(minor)?, patch: number(patch)? };
    let kept = match version {
        Version { major: 1.., .. } => major.len(),
        Version { minor: 1.., .. } => major.len() + 1 + minor.len(),
        _ => return None,
    };
    Some((name.get(..at + 1 + kept)?, version))
}

/// Whether one name can stand for another: they are the same, or have versions of the same track.
pub fn is_compatible(a: &str, b: &str) -> bool {
    a == b || matches!((track(a), track(b)), (Some((a, _)), Some((b, _))) if a == b)
}

/// A number as versions have it: digits, without a zero in front.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

/// Compares a name with the key of a track: equal if what follows is a dot and so may be of it.
pub(crate) fn compare_with_track(name: &str, key: &str) -> Ordering {
    match name.as_bytes().strip_prefix(key.as_bytes()) {
        Some([b'.', ..]) => Ordering::Equal,
        Some([next, ..]) => next.cmp(&b'.'),
        Some([]) => Ordering::Less,
        None => name.cmp(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_track_match_both_ways() {
        for (a, b, same) in [
            ("wasi:io/streams@0.2.9", "wasi:io/streams@0.2.12", true),
            ("wasi:io/streams@0.2.0", "wasi:io/streams@0.3.0", false),
            ("wasi:io/streams@0.2.0", "wasi:io/poll@0.2.0", false),
            ("a:b/c@1.0.0", "a:b/c@1.9.3", true),
            ("a:b/c@1.0.0", "a:b/c@2.0.0", false),
            ("a:b/c@0.0.1", "a:b/c@0.0.2", false),
            ("a:b/c@0.0.1", "a:b/c@0.0.1", true),
            ("a:b/c@1.0.0-rc", "a:b/c@1.0.0", false),
            ("a:b/c@1.0.0+x", "a:b/c@1.0.1", true),
            ("a:b/c@1.0", "a:b/c@1.0.0", false),
            ("a:b/c@01.0.0", "a:b/c@1.0.0", false),
            ("a:b/c@10.0.0", "a:b/c@1.0.0", false),
            ("a:b/c", "a:b/c@1.0.0", false),
            ("a", "a", true),
            ("", "@", false),
        ] {
            assert_eq!(is_compatible(a, b), same, "{a} {b}");
            assert_eq!(is_compatible(b, a), same, "{b} {a}");
        }
    }

    #[test]
    fn the_names_of_a_track_are_neighbours() {
        let mut names =
            ["a@0.2", "a@0.2-x", "a@0.2.0", "a@0.2.10", "a@0.2.9-rc", "a@0.20.0", "a@0.1.9", "b"];
        names.sort_unstable();
        let of_track: alloc::vec::Vec<_> =
            names.iter().map(|name| compare_with_track(name, "a@0.2")).collect();
        assert!(of_track.is_sorted(), "{names:?} {of_track:?}");
        assert_eq!(of_track.iter().filter(|order| order.is_eq()).count(), 3);
    }
}
