//! The order of segments: those that code refers to keep their indices.

/// Arranges segments. `old` has, for each segment of the input, what remains of it.
///
/// If code refers to segments, those that remain keep their indices, and new segments fill the gaps
/// and follow. If there are not enough new ones, the gaps left get empty segments. Otherwise the
/// remaining segments move together. Both ways keep the order among the remaining segments. Returns
/// the segments, and the new index for each old one.
pub(super) fn arrange<T>(
    mut old: Vec<Option<T>>,
    named: bool,
    new: Vec<T>,
    empty: impl Fn() -> T,
) -> (Vec<T>, Vec<Option<u32>>) {
    let count = old.len();
    let used = old.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    old.truncate(used);
    let mut places = vec![None; count];
    let mut segments = Vec::with_capacity(used + new.len());
    let mut new = new.into_iter();
    for (segment, place) in old.into_iter().zip(&mut places) {
        match segment {
            Some(segment) => {
                // An index space has fewer than 2^32 segments.
                *place = Some(segments.len() as u32);
                segments.push(segment);
            }
            None if named => segments.push(new.next().unwrap_or_else(&empty)),
            None => {}
        }
    }
    segments.extend(new);
    (segments, places)
}

/// How many new segments fit, if there may be at most `limit` segments.
pub(super) fn room<T>(old: &[Option<T>], limit: usize) -> usize {
    limit.saturating_sub(old.iter().flatten().count())
}

#[cfg(test)]
mod tests {
    use super::arrange;

    #[test]
    fn what_is_named_keeps_its_index() {
        let old = vec![None, Some('a'), None, Some('b'), None];
        let (segments, places) = arrange(old.clone(), true, vec!['x'], || '-');
        assert_eq!(segments, ['x', 'a', '-', 'b']);
        assert_eq!(places, [None, Some(1), None, Some(3), None]);
        let (segments, places) = arrange(old, false, vec!['x'], || '-');
        assert_eq!(segments, ['a', 'b', 'x']);
        assert_eq!(places, [None, Some(0), None, Some(1), None]);
    }

    #[test]
    fn new_ones_follow_when_the_gaps_are_full() {
        let (segments, _) = arrange(vec![None, Some('a')], true, vec!['x', 'y', 'z'], || '-');
        assert_eq!(segments, ['x', 'a', 'y', 'z']);
    }
}
