//! Comparing with what an earlier run printed, so that a change that makes one program slower is
//! seen although the others hide it in the mean.
//!
//! What is compared are the ratios of both sides, each of which was measured in turns with its
//! peer: another day, or another load of the machine, makes less of a difference to them than to
//! times.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::report::Row;

/// A ratio that differs by more than this from that of before is a change.
const NOTABLE: f64 = 0.03;

/// What an earlier run printed: the ratios, by the titles of tables and the names of rows.
pub(crate) struct Earlier(HashMap<(String, String), f64>);

impl Earlier {
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        Ok(Self::parse(&std::fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        let mut ratios = HashMap::new();
        let mut title = "";
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("### ") {
                title = heading.split(':').next().unwrap_or(heading);
            }
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let ["", name, _, _, ratio, ..] = cells.as_slice()
                && let Ok(ratio) = ratio.parse()
            {
                ratios.insert((title.to_owned(), (*name).to_owned()), ratio);
            }
        }
        Self(ratios)
    }

    /// What differs from before, as text, and whether anything is notably slower.
    pub(crate) fn compare(&self, title: &str, rows: &[Row]) -> (String, bool) {
        let title = title.split(':').next().unwrap_or(title);
        let mut changes: Vec<(&str, f64, f64)> = rows
            .iter()
            .filter_map(|row| {
                let before = self.0.get(&(title.to_owned(), row.name.clone()))?;
                Some((row.name.as_str(), *before, row.ratio()))
            })
            .collect();
        if changes.is_empty() {
            return (format!("Nothing of \"{title}\" was measured before.\n"), false);
        }
        let sum: f64 = changes.iter().map(|(_, before, now)| (now / before).ln()).sum();
        let mean = (sum / changes.len() as f64).exp();
        let mut text = format!("Against before: {mean:.3} (mean of {}).\n", changes.len());
        changes.retain(|(_, before, now)| (now / before - 1.0).abs() > NOTABLE);
        changes.sort_by(|a, b| (b.2 / b.1).total_cmp(&(a.2 / a.1)));
        for (name, before, now) in &changes {
            let _ = writeln!(text, "- {name}: {:.3} ({before:.3} → {now:.3})", now / before);
        }
        (text, changes.iter().any(|(_, before, now)| now > before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, ours: f64, theirs: f64) -> Row {
        let mut row = Row::new(name);
        row.ours.push(ours);
        row.theirs.push(theirs);
        row
    }

    #[test]
    fn what_became_slower_is_found_in_a_printed_table() {
        let before = [row("a", 0.9, 1.0), row("b", 0.5, 1.0), row("c", 1.0, 1.0)];
        let unit = crate::report::Unit::Milliseconds;
        let printed = crate::report::tables("Execution", ["we", "they"], unit, &before);
        let earlier = Earlier::parse(&printed);
        let now =
            [row("a", 0.92, 1.0), row("b", 0.55, 1.0), row("c", 0.5, 1.0), row("d", 9.0, 1.0)];
        let (text, is_slower) = earlier.compare("Execution", &now);
        assert!(is_slower);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines, ["- b: 1.100 (0.500 → 0.550)", "- c: 0.500 (1.000 → 0.500)"]);
        assert!(!earlier.compare("Execution", &now[..1]).1);
        assert!(!earlier.compare("Calls", &now).1, "what was not measured is no change");
    }
}
