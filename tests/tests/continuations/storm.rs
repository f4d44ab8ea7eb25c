//! Random programs of continuations, compared with a model of them.
//!
//! A program is functions from an integer to an integer, that share a few places for continuations.
//! The model has frames and stacks as lists, and does what the proposal says.

use std::fmt::Write as _;
use std::mem;

use wasm_runtime::{Caller, Instance, Linker, Module, Store, ThrownException, Trap};

use super::{engines, store};

const FUNCTIONS: usize = 5;
const SLOTS: usize = 4;
const TAGS: usize = 3;
/// How many statements a program executes before its functions return at once.
const STEPS: i32 = 400;

#[derive(Clone, Debug)]
enum Statement {
    /// `acc = acc * 31 + n`
    Add(i32),
    Call(usize),
    /// `acc = suspend(acc)`
    Suspend(usize),
    New(usize, usize),
    /// Resumes what is in a place, if anything is, with handlers of some tags.
    Resume(usize, Vec<usize>),
    /// The same with an exception.
    ResumeThrow(usize, Vec<usize>),
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

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }

    fn tags(&mut self) -> Vec<usize> {
        let mut tags: Vec<usize> = (0..TAGS).filter(|_| self.below(3) > 0).collect();
        if self.below(2) == 0 {
            tags.reverse();
        }
        tags
    }

    fn body(&mut self, function: usize) -> Vec<S> {
        let mut body = Vec::new();
        let mut open = Vec::new();
        for _ in 0..4 + self.below(10) {
            let statement = match self.below(20) {
                0 | 1 => S::Add(self.below(1000) as i32),
                2 | 3 => S::Call(self.below(FUNCTIONS)),
                4..7 => S::Suspend(self.below(TAGS)),
                7..9 => S::New(self.below(SLOTS), self.below(FUNCTIONS)),
                9..13 => S::Resume(self.below(SLOTS), self.tags()),
                13 if self.below(2) == 0 => S::ResumeThrow(self.below(SLOTS), self.tags()),
                13 => S::Bind(self.below(SLOTS)),
                14 if self.below(3) == 0 => S::Throw,
                14 | 15 => S::Keep,
                16 => S::Unbox,
                17 => S::Host,
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

// The program as Wasm.

fn text(program: &[Vec<S>]) -> String {
    let mut text = String::from(
        r#"(module
          (import "host" "host" (func $host (param i32) (result i32)))
          (type $f (func (param i32) (result i32))) (type $k (cont $f))
          (type $box (struct (field i32)))
          (tag $e (param i32))
          (table $slots 4 (ref null $k))
          (global $steps (export "steps") (mut i32) (i32.const 0))
          (func $step (result i32)
            (global.set $steps (i32.sub (global.get $steps) (i32.const 1)))
            (i32.lt_s (global.get $steps) (i32.const 0)))
        "#,
    );
    for tag in 0..TAGS {
        writeln!(text, "(tag $t{tag} (param i32) (result i32))").unwrap();
    }
    for (number, body) in program.iter().enumerate() {
        writeln!(
            text,
            "(elem declare func $f{number})
             (func $f{number} (export \"f{number}\") (type $f) (param $acc i32) (result i32)
             (local $c (ref null $k)) (local $box (ref null $box)) (local $old (ref null $box))"
        )
        .unwrap();
        body.iter().for_each(|statement| write_statement(&mut text, statement));
        text.push_str("(local.get $acc))\n");
    }
    text + ")"
}

fn write_statement(text: &mut String, statement: &S) {
    if !matches!(statement, S::End) {
        text.push_str("(if (call $step) (then (return (local.get $acc))))\n");
    }
    match statement {
        S::Add(n) => write!(
            text,
            "(local.set $acc (i32.add (i32.mul (local.get $acc) (i32.const 31)) (i32.const {n})))"
        ),
        S::Call(f) => write!(text, "(local.set $acc (call $f{f} (local.get $acc)))"),
        S::Host => write!(text, "(local.set $acc (call $host (local.get $acc)))"),
        S::Suspend(tag) => write!(text, "(local.set $acc (suspend $t{tag} (local.get $acc)))"),
        S::New(slot, f) => {
            write!(text, "(table.set $slots (i32.const {slot}) (cont.new $k (ref.func $f{f})))")
        }
        S::Bind(slot) => write!(
            text,
            "(local.set $c (table.get $slots (i32.const {slot})))
             (if (i32.eqz (ref.is_null (local.get $c))) (then
               (table.set $slots (i32.const {slot}) (cont.bind $k $k (local.get $c)))))"
        ),
        S::Throw => write!(text, "(throw $e (local.get $acc))"),
        S::Keep => write!(
            text,
            "(local.set $old (local.get $box))
             (local.set $box (struct.new $box (local.get $acc)))
             (if (i32.eqz (ref.is_null (local.get $old))) (then (local.set $acc
               (i32.xor (local.get $acc) (struct.get $box 0 (local.get $old))))))"
        ),
        S::Unbox => write!(
            text,
            "(if (i32.eqz (ref.is_null (local.get $box))) (then (local.set $acc
               (i32.add (local.get $acc) (struct.get $box 0 (local.get $box))))))"
        ),
        S::Try(_) => {
            write!(text, "(block $tried (block $caught (result i32) (try_table (catch $e $caught)")
        }
        S::End => {
            write!(text, ") (br $tried)) local.get $acc i32.add local.set $acc)")
        }
        S::Resume(slot, tags) | S::ResumeThrow(slot, tags) => {
            let with = match statement {
                S::Resume(..) => "resume $k",
                _ => "resume_throw $k $e",
            };
            let handlers: String = tags.iter().map(|tag| format!("(on $t{tag} $h{tag})")).collect();
            let opens: String =
                tags.iter().map(|tag| format!("(block $h{tag} (result i32 (ref $k))")).collect();
            write!(
                text,
                "(local.set $c (table.get $slots (i32.const {slot})))
                 (table.set $slots (i32.const {slot}) (ref.null $k))
                 (block $done (br_if $done (ref.is_null (local.get $c)))
                 {opens}
                 ({with} {handlers} (local.get $acc) (local.get $c))
                 local.get $acc i32.xor local.set $acc (br $done)"
            )
            .unwrap();
            for tag in tags.iter().rev() {
                write!(
                    text,
                    ") (local.set $c) local.get $acc i32.add i32.const {tag} i32.add local.set $acc
                     (table.set $slots (i32.const {slot}) (local.get $c)) (br $done)"
                )
                .unwrap();
            }
            write!(text, ")")
        }
    }
    .unwrap();
    text.push('\n');
}

// The model.

#[derive(Clone)]
struct Frame {
    function: usize,
    next: usize,
    acc: i32,
    kept: Option<i32>,
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

#[derive(Clone, Copy, PartialEq, Debug)]
enum Outcome {
    Returned(i32),
    Thrown,
    Unhandled,
}

struct Model<'a> {
    program: &'a [Vec<S>],
    /// The innermost one last. The first is that of the entry.
    stacks: Vec<Stack>,
    slots: [Option<Vec<Stack>>; SLOTS],
    steps: i32,
}

impl Model<'_> {
    fn frame(function: usize, acc: i32) -> Frame {
        Frame { function, next: 0, acc, kept: None, tries: Vec::new() }
    }

    fn top(&mut self) -> &mut Frame {
        self.stacks.last_mut().unwrap().frames.last_mut().unwrap()
    }

    fn call(&mut self, function: usize, acc: i32) -> Outcome {
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
            S::Host => frame.acc = frame.acc.wrapping_add(1),
            S::Suspend(tag) => return self.suspend(*tag),
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

fn outcome(store: &mut Store<()>, instance: &Instance, function: usize, acc: i32) -> Outcome {
    let name = format!("f{function}");
    let func = instance.get_typed_func::<i32, i32>(&mut *store, &name).unwrap();
    match func.call(&mut *store, acc) {
        Ok(acc) => Outcome::Returned(acc),
        Err(error) if error.is::<ThrownException>() => {
            store.take_pending_exception();
            Outcome::Thrown
        }
        Err(error) if error.downcast_ref() == Some(&Trap::UnhandledTag) => Outcome::Unhandled,
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn programs_do_what_the_model_does() {
    let mut counts = [0; 3];
    for seed in 0..40 {
        let mut random = Random(seed * 7919 + 1);
        let program: Vec<Vec<S>> = (0..FUNCTIONS).map(|number| random.body(number)).collect();
        let text = text(&program);
        let mut model =
            Model { program: &program, stacks: Vec::new(), slots: [const { None }; 4], steps: 0 };
        let mut expected = Vec::new();
        for round in 0..10 {
            model.steps = STEPS;
            let (function, acc) = (round % FUNCTIONS, round as i32 * 17);
            let outcome = model.call(function, acc);
            counts[match outcome {
                Outcome::Returned(_) => 0,
                Outcome::Thrown => 1,
                Outcome::Unhandled => 2,
            }] += 1;
            expected.push((function, acc, outcome));
        }
        for kind in engines() {
            let module =
                Module::new(&kind.engine, &text).unwrap_or_else(|e| panic!("{e:?} {text}"));
            let mut store = store(&kind);
            let mut linker = Linker::new(&kind.engine);
            linker
                .func_wrap("host", "host", |mut caller: Caller<'_, ()>, n: i32| {
                    caller.gc(None)?;
                    Ok(n.wrapping_add(1))
                })
                .unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let steps = instance.get_global(&mut store, "steps").unwrap();
            for (function, acc, expected) in &expected {
                steps.set(&mut store, STEPS.into()).unwrap();
                let found = outcome(&mut store, &instance, *function, *acc);
                assert_eq!(found, *expected, "seed {seed}, f{function}({acc})");
            }
        }
    }
    // All that can become of a program does.
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
}
