//! Random programs.

/// What a random function is made by: a list of bytes, and zeros behind its end.
struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl Choices<'_> {
    /// A number below a limit.
    fn any(&mut self, limit: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % limit
    }

    fn is_over(&self) -> bool {
        self.bytes.len() == 0
    }
}

/// How many tags there are. Their values are of different types: see `text.rs`.
pub(crate) const TAGS: usize = 4;

/// How many functions there are.
pub(crate) const FUNCTIONS: usize = 5;

/// How deep constructs are in each other.
const DEPTH: usize = 4;

/// A program: the bodies of functions, each of which calls only later ones.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) functions: Vec<Vec<Statement>>,
}

/// Something that is done.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    /// Says a number, and the local.
    Say(i32),
    /// Sets the local.
    Set(i32),
    /// Throws an exception with a value.
    Throw(usize, i32),
    /// Calls a function: directly, through a table, or through a function of the host that hands
    /// on its error.
    Call(Way, usize),
    /// Traps.
    Trap,
    /// A `try_table`, with a handler for each clause.
    Table(Vec<Statement>, Vec<Clause>),
    /// A `try`. The number is that of the construct in its function.
    Legacy(usize, Vec<Statement>, Vec<Clause>),
    /// A `try` that sends exceptions to another one around it, or out of the function.
    Delegate(Vec<Statement>, Option<usize>),
    /// Throws the exception again that a `try` has caught.
    Rethrow(usize),
}

/// How a function is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Direct,
    Indirect,
    Host,
    /// The host puts context around the error.
    HostContext,
    /// The host drops an exception.
    HostSwallows,
    /// A tail call.
    Tail,
    TailIndirect,
}

/// A handler, for a tag or for all.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) tag: Option<usize>,
    pub(crate) handler: Vec<Statement>,
}

impl Program {
    /// The program that the bytes say: a part of them each function.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let part = bytes.len() / FUNCTIONS;
        let functions = (0..FUNCTIONS).map(|func| {
            let mut choices = Choices { bytes: bytes[part * func..][..part].iter() };
            let mut body = Body { func, tries: Vec::new(), next: 0 };
            (0..3).flat_map(|_| body.statements(&mut choices, 0)).collect()
        });
        Self { functions: functions.collect() }
    }
}

/// A function that is being made.
struct Body {
    func: usize,
    /// The `try`s around the current place, and whether it is in a handler of them.
    tries: Vec<(usize, bool)>,
    next: usize,
}

impl Body {
    fn statements(&mut self, choices: &mut Choices<'_>, depth: usize) -> Vec<Statement> {
        let count = 1 + choices.any(3);
        (0..count).map(|_| self.statement(choices, depth)).collect()
    }

    fn statement(&mut self, choices: &mut Choices<'_>, depth: usize) -> Statement {
        let nests = depth < DEPTH && !choices.is_over();
        match choices.any(16) {
            1 => Statement::Set(choices.any(100) as i32),
            // Where nothing catches it, it is the end of all: seldom.
            2 | 3 if depth > 0 || choices.any(6) == 5 => match choices.any(TAGS) {
                // This one carries nothing.
                3 => Statement::Throw(3, 0),
                tag => Statement::Throw(tag, choices.any(100) as i32),
            },
            4..=6 if self.func + 1 < FUNCTIONS => {
                let ways = [
                    Way::Direct,
                    Way::Indirect,
                    Way::Host,
                    Way::HostContext,
                    Way::HostSwallows,
                    Way::Direct,
                    Way::Tail,
                    Way::TailIndirect,
                ];
                let way = ways[choices.any(ways.len())];
                let func = self.func + 1 + choices.any(FUNCTIONS - self.func - 1);
                Statement::Call(way, func)
            }
            7 if choices.any(6) == 5 => Statement::Trap,
            8..=10 if nests => {
                let body = self.statements(choices, depth + 1);
                Statement::Table(body, self.clauses(choices, depth, None))
            }
            11..=13 if nests => {
                let number = self.next;
                self.next += 1;
                self.tries.push((number, false));
                let body = self.statements(choices, depth + 1);
                self.tries.pop();
                Statement::Legacy(number, body, self.clauses(choices, depth, Some(number)))
            }
            14 if nests => {
                let body = self.statements(choices, depth + 1);
                let place = choices.any(self.tries.len() + 1);
                Statement::Delegate(body, self.tries.get(place).map(|(number, _)| *number))
            }
            15 => {
                let caught: Vec<usize> =
                    self.tries.iter().filter(|(_, caught)| *caught).map(|(n, _)| *n).collect();
                match caught.get(choices.any(caught.len().max(1))) {
                    Some(number) => Statement::Rethrow(*number),
                    None => Statement::Say(1),
                }
            }
            _ => Statement::Say(choices.any(100) as i32),
        }
    }

    fn clauses(
        &mut self,
        choices: &mut Choices<'_>,
        depth: usize,
        legacy: Option<usize>,
    ) -> Vec<Clause> {
        let count = choices.any(4);
        let mut clauses: Vec<Clause> = Vec::new();
        for _ in 0..count {
            let tag = Some(choices.any(TAGS + 1)).filter(|tag| *tag < TAGS);
            self.tries.extend(legacy.map(|number| (number, true)));
            let handler = self.statements(choices, depth + 1);
            if legacy.is_some() {
                self.tries.pop();
            }
            clauses.push(Clause { tag, handler });
            // Nothing comes after the older clause for all.
            if legacy.is_some() && tag.is_none() {
                break;
            }
        }
        clauses
    }
}
