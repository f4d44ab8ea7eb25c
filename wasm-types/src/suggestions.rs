//! Names that are like one that was not found, for messages.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::escaped::Escaped;

/// How many are shown.
const SHOWN: usize = 3;

/// Names of more characters are not compared. Modules can have names of any length, and comparing
/// takes time that grows with the square.
const LONGEST: usize = 128;

/// How many single-character changes lead from one name to another; letter case counts little.
/// `None` if it is more than a misspelling.
pub fn distance(a: &str, b: &str) -> Option<usize> {
    let lower =
        |s: &str| s.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect::<Vec<_>>();
    let (a, b) = (lower(a), lower(b));
    let limit = a.len().max(b.len()) / 3 + 1;
    if a.len().abs_diff(b.len()) > limit || a.len().max(b.len()) > LONGEST {
        return None;
    }
    // The distance by insertions, deletions and replacements, one row of the table at a time.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    Some(row[b.len()]).filter(|distance| *distance <= limit)
}

/// `: did you mean …?` with the names that are like the one given, or nothing.
///
/// ```
/// let text = wasm_types::suggestions::misses("mian", ["main", "exit"].into_iter());
/// assert_eq!(text, ": did you mean `main`?");
/// ```
pub fn misses<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let candidates = names.filter_map(|other| Some((distance(name, other)?, other.to_string())));
    suggest(candidates.collect())
}

/// The same for names whose distance is known.
pub fn suggest(candidates: Vec<(usize, String)>) -> String {
    // Few are wanted: looking for the next one is less code than sorting, and no slower.
    let mut shown: Vec<&(usize, String)> = Vec::new();
    while shown.len() < SHOWN {
        let is_next = |of: &&_| shown.last().is_none_or(|last| of > last);
        let Some(next) = candidates.iter().filter(is_next).min() else { break };
        shown.push(next);
    }
    let quoted = |(_, name): &&(usize, String)| format!("`{}`", Escaped::new(name));
    let names: Vec<_> = shown.iter().map(quoted).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => format!(": did you mean {last}?"),
        Some((last, rest)) => format!(": did you mean {} or {last}?", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_near_and_others_are_not() {
        assert_eq!(distance("fd_write", "fd_wirte"), Some(2));
        assert_eq!(distance("fd_write", "FD_WRITE"), Some(0));
        assert_eq!(distance("fd_write", "clock_time_get"), None);
        assert_eq!(distance("", "a"), Some(1));
    }

    #[test]
    fn names_that_are_too_long_are_not_compared() {
        let (long, longer) = ("a".repeat(LONGEST), "a".repeat(LONGEST + 1));
        assert_eq!(distance(&long, &long), Some(0));
        assert_eq!(distance(&long, &longer), None);
        let huge = "a".repeat(10_000_000);
        assert_eq!(misses(&huge, core::iter::repeat_n(&*huge, 100)), "");
    }

    #[test]
    fn the_nearest_come_first() {
        let names = ["main", "mian", "memory", "man"];
        assert_eq!(misses("mein", names.into_iter()), ": did you mean `main`, `man` or `mian`?");
        assert_eq!(misses("xyzzy", names.into_iter()), "");
        assert_eq!(misses("m\n", ["m\r"].into_iter()), r": did you mean `m\r`?");
    }
}
