//! Names that are like one that was not found, for messages.

/// How many are shown.
const SHOWN: usize = 3;

/// How many single-character changes lead from one name to another; letter case counts little. `None`
/// if it is more than a misspelling.
fn distance(a: &str, b: &str) -> Option<usize> {
    let lower = |s: &str| s.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (a, b) = (lower(a), lower(b));
    let limit = a.len().max(b.len()) / 3 + 1;
    if a.len().abs_diff(b.len()) > limit {
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
pub(crate) fn near_misses<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let candidates = names.filter_map(|other| Some((distance(name, other)?, other.to_string())));
    suggest(candidates.collect())
}

/// The same for names with a namespace: the same name elsewhere is as near as a misspelling.
pub(super) fn near_items<'a>(
    module: &str,
    name: &str,
    items: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let candidates = items.filter_map(|(other_module, other_name)| {
        let text = || format!("{other_module}::{other_name}");
        if other_module == module {
            Some((distance(name, other_name)?, text()))
        } else if other_name == name {
            Some((distance(module, other_module).unwrap_or(4), text()))
        } else {
            Some((distance(module, other_module)? + distance(name, other_name)?, text()))
        }
    });
    suggest(candidates.collect())
}

fn suggest(mut candidates: Vec<(usize, String)>) -> String {
    candidates.sort();
    let names: Vec<_> =
        candidates.iter().take(SHOWN).map(|(_, name)| format!("`{name}`")).collect();
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
    fn the_nearest_come_first() {
        let names = ["main", "mian", "memory", "man"];
        assert_eq!(
            near_misses("mein", names.into_iter()),
            ": did you mean `main`, `man` or `mian`?"
        );
        assert_eq!(near_misses("xyzzy", names.into_iter()), "");
    }

    #[test]
    fn the_same_name_in_another_namespace_is_near() {
        let items = [("wasi_snapshot_preview1", "fd_write"), ("env", "abort")];
        let text = near_items("wasi_unstable", "fd_write", items.into_iter());
        assert_eq!(text, ": did you mean `wasi_snapshot_preview1::fd_write`?");
    }
}
