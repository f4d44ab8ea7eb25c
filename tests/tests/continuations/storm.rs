//! Random programs of continuations, compared with a model of them.
//!
//! A program is functions from an integer to an integer, that share a few places for continuations.
//! The model has frames and stacks as lists, and does what the proposal says. Programs run in calls
//! that wait, too, each poll of which may be on another thread, and some of which are dropped.

use std::fmt::Write as _;
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use wasm_runtime::{Caller, Error, Linker, Module, Store, ThrownException, Trap};

use super::waiting::{After, ready};
use super::{Kind, engines, store};

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

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
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

// The program as Wasm.

fn text(program: &[Vec<S>]) -> String {
    let mut text = String::from(
        r#"(module
          (import "host" "host" (func $host (param i32) (result i32)))
          (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
          (type $box (struct (field i32)))
          (tag $e (param i32))
          (tag $t3 (result i32))
          (table $slots 4 (ref null $k))
          (global $steps (export "steps") (mut i32) (i32.const 0))
          (func $step (result i32)
            (global.set $steps (i32.sub (global.get $steps) (i32.const 1)))
            (i32.lt_s (global.get $steps) (i32.const 0)))
        "#,
    );
    for tag in 0..TAGS {
        writeln!(text, "(tag $t{tag} (param i32) (result i32 (ref null $k)))").unwrap();
    }
    for (number, body) in program.iter().enumerate() {
        writeln!(
            text,
            "(elem declare func $f{number})
             (func (export \"f{number}\") (param i32) (result i32)
               (call $f{number} (local.get 0) (ref.null $k)))
             (func $f{number} (type $f) (param $acc i32) (param $c (ref null $k)) (result i32)
             (local $box (ref null $box)) (local $old (ref null $box))
             {}",
            receive(number % SLOTS)
        )
        .unwrap();
        body.iter().for_each(|statement| write_statement(&mut text, statement));
        text.push_str("(local.get $acc))\n");
    }
    text + ")"
}

/// Puts the continuation that was handed over, if one was, in a place.
fn receive(slot: usize) -> String {
    format!(
        "(if (i32.eqz (ref.is_null (local.get $c))) (then
           (table.set $slots (i32.const {slot}) (local.get $c))))"
    )
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
        S::Call(f) => {
            write!(text, "(local.set $acc (call $f{f} (local.get $acc) (ref.null $k)))")
        }
        S::Host => write!(text, "(local.set $acc (call $host (local.get $acc)))"),
        S::Suspend(tag) => write!(
            text,
            "(suspend $t{tag} (local.get $acc)) local.set $c local.set $acc {}",
            receive(tag % SLOTS)
        ),
        S::Switch(slot) => write!(
            text,
            "(local.set $c (table.get $slots (i32.const {slot})))
             (table.set $slots (i32.const {slot}) (ref.null $k))
             (if (i32.eqz (ref.is_null (local.get $c))) (then
               (switch $k $t3 (local.get $acc) (local.get $c)) local.set $c local.set $acc {}))",
            receive(*slot)
        ),
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
            let (with, null) = match statement {
                S::Resume(..) => ("resume $k", "(ref.null $k)"),
                _ => ("resume_throw $k $e", ""),
            };
            let handler = |tag: &usize| match *tag {
                TAGS => format!("(on $t{TAGS} switch)"),
                tag => format!("(on $t{tag} $h{tag})"),
            };
            let handlers: String = tags.iter().map(handler).collect();
            let labels = || tags.iter().filter(|tag| **tag != TAGS);
            let opens: String =
                labels().map(|tag| format!("(block $h{tag} (result i32 (ref $k))")).collect();
            write!(
                text,
                "(local.set $c (table.get $slots (i32.const {slot})))
                 (table.set $slots (i32.const {slot}) (ref.null $k))
                 (block $done (br_if $done (ref.is_null (local.get $c)))
                 {opens}
                 ({with} {handlers} (local.get $acc) {null} (local.get $c))
                 local.get $acc i32.xor local.set $acc (br $done)"
            )
            .unwrap();
            for tag in labels().collect::<Vec<_>>().into_iter().rev() {
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

#[derive(Clone, Copy, PartialEq, Debug)]
enum Outcome {
    Returned(i32),
    Thrown,
    Unhandled,
    /// The call was given up in the host.
    Dropped,
}

struct Model<'a> {
    program: &'a [Vec<S>],
    /// The innermost one last. The first is that of the entry.
    stacks: Vec<Stack>,
    slots: [Option<Vec<Stack>>; SLOTS],
    steps: i32,
    /// How many calls of the host may still begin. The one after them is never over.
    hosts: usize,
}

impl Model<'_> {
    fn frame(function: usize, acc: i32) -> Frame {
        Frame { function, next: 0, acc, kept: None, slot: function % SLOTS, tries: Vec::new() }
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

fn outcome_of(store: &mut Store<Polls>, result: Result<i32, Error>) -> Outcome {
    match result {
        Ok(acc) => Outcome::Returned(acc),
        Err(error) if error.is::<ThrownException>() => {
            store.take_pending_exception();
            Outcome::Thrown
        }
        Err(error) if error.downcast_ref() == Some(&Trap::UnhandledTag) => Outcome::Unhandled,
        Err(error) => panic!("{error:?}"),
    }
}

/// How often each call of the host is pending. Those after so many calls are pending forever.
#[derive(Default)]
struct Polls {
    each: u32,
    calls: usize,
}

/// Polls a call on this thread and others in turn, until it is over, or waits forever.
fn poll_around(
    call: Pin<&mut (dyn Future<Output = Result<i32, Error>> + Send)>,
) -> Option<Result<i32, Error>> {
    let mut call = call;
    // A call of the host is pending at most twice, and less often than there are steps.
    for turn in 0..3 * STEPS {
        let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let polled = match turn % 8 {
            7 => std::thread::scope(|scope| scope.spawn(poll).join().unwrap()),
            _ => poll(),
        };
        if let Poll::Ready(result) = polled {
            return Some(result);
        }
    }
    None
}

/// What programs call.
fn linker(kind: &Kind, waits: bool) -> Linker<Polls> {
    let mut linker = Linker::new(&kind.engine);
    let defined = if waits {
        linker.func_wrap_async("host", "host", |mut caller: Caller<'_, Polls>, (n,): (i32,)| {
            Box::new(async move {
                let polls = caller.data_mut();
                if polls.calls == 0 {
                    std::future::pending::<()>().await;
                }
                polls.calls -= 1;
                After(polls.each).await;
                caller.gc(None)?;
                Ok::<_, Error>(n.wrapping_add(1))
            })
        })
    } else {
        linker.func_wrap("host", "host", |mut caller: Caller<'_, Polls>, n: i32| {
            caller.gc(None)?;
            Ok(n.wrapping_add(1))
        })
    };
    defined.unwrap();
    linker
}

#[test]
fn programs_do_what_the_model_does() {
    // The environment variable `STORM_PROGRAMS` can set how many are tried.
    let programs = std::env::var("STORM_PROGRAMS").ok();
    storm(programs.and_then(|programs| programs.parse().ok()).unwrap_or(30));
}

/// What is to be called, and what comes of it.
struct Call {
    name: String,
    acc: i32,
    /// How many calls of the host it may make: one more is never over.
    hosts: usize,
    outcome: Outcome,
}

fn storm(programs: u64) {
    let mut counts = [0; 4];
    for seed in 0..programs {
        let mut random = Random(seed * 7919 + 1);
        let program: Vec<Vec<S>> = (0..FUNCTIONS).map(|number| random.body(number)).collect();
        let text = text(&program);
        for waits in [false, true] {
            let mut model = Model {
                program: &program,
                stacks: Vec::new(),
                slots: [const { None }; 4],
                steps: 0,
                hosts: 0,
            };
            let mut calls = Vec::new();
            for round in 0..10 {
                model.steps = STEPS;
                let hosts = if waits && round % 3 == 1 { random.below(4) } else { usize::MAX };
                model.hosts = hosts;
                let (function, acc) = (round % FUNCTIONS, round as i32 * 17);
                let outcome = model.call(function, acc);
                counts[match outcome {
                    Outcome::Returned(_) => 0,
                    Outcome::Thrown => 1,
                    Outcome::Unhandled => 2,
                    Outcome::Dropped => 3,
                }] += 1;
                calls.push(Call { name: format!("f{function}"), acc, hosts, outcome });
            }
            for kind in engines() {
                let run = || run(&kind, &text, waits, &calls);
                if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                    eprintln!("seed {seed}, waits {waits}");
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    // All that can become of a program does.
    assert!(programs < 30 || counts.iter().all(|count| *count > 10), "{counts:?}");
}

/// Runs a program as the model has.
fn run(kind: &Kind, text: &str, waits: bool, calls: &[Call]) {
    let module = Module::new(&kind.engine, text).unwrap_or_else(|e| panic!("{e:?} {text}"));
    let mut store = store(kind, Polls::default());
    // Whatever is given up gives its stacks back.
    store.set_max_continuation_stacks(2000);
    let instance = ready(linker(kind, waits).instantiate_async(&mut store, &module)).unwrap();
    let steps = instance.get_global(&mut store, "steps").unwrap();
    for Call { name, acc, hosts, outcome } in calls {
        steps.set(&mut store, STEPS.into()).unwrap();
        let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
        let found = if waits {
            *store.data_mut() = Polls { each: *acc as u32 % 3, calls: *hosts };
            let result = {
                let call = pin!(func.call_async(&mut store, *acc));
                poll_around(call)
            };
            result.map_or(Outcome::Dropped, |result| outcome_of(&mut store, result))
        } else {
            let result = func.call(&mut store, *acc);
            outcome_of(&mut store, result)
        };
        assert_eq!(found, *outcome, "{name}({acc})");
    }
}
