//! Times, and tables of them.

use std::fmt::Write as _;

/// Something that was measured on both sides.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: Times,
    pub(crate) theirs: Times,
    /// Whether it stands in a table of its own, outside the mean: a program that was written or
    /// chosen for what this project does well.
    pub(crate) is_apart: bool,
}

impl Row {
    pub(crate) fn new(name: &str) -> Self {
        let (ours, theirs) = Default::default();
        Self { name: name.to_owned(), ours, theirs, is_apart: false }
    }

    /// The ratio of the shortest times.
    pub(crate) fn ratio(&self) -> f64 {
        self.ours.minimum() / self.theirs.minimum()
    }

    fn ratio_of_medians(&self) -> f64 {
        self.ours.median() / self.theirs.median()
    }

    /// Half of the distance between the quarters of the ratios of the single turns: how far the
    /// middle half of them is spread.
    fn spread(&self) -> f64 {
        let mut ratios: Vec<f64> =
            self.ours.0.iter().zip(&self.theirs.0).map(|(ours, theirs)| ours / theirs).collect();
        ratios.sort_by(f64::total_cmp);
        let quarter =
            |quarters: usize| ratios.get((ratios.len() * quarters / 4).min(ratios.len() - 1));
        match (quarter(1), quarter(3)) {
            (Some(low), Some(high)) if ratios.len() > 1 => (high - low) / 2.0,
            _ => 0.0,
        }
    }
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

/// A table in Markdown that compares two named sides, and one more of the rows that stand apart.
/// Below 1, the first is faster.
pub(crate) fn tables(title: &str, sides: [&str; 2], unit: Unit, rows: &[Row]) -> String {
    let (apart, rows): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.is_apart);
    let mut text = table(title, sides, unit, &rows);
    if !apart.is_empty() {
        text.push('\n');
        text += &table(&format!("{title}: programs of this project's choice"), sides, unit, &apart);
    }
    text
}

fn table(title: &str, sides: [&str; 2], unit: Unit, rows: &[&Row]) -> String {
    let [first, second] = sides;
    let mut text = format!(
        "### {title}\n\n\
         | | {first} | {second} | ratio | ratio of medians | spread |\n\
         |---|--:|--:|--:|--:|--:|\n"
    );
    let mean = |each: &dyn Fn(&Row) -> f64| {
        let sum: f64 = rows.iter().map(|row| each(row).ln()).sum();
        (sum / rows.len() as f64).exp()
    };
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.3} | {:.3} | ±{:.3} |",
            row.name,
            unit.show(row.ours.minimum()),
            unit.show(row.theirs.minimum()),
            row.ratio(),
            row.ratio_of_medians(),
            row.spread()
        );
    }
    if rows.len() > 1 {
        // There is no mean for times of different things.
        let factor = |times: fn(&Row) -> &Times| match unit {
            Unit::Factor => unit.show(mean(&|row| times(row).minimum())),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "| **geometric mean of {}** | {} | {} | **{:.3}** | **{:.3}** | |",
            rows.len(),
            factor(|row| &row.ours),
            factor(|row| &row.theirs),
            mean(&Row::ratio),
            mean(&Row::ratio_of_medians)
        );
    }
    text
}
