//! What random programs of continuations consist of, and how one is chosen.

pub(super) const FUNCTIONS: usize = 5;
pub(super) const SLOTS: usize = 4;
pub(super) const TAGS: usize = 3;
/// How many statements a program executes before its functions return at once.
pub(super) const STEPS: i32 = 400;

#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// `acc = acc * 31 + n`
    Add(i32),
    Call(usize),
    /// `acc = suspend(acc)`
    Suspend(usize),
    New(usize, usize),
    /// Resumes what is in a place, if anything is, with handlers of some tags, of which the last
    /// one is for switches.
    Resume(usize, Vec<usize>),
    /// The same with an exception.
    ResumeThrow(usize, Vec<usize>),
    /// Switches to what is in a place, if anything is.
    Switch(usize),
    /// Binds nothing.
    Bind(usize),
    Throw,
    /// Begins a construct that catches, up to the statement with a number.
    Try(usize),
    End,
    /// Keeps an object with `acc`, and adds what is in the one kept last.
    Keep,
    Unbox,
    /// Calls the host, which collects.
    Host,
}

use Statement as S;

/// A program: the bodies of its functions.
pub struct Program(pub(super) Vec<Vec<Statement>>);

impl Program {
    /// A program as the choices are.
    pub fn new(choices: &mut impl Choices) -> Self {
        let mut parts = Parts(choices);
        Self((0..FUNCTIONS).map(|number| parts.body(number)).collect())
    }
}

/// What a program is chosen by.
pub trait Choices {
    /// A number below another one, which is not 0.
    fn below(&mut self, n: usize) -> usize;
}

/// Numbers that follow from a seed.
pub struct Random(pub u64);

impl Choices for Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }
}

/// Chooses the parts of a program.
struct Parts<'c, C>(&'c mut C);

impl<C: Choices> Parts<'_, C> {
    fn below(&mut self, n: usize) -> usize {
        self.0.below(n)
    }

    fn tags(&mut self) -> Vec<usize> {
        let mut tags: Vec<usize> = (0..=TAGS).filter(|_| self.below(5) > 0).collect();
        if self.below(2) == 0 {
            tags.reverse();
        }
        tags
    }

    fn body(&mut self, function: usize) -> Vec<S> {
        let mut body = Vec::new();
        let mut open = Vec::new();
        for _ in 0..4 + self.below(10) {
            let statement = match self.below(23) {
                0 | 1 => S::Add(self.below(1000) as i32),
                2 | 3 => S::Call(self.below(FUNCTIONS)),
                4..6 => S::Suspend(self.below(TAGS)),
                6 => S::Switch(self.below(SLOTS)),
                7..9 => S::New(self.below(SLOTS), self.below(FUNCTIONS)),
                9..13 => S::Resume(self.below(SLOTS), self.tags()),
                13 if self.below(2) == 0 => S::ResumeThrow(self.below(SLOTS), self.tags()),
                13 => S::Bind(self.below(SLOTS)),
                14 if self.below(3) == 0 => S::Throw,
                14 | 15 => S::Keep,
                16 => S::Unbox,
                17 | 20..23 => S::Host,
                18 => {
                    open.push(body.len());
                    S::Try(0)
                }
                _ => match open.pop() {
                    Some(place) => {
                        body[place] = S::Try(body.len());
                        S::End
                    }
                    None => S::New(self.below(SLOTS), (function + 1) % FUNCTIONS),
                },
            };
            body.push(statement);
        }
        while let Some(place) = open.pop() {
            body[place] = S::Try(body.len());
            body.push(S::End);
        }
        body
    }
}
