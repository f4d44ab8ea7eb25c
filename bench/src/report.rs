//! Times, and tables of them.

use std::fmt::Write as _;

/// Something that was measured on both sides.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: Times,
    pub(crate) theirs: Times,
}

/// All measurements of one side, in seconds. Whole nanoseconds would be too coarse for calls.
#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn push(&mut self, time: f64) {
        self.0.push(time);
    }

    fn minimum(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    fn median(&self) -> f64 {
        let mut times = self.0.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The unit that times are shown in.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// For bytes, not for times.
    Kilobytes,
    /// A ratio of times.
    Factor,
}

impl Unit {
    fn show(self, seconds: f64) -> String {
        match self {
            Unit::Milliseconds => format!("{:.2} ms", seconds * 1e3),
            Unit::Microseconds => format!("{:.2} µs", seconds * 1e6),
            Unit::Nanoseconds => format!("{:.2} ns", seconds * 1e9),
            Unit::Kilobytes => format!("{:.1} KB", seconds / 1e3),
            Unit::Factor => format!("{seconds:.3}"),
        }
    }
}

/// A table in Markdown that compares two named sides. Below 1, the first is faster.
pub(crate) fn table(title: &str, sides: [&str; 2], unit: Unit, rows: &[Row]) -> String {
    let [first, second] = sides;
    let mut text = format!(
        "### {title}\n\n\
         | | {first} | {second} | ratio | ratio of medians |\n\
         |---|--:|--:|--:|--:|\n"
    );
    let (mut minima, mut medians) = (0.0, 0.0);
    for row in rows {
        let (ours, theirs) = (row.ours.minimum(), row.theirs.minimum());
        let median = row.ours.median() / row.theirs.median();
        minima += (ours / theirs).ln();
        medians += median.ln();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.2} | {median:.2} |",
            row.name,
            unit.show(ours),
            unit.show(theirs),
            ours / theirs
        );
    }
    if rows.len() > 1 {
        let count = rows.len() as f64;
        let mean = |times: fn(&Row) -> &Times| match unit {
            Unit::Factor => {
                let sum: f64 = rows.iter().map(|row| times(row).minimum().ln()).sum();
                unit.show((sum / count).exp())
            }
            // There is no mean for times of different things.
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "| **geometric mean** | {} | {} | **{:.3}** | **{:.3}** |",
            mean(|row| &row.ours),
            mean(|row| &row.theirs),
            (minima / count).exp(),
            (medians / count).exp()
        );
    }
    text
}
