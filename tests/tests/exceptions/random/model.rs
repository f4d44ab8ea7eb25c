//! What a program does, worked out without frames.

use super::program::{Clause, Program, Statement, Way};

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Said(i32),
    Entered(usize),
    Returned(usize),
    TailCalled(usize),
    Unwound(usize),
}

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Returned,
    /// With an exception that nothing caught.
    Thrown,
    /// With a trap.
    Failed,
}

/// Why what follows is not done.
#[derive(Clone, Debug)]
enum Left {
    /// An exception is on its way, perhaps to a certain construct, past those before it.
    Exception {
        tag: usize,
        value: i32,
        to: Target,
    },
    /// A tail call returned.
    TailReturned,
    Trap,
}

/// Where an exception is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Target {
    Next,
    Try(usize),
    Caller,
}

struct Model<'p> {
    program: &'p Program,
    events: Vec<Event>,
    hooks: bool,
}

/// A call of a function.
#[derive(Default)]
struct Frame {
    func: usize,
    /// Whether it was left by a tail call.
    is_gone: bool,
    local: i32,
    /// The `try`s whose handlers it is in, with what they caught.
    caught: Vec<(usize, usize, i32)>,
}

/// All that happens, and how it ends.
pub(crate) fn run(program: &Program, hooks: bool) -> (Vec<Event>, Outcome) {
    let mut model = Model { program, events: Vec::new(), hooks };
    let outcome = match model.call(0) {
        Ok(()) => Outcome::Returned,
        Err(Left::Exception { .. }) => Outcome::Thrown,
        Err(Left::Trap | Left::TailReturned) => Outcome::Failed,
    };
    (model.events, outcome)
}

impl Model<'_> {
    fn hook(&mut self, event: Event) {
        if self.hooks {
            self.events.push(event);
        }
    }

    fn call(&mut self, func: usize) -> Result<(), Left> {
        self.hook(Event::Entered(func));
        let program = self.program;
        let mut frame = Frame { func, ..Frame::default() };
        let result = self.all(&program.functions[func], &mut frame);
        if !frame.is_gone {
            let end = if result.is_ok() { Event::Returned(func) } else { Event::Unwound(func) };
            self.hook(end);
        }
        match result {
            Err(Left::TailReturned) => Ok(()),
            Err(Left::Exception { tag, value, .. }) => {
                Err(Left::Exception { tag, value, to: Target::Next })
            }
            other => other,
        }
    }

    fn all(&mut self, statements: &[Statement], frame: &mut Frame) -> Result<(), Left> {
        statements.iter().try_for_each(|statement| self.one(statement, frame))
    }

    fn one(&mut self, statement: &Statement, frame: &mut Frame) -> Result<(), Left> {
        let thrown = |tag, value| Err(Left::Exception { tag, value, to: Target::Next });
        match statement {
            Statement::Say(number) => {
                self.events.push(Event::Said(number * 1000 + frame.local));
                Ok(())
            }
            Statement::Set(number) => {
                frame.local = *number;
                Ok(())
            }
            Statement::Throw(tag, value) => thrown(*tag, *value),
            Statement::Trap => Err(Left::Trap),
            Statement::Call(Way::HostSwallows, func) => match self.call(*func) {
                Err(Left::Exception { .. }) => Ok(()),
                other => other,
            },
            Statement::Call(Way::Tail | Way::TailIndirect, func) => {
                frame.is_gone = true;
                self.hook(Event::TailCalled(frame.func));
                match self.call(*func) {
                    Ok(()) => Err(Left::TailReturned),
                    Err(Left::Exception { tag, value, .. }) => {
                        Err(Left::Exception { tag, value, to: Target::Caller })
                    }
                    other => other,
                }
            }
            Statement::Call(_, func) => self.call(*func),
            Statement::Table(body, clauses) => {
                let result = self.all(body, frame);
                self.handle(None, result, clauses, frame)
            }
            Statement::Legacy(number, body, clauses) => {
                let result = self.all(body, frame);
                self.handle(Some(*number), result, clauses, frame)
            }
            Statement::Delegate(body, to) => match self.all(body, frame) {
                Err(Left::Exception { tag, value, to: Target::Next }) => {
                    let to = match to {
                        None => Target::Caller,
                        // In its handler, it is what is around it.
                        Some(number) => Target::Try(*number),
                    };
                    Err(Left::Exception { tag, value, to })
                }
                other => other,
            },
            Statement::Rethrow(number) => {
                let caught = frame.caught.iter().rfind(|(other, ..)| other == number);
                let (_, tag, value) = *caught.expect("it is in a handler of the construct");
                thrown(tag, value)
            }
        }
    }

    fn handle(
        &mut self,
        legacy: Option<usize>,
        result: Result<(), Left>,
        clauses: &[Clause],
        frame: &mut Frame,
    ) -> Result<(), Left> {
        let Err(Left::Exception { tag, value, to }) = result else { return result };
        let is_here = match to {
            Target::Next => true,
            Target::Caller => false,
            Target::Try(number) => legacy == Some(number),
        };
        let takes = |clause: &&Clause| clause.tag.is_none_or(|own| own == tag);
        let clause = clauses.iter().find(takes).filter(|_| is_here);
        let Some(clause) = clause else {
            let to = if is_here { Target::Next } else { to };
            return Err(Left::Exception { tag, value, to });
        };
        if clause.tag.is_some() {
            self.events.push(Event::Said(value * 1000 + tag as i32));
        }
        frame.caught.extend(legacy.map(|number| (number, tag, value)));
        let result = self.all(&clause.handler, frame);
        if let Some(number) = legacy {
            frame.caught.pop();
            if let Err(Left::Exception { tag, value, to }) = result
                && to == Target::Try(number)
            {
                return Err(Left::Exception { tag, value, to: Target::Next });
            }
        }
        result
    }
}
