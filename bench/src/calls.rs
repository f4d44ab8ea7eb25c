//! Workloads of libraries. A file lists the functions to call and their arguments, so that every
//! runtime, in any language, does the same.
//!
//! A line is a step; what follows `#` is a comment.
//!
//! | step | |
//! |---|---|
//! | `call F VALUE…` | calls an exported function |
//! | `let NAME = call F VALUE…` | and keeps its result |
//! | `let NAME = text WORDS COUNT` | keeps the length of a text: so many times the words |
//! | `write ADDRESS` | writes the text to the memory |
//! | `fill ADDRESS LENGTH SEED` | writes numbers without a pattern |
//! | `copy TO FROM LENGTH` | copies bytes within the memory |
//! | `repeat COUNT`, `end` | does what is between so often; they nest |
//! | `start`, `stop` | begin and end what is measured |
//! | `show ADDRESS LENGTH` | adds bytes of the memory to the output |
//!
//! A value is a number, a name, or `&NAME` for the value of an exported global. `+NUMBER` may
//! follow.

use std::collections::HashMap;

/// A value in a step.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    base: Base,
    plus: i32,
}

#[derive(Clone, Debug)]
enum Base {
    Number,
    Name(String),
    Global(String),
}

/// What a workload does, step by step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Call { keep: Option<String>, function: String, arguments: Vec<Value> },
    Text { keep: String, text: String },
    Write(Value),
    Fill { at: Value, length: Value, seed: Value },
    Copy { to: Value, from: Value, length: Value },
    Repeat { count: i32, steps: Vec<Step> },
    Start,
    Stop,
    Show { at: Value, length: Value },
}

/// What a runtime must be able to do for a workload.
pub(crate) trait Library {
    /// Calls an exported function. Returns 0 if it has no result.
    fn call(&mut self, function: &str, arguments: &[i32]) -> i32;
    /// The value of an exported global.
    fn global(&mut self, name: &str) -> i32;
    /// The exported memory.
    fn memory(&mut self) -> &mut [u8];
    /// Begins the part that is measured.
    fn start(&mut self);
    /// Ends the part that is measured.
    fn stop(&mut self);
    /// Adds to the output.
    fn show(&mut self, bytes: &[u8]);
}

/// Reads a workload.
///
/// # Panics
///
/// If the text has anything but steps. The files are the project's own.
pub(crate) fn parse(text: &str) -> Vec<Step> {
    let mut open = vec![(0, Vec::new())];
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        let step = match *words.as_slice() {
            [] => continue,
            ["repeat", count] => {
                open.push((count.parse().expect("a number of times"), Vec::new()));
                continue;
            }
            ["end"] => {
                let (count, steps) = open.pop().expect("`repeat` before `end`");
                Step::Repeat { count, steps }
            }
            ["call", function, ref arguments @ ..] => call(None, function, arguments),
            ["let", name, "=", "call", function, ref arguments @ ..] => {
                call(Some(name.to_owned()), function, arguments)
            }
            ["let", name, "=", "text", words, count] => {
                let text = words.repeat(count.parse().expect("a number of times"));
                Step::Text { keep: name.to_owned(), text }
            }
            ["write", at] => Step::Write(value(at)),
            ["fill", at, length, seed] => {
                Step::Fill { at: value(at), length: value(length), seed: value(seed) }
            }
            ["copy", to, from, length] => {
                Step::Copy { to: value(to), from: value(from), length: value(length) }
            }
            ["start"] => Step::Start,
            ["stop"] => Step::Stop,
            ["show", at, length] => Step::Show { at: value(at), length: value(length) },
            _ => panic!("`{line}` is no step"),
        };
        open.last_mut().expect("as many `end` as `repeat`").1.push(step);
    }
    let (_, steps) = open.pop().expect("the outermost steps");
    assert!(open.is_empty(), "an `end` is missing");
    steps
}

fn call(keep: Option<String>, function: &str, arguments: &[&str]) -> Step {
    let arguments = arguments.iter().map(|word| value(word)).collect();
    Step::Call { keep, function: function.to_owned(), arguments }
}

fn value(word: &str) -> Value {
    let (base, plus) = match word.split_once('+') {
        Some((base, plus)) => (base, plus.parse().expect("a number")),
        None => (word, 0),
    };
    match (base.parse::<i32>(), base.strip_prefix('&')) {
        (Ok(number), _) => Value { base: Base::Number, plus: number + plus },
        (_, Some(global)) => Value { base: Base::Global(global.to_owned()), plus },
        (_, None) => Value { base: Base::Name(base.to_owned()), plus },
    }
}

/// Runs a workload.
pub(crate) fn run(steps: &[Step], library: &mut impl Library) {
    Run { names: HashMap::new(), text: "" }.steps(steps, library);
}

struct Run<'a> {
    names: HashMap<&'a str, i32>,
    text: &'a str,
}

impl<'a> Run<'a> {
    fn steps(&mut self, steps: &'a [Step], library: &mut impl Library) {
        for step in steps {
            self.step(step, library);
        }
    }

    fn step(&mut self, step: &'a Step, library: &mut impl Library) {
        let mut value = |value: &Value| -> usize { self.value(value, library) as u32 as usize };
        match step {
            Step::Call { keep, function, arguments } => {
                let arguments: Vec<i32> = arguments.iter().map(|each| value(each) as i32).collect();
                let result = library.call(function, &arguments);
                if let Some(keep) = keep {
                    self.names.insert(keep, result);
                }
            }
            Step::Text { keep, text } => {
                self.text = text;
                self.names.insert(keep, text.len() as i32);
            }
            Step::Write(at) => {
                let at = value(at);
                library.memory()[at..at + self.text.len()].copy_from_slice(self.text.as_bytes());
            }
            Step::Fill { at, length, seed } => {
                let (at, length, mut state) = (value(at), value(length), value(seed) as u32);
                for byte in &mut library.memory()[at..at + length] {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *byte = (state >> 24) as u8;
                }
            }
            Step::Copy { to, from, length } => {
                let (to, from, length) = (value(to), value(from), value(length));
                library.memory().copy_within(from..from + length, to);
            }
            Step::Repeat { count, steps } => {
                (0..*count).for_each(|_| self.steps(steps, library));
            }
            Step::Start => library.start(),
            Step::Stop => library.stop(),
            Step::Show { at, length } => {
                let (at, length) = (value(at), value(length));
                let bytes = library.memory()[at..at + length].to_vec();
                library.show(&bytes);
            }
        }
    }

    fn value(&self, value: &Value, library: &mut impl Library) -> i32 {
        let base = match &value.base {
            Base::Number => 0,
            Base::Name(name) => self.names[name.as_str()],
            Base::Global(name) => library.global(name),
        };
        base.wrapping_add(value.plus)
    }
}
