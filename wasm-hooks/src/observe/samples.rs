//! Stacks that were sampled, for profiles.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use super::functions::{FunctionId, FunctionNames};
use super::text::plain;

/// A frame of a sampled stack.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SampledFrame {
    /// The function.
    pub function: FunctionId,
    /// The offset in the Wasm binary, in bytes, if it is known.
    pub offset: Option<u32>,
}

/// Stacks that were sampled, and when.
///
/// ```
/// use std::time::Duration;
/// use wasm_hooks::observe::{FunctionNames, FunctionKey, SampledFrame, Samples};
///
/// let mut names = FunctionNames::default();
/// let mut frame = |index, name: &str| SampledFrame {
///     function: names.id(FunctionKey { module: 0, index }, || name.into()),
///     offset: None,
/// };
/// let (main, work) = (frame(0, "main"), frame(1, "work"));
/// let mut samples = Samples::default();
/// let millisecond = Duration::from_millis(1);
/// samples.add(millisecond, millisecond, [main, work]);
/// samples.add(millisecond, millisecond, [main, work]);
/// samples.add(millisecond, millisecond, [main]);
/// let mut folded = Vec::new();
/// samples.write_folded(&names, &mut folded)?;
/// assert_eq!(folded, b"main 1\nmain;work 2\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct Samples {
    pub(super) frames: Vec<SampledFrame>,
    frame_numbers: HashMap<SampledFrame, u32>,
    /// Each stack is a frame on top of another stack, or an outermost frame.
    pub(super) stacks: Vec<(Option<u32>, u32)>,
    stack_numbers: HashMap<(Option<u32>, u32), u32>,
    pub(super) samples: Vec<Sample>,
    pub(super) markers: Vec<Marker>,
}

/// A stretch of time with a name.
#[derive(Clone, Debug)]
pub(super) struct Marker {
    pub(super) name: String,
    pub(super) start: Duration,
    pub(super) end: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// The time since the sample before.
    pub(super) since: Duration,
    /// The processor time since then.
    pub(super) cpu: Duration,
    /// `None` for no frame.
    pub(super) stack: Option<u32>,
}

impl Samples {
    /// Adds a stack, its outermost frame first. `since` and `cpu` are how much time and how much
    /// processor time have passed since the previous sample.
    pub fn add(
        &mut self,
        since: Duration,
        cpu: Duration,
        frames: impl IntoIterator<Item = SampledFrame>,
    ) {
        let mut stack = None;
        for frame in frames {
            let known = &mut self.frames;
            let frame = *self.frame_numbers.entry(frame).or_insert_with(|| {
                known.push(frame);
                known.len() as u32 - 1
            });
            let known = &mut self.stacks;
            let number = *self.stack_numbers.entry((stack, frame)).or_insert_with(|| {
                known.push((stack, frame));
                known.len() as u32 - 1
            });
            stack = Some(number);
        }
        self.samples.push(Sample { since, cpu, stack });
    }

    /// Adds a stretch of time that profiles show beside the stacks. Times are since sampling began.
    pub fn mark(&mut self, name: impl Into<String>, start: Duration, end: Duration) {
        self.markers.push(Marker { name: name.into(), start, end });
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Writes the stacks in the format of tools that draw flame graphs. There is a line for each
    /// stack: the names of the functions, the outermost first, separated by semicolons, then a
    /// space, then how often the stack was sampled. Lines are sorted by the names. Names are
    /// [escaped](wasm_types::Escaped), and semicolons in them become colons. Samples without any
    /// frame are left out.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write_folded(&self, names: &FunctionNames, mut out: impl io::Write) -> io::Result<()> {
        let mut counts: HashMap<u32, u64> = HashMap::new();
        for stack in self.samples.iter().filter_map(|sample| sample.stack) {
            *counts.entry(stack).or_default() += 1;
        }
        // Stacks that differ only in the offsets within functions share a line.
        let mut lines: BTreeMap<String, u64> = BTreeMap::new();
        for (stack, count) in counts {
            *lines.entry(self.line(names, stack)).or_default() += count;
        }
        for (line, count) in lines {
            writeln!(out, "{line} {count}")?;
        }
        Ok(())
    }

    fn line(&self, names: &FunctionNames, stack: u32) -> String {
        let mut functions = Vec::new();
        let mut next = Some(stack);
        while let Some(stack) = next {
            let (below, frame) = self.stacks[stack as usize];
            functions.push(names.name(self.frames[frame as usize].function));
            next = below;
        }
        let mut line = String::new();
        for (number, name) in functions.iter().rev().enumerate() {
            if number > 0 {
                line.push(';');
            }
            line.push_str(&plain(name).replace(';', ":"));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::super::functions::FunctionKey;
    use super::*;

    #[test]
    fn places_in_functions_do_not_matter_to_folded_stacks() {
        let mut names = FunctionNames::default();
        let mut frame = |index, name: &str, offset| SampledFrame {
            function: names.id(FunctionKey { module: 0, index }, || name.into()),
            offset,
        };
        let main = frame(0, "main", Some(5));
        let odd = [frame(1, "a;b\nc", Some(7)), frame(1, "", Some(9)), frame(1, "", None)];
        let mut samples = Samples::default();
        for top in odd {
            samples.add(Duration::ZERO, Duration::ZERO, [main, top]);
        }
        samples.add(Duration::ZERO, Duration::ZERO, []);
        assert_eq!(samples.len(), 4);
        let mut out = Vec::new();
        samples.write_folded(&names, &mut out).unwrap();
        assert_eq!(out, b"main;a:b\\nc 3\n");
    }

    #[test]
    fn stacks_share_what_they_have_in_common() {
        let mut names = FunctionNames::default();
        let mut frame = |index| SampledFrame {
            function: names.id(FunctionKey { module: 0, index }, String::new),
            offset: None,
        };
        let frames = [frame(0), frame(1), frame(2)];
        let mut samples = Samples::default();
        samples.add(Duration::ZERO, Duration::ZERO, frames);
        samples.add(Duration::ZERO, Duration::ZERO, [frames[0], frames[1]]);
        samples.add(Duration::ZERO, Duration::ZERO, [frames[0], frames[2]]);
        assert_eq!(samples.stacks.len(), 4);
        assert_eq!(samples.frames.len(), 3);
    }
}
