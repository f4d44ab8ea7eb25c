//! What random programs of continuations are to do: frames and stacks are lists.

use std::mem;

use super::program::{Program, SLOTS, STEPS, Statement, TAGS};

use Statement as S;

#[derive(Clone)]
struct Frame {
    function: usize,
    next: usize,
    acc: i32,
    kept: Option<i32>,
    /// Where it puts a continuation that it gets when it goes on.
    slot: usize,
    /// Where what is thrown is caught.
    tries: Vec<usize>,
}

/// A stack, with how the frame below was left: by which place it has resumed this, and what it
/// handles.
#[derive(Clone)]
struct Stack {
    frames: Vec<Frame>,
    slot: usize,
    handles: Vec<usize>,
}

/// What comes of a call.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Outcome {
    /// It has returned this.
    Returned(i32),
    /// An exception has ended it.
    Thrown,
    /// Nothing handled what it was suspended or switched for.
    Unhandled,
    /// The call was given up in the host.
    Dropped,
}

pub(super) struct Model<'a> {
    program: &'a [Vec<S>],
    /// The innermost one last. The first is that of the entry.
    stacks: Vec<Stack>,
    slots: [Option<Vec<Stack>>; SLOTS],
    steps: i32,
    /// How many calls of the host may still begin. The one after them is never over.
    hosts: usize,
}

impl<'a> Model<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        let slots = [const { None }; SLOTS];
        Self { program: &program.0, stacks: Vec::new(), slots, steps: 0, hosts: 0 }
    }

    fn frame(function: usize, acc: i32) -> Frame {
        Frame { function, next: 0, acc, kept: None, slot: function % SLOTS, tries: Vec::new() }
    }

    fn top(&mut self) -> &mut Frame {
        self.stacks.last_mut().unwrap().frames.last_mut().unwrap()
    }

    /// Calls a function, which makes so many calls of the host at most.
    pub(super) fn call(&mut self, function: usize, acc: i32, hosts: usize) -> Outcome {
        (self.steps, self.hosts) = (STEPS, hosts);
        let frames = vec![Self::frame(function, acc)];
        self.stacks = vec![Stack { frames, slot: 0, handles: Vec::new() }];
        loop {
            if let Some(outcome) = self.step() {
                return outcome;
            }
        }
    }

    fn returned(&mut self) -> Option<Outcome> {
        let acc = self.top().acc;
        let stack = self.stacks.last_mut().unwrap();
        stack.frames.pop();
        if let Some(frame) = stack.frames.last_mut() {
            frame.acc = acc;
            return None;
        }
        self.stacks.pop();
        if self.stacks.is_empty() {
            return Some(Outcome::Returned(acc));
        }
        self.top().acc ^= acc;
        None
    }

    fn throw(&mut self, value: i32) -> Option<Outcome> {
        while let Some(stack) = self.stacks.last_mut() {
            while let Some(frame) = stack.frames.last_mut() {
                if let Some(end) = frame.tries.pop() {
                    frame.next = end + 1;
                    frame.acc = frame.acc.wrapping_add(value);
                    return None;
                }
                stack.frames.pop();
            }
            self.stacks.pop();
        }
        Some(Outcome::Thrown)
    }

    fn suspend(&mut self, tag: usize) -> Option<Outcome> {
        let handles = |stack: &Stack| stack.handles.contains(&tag);
        let Some(first) = self.stacks.iter().rposition(handles) else {
            return Some(Outcome::Unhandled);
        };
        let value = self.top().acc;
        let suspended = self.stacks.split_off(first);
        let slot = suspended[0].slot;
        self.slots[slot] = Some(suspended);
        let frame = self.top();
        frame.acc = frame.acc.wrapping_add(value).wrapping_add(tag as i32);
        None
    }

    fn switch(&mut self, mut to: Vec<Stack>) -> Option<Outcome> {
        let handles = |stack: &Stack| stack.handles.contains(&TAGS);
        let Some(first) = self.stacks.iter().rposition(handles) else {
            return Some(Outcome::Unhandled);
        };
        let value = self.top().acc;
        let suspended = self.stacks.split_off(first);
        (to[0].slot, to[0].handles) = (suspended[0].slot, suspended[0].handles.clone());
        self.stacks.append(&mut to);
        let frame = self.top();
        frame.acc = value;
        let slot = frame.slot;
        self.slots[slot] = Some(suspended);
        None
    }

    fn step(&mut self) -> Option<Outcome> {
        let program = self.program;
        let frame = self.top();
        let Some(statement) = program[frame.function].get(frame.next) else {
            return self.returned();
        };
        frame.next += 1;
        if let S::End = statement {
            frame.tries.pop();
            return None;
        }
        self.steps -= 1;
        if self.steps < 0 {
            return self.returned();
        }
        let frame = self.top();
        match statement {
            S::Add(n) => frame.acc = frame.acc.wrapping_mul(31).wrapping_add(*n),
            S::Call(function) => {
                let callee = Self::frame(*function, frame.acc);
                self.stacks.last_mut().unwrap().frames.push(callee);
            }
            S::Host => {
                frame.acc = frame.acc.wrapping_add(1);
                let Some(hosts) = self.hosts.checked_sub(1) else { return Some(Outcome::Dropped) };
                self.hosts = hosts;
            }
            S::Suspend(tag) => {
                frame.slot = tag % SLOTS;
                return self.suspend(*tag);
            }
            S::Switch(slot) => {
                frame.slot = *slot;
                let to = mem::take(&mut self.slots[*slot])?;
                return self.switch(to);
            }
            S::New(slot, function) => {
                let frames = vec![Self::frame(*function, 0)];
                let stack = Stack { frames, slot: 0, handles: Vec::new() };
                self.slots[*slot] = Some(vec![stack]);
            }
            S::Bind(_) | S::End => {}
            S::Throw => {
                let value = frame.acc;
                return self.throw(value);
            }
            S::Try(end) => frame.tries.push(*end),
            S::Keep => {
                let old = frame.kept.replace(frame.acc);
                frame.acc ^= old.unwrap_or(0);
            }
            S::Unbox => frame.acc = frame.acc.wrapping_add(frame.kept.unwrap_or(0)),
            S::Resume(slot, handles) | S::ResumeThrow(slot, handles) => {
                let value = frame.acc;
                let mut stacks = mem::take(&mut self.slots[*slot])?;
                (stacks[0].slot, stacks[0].handles) = (*slot, handles.clone());
                self.stacks.append(&mut stacks);
                match statement {
                    S::Resume(..) => self.top().acc = value,
                    _ => return self.throw(value),
                }
            }
        }
        None
    }
}
