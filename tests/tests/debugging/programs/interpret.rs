//! An interpreter: what is seen before each operator.

use super::generate::{Binary, Op, Program, Ty};

#[derive(Clone, Copy, Debug)]
enum Value {
    I32(i32),
    I64(i64),
    F64(f64),
}

impl Value {
    fn zero(ty: Ty) -> Self {
        match ty {
            Ty::I32 => Value::I32(0),
            Ty::I64 => Value::I64(0),
            Ty::F64 => Value::F64(0.0),
        }
    }

    fn word(self) -> String {
        match self {
            Value::I32(value) => value.to_string(),
            Value::I64(value) => format!("{value}L"),
            Value::F64(value) => format!("{value}d"),
        }
    }

    fn i32(self) -> i32 {
        match self {
            Value::I32(value) => value,
            other => unreachable!("{other:?}"),
        }
    }
}

/// A construct that has begun.
struct Label {
    /// Where a branch to it goes on.
    target: usize,
    /// How many values a branch takes along.
    arity: usize,
    height: usize,
    is_loop: bool,
}

struct Frame {
    function: usize,
    at: usize,
    locals: Vec<Value>,
    stack: Vec<Value>,
    labels: Vec<Label>,
}

/// What is seen at each step, up to so many, and whether the program traps.
pub(super) fn run(program: &Program, most: usize) -> (Vec<String>, bool) {
    let places = program.places();
    let mut frames = vec![Frame::new(program, 0, vec![])];
    let mut seen = Vec::new();
    while let Some(frame) = frames.last() {
        if seen.len() >= most {
            return (seen, false);
        }
        let op = program.functions[frame.function].ops[frame.at];
        // All but the innermost one wait behind a call.
        let all = frames.iter().rev().enumerate();
        let all = all.map(|(depth, frame)| frame.words(&places, frame.at + depth.min(1)));
        let all = all.collect::<Vec<_>>().join(" < ");
        seen.push(all.clone());
        match op {
            Op::Call(callee) => {
                let params = program.signature(callee as usize).0.len();
                let frame = frames.last().unwrap();
                let args = frame.stack[frame.stack.len() - params..].to_vec();
                frames.push(Frame::new(program, callee as usize, args));
            }
            op => match frames.last_mut().unwrap().step(program, op) {
                Ok(None) => {}
                Ok(Some(results)) => {
                    let callee = frames.pop().unwrap().function;
                    if let Some(caller) = frames.last_mut() {
                        let params = program.signature(callee).0.len();
                        let height = caller.stack.len() - params;
                        caller.stack.truncate(height);
                        caller.stack.extend(results);
                        caller.at += 1;
                    }
                }
                Err(Trapped) => {
                    seen.push(format!("trap {all}"));
                    return (seen, true);
                }
            },
        }
    }
    (seen, false)
}

struct Trapped;

impl Frame {
    fn new(program: &Program, function: usize, args: Vec<Value>) -> Self {
        let mut locals = args;
        let all = &program.functions[function].locals;
        locals.extend(all[locals.len()..].iter().map(|ty| Value::zero(*ty)));
        let arity = program.signature(function).1.len();
        let target = program.functions[function].ops.len();
        let label = Label { target, arity, height: 0, is_loop: false };
        Self { function, at: 0, locals, stack: vec![], labels: vec![label] }
    }

    fn words(&self, places: &[Vec<usize>], at: usize) -> String {
        let words = |values: &[Value]| {
            values.iter().map(|value| value.word()).collect::<Vec<_>>().join(" ")
        };
        let (locals, stack) = (words(&self.locals), words(&self.stack));
        format!("{} at {:#x}: [{locals}] [{stack}]", self.function, places[self.function][at])
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().expect("the program is valid")
    }

    /// The `else` of a condition, if it has one, and the end of a construct.
    fn parts(&self, program: &Program) -> (Option<usize>, usize) {
        let ops = &program.functions[self.function].ops;
        let (mut depth, mut otherwise) = (0, None);
        for (place, op) in ops.iter().enumerate().skip(self.at + 1) {
            match op {
                Op::Block(_) | Op::Loop(_) | Op::If(_) => depth += 1,
                Op::Else if depth == 0 => otherwise = Some(place),
                Op::End if depth == 0 => return (otherwise, place),
                Op::End => depth -= 1,
                _ => {}
            }
        }
        unreachable!("each construct ends")
    }

    fn enter(&mut self, program: &Program, signature: usize, target: usize, is_loop: bool) {
        let (params, results) = &program.signatures[signature];
        let height = self.stack.len() - params.len();
        let arity = if is_loop { params.len() } else { results.len() };
        self.labels.push(Label { target, arity, height, is_loop });
    }

    /// The results, if this leaves the function.
    fn branch(&mut self, label: u32) -> Option<Vec<Value>> {
        let place = self.labels.len() - 1 - label as usize;
        let Label { target, arity, height, is_loop } = self.labels[place];
        let values = self.stack.split_off(self.stack.len() - arity);
        if place == 0 {
            return Some(values);
        }
        self.stack.truncate(height);
        self.stack.extend(values);
        self.labels.truncate(if is_loop { place + 1 } else { place });
        self.at = target;
        None
    }

    /// The results, if this leaves the function.
    fn step(&mut self, program: &Program, op: Op) -> Result<Option<Vec<Value>>, Trapped> {
        let next = self.at + 1;
        match op {
            Op::I32(value) => self.stack.push(Value::I32(value)),
            Op::I64(value) => self.stack.push(Value::I64(value)),
            Op::F64(value) => self.stack.push(Value::F64(value)),
            Op::Get(local) => self.stack.push(self.locals[local as usize]),
            Op::Set(local) => self.locals[local as usize] = self.pop(),
            Op::Tee(local) => {
                self.locals[local as usize] = *self.stack.last().expect("the program is valid");
            }
            Op::Binary(_, binary) => {
                let (b, a) = (self.pop(), self.pop());
                self.stack.push(compute(a, b, binary)?);
            }
            Op::Eqz => {
                let value = self.pop().i32();
                self.stack.push(Value::I32(i32::from(value == 0)));
            }
            Op::Extend => {
                let value = self.pop().i32();
                self.stack.push(Value::I64(i64::from(value)));
            }
            Op::Wrap => {
                let Value::I64(value) = self.pop() else { unreachable!("the program is valid") };
                self.stack.push(Value::I32(value as i32));
            }
            Op::Convert => {
                let value = self.pop().i32();
                self.stack.push(Value::F64(f64::from(value)));
            }
            Op::Drop => _ = self.pop(),
            Op::Select => {
                let (condition, b, a) = (self.pop().i32(), self.pop(), self.pop());
                self.stack.push(if condition != 0 { a } else { b });
            }
            Op::Nop => {}
            Op::Block(signature) => {
                let (_, end) = self.parts(program);
                self.enter(program, signature, end + 1, false);
            }
            Op::Loop(signature) => self.enter(program, signature, next, true),
            Op::If(signature) => {
                let condition = self.pop().i32();
                let (otherwise, end) = self.parts(program);
                if condition != 0 || otherwise.is_some() {
                    self.enter(program, signature, end + 1, false);
                }
                if condition == 0 {
                    // Without an `else`, `end` is where branches go to.
                    self.at = otherwise.unwrap_or(end) + 1;
                    return Ok(None);
                }
            }
            Op::Else => {
                let label = self.labels.pop().expect("an `if` is open");
                self.at = label.target;
                return Ok(None);
            }
            Op::End => {
                self.labels.pop();
                if self.labels.is_empty() {
                    return Ok(Some(std::mem::take(&mut self.stack)));
                }
            }
            Op::Br(label) => return Ok(self.branch(label)),
            Op::BrIf(label) => {
                if self.pop().i32() != 0 {
                    return Ok(self.branch(label));
                }
            }
            Op::Return => {
                let outermost = self.labels.len() as u32 - 1;
                return Ok(self.branch(outermost));
            }
            Op::Call(_) => unreachable!("calls make frames"),
        }
        self.at = next;
        Ok(None)
    }
}

fn compute(a: Value, b: Value, binary: Binary) -> Result<Value, Trapped> {
    Ok(match (a, b, binary) {
        (Value::I32(a), Value::I32(b), Binary::Add) => Value::I32(a.wrapping_add(b)),
        (Value::I32(a), Value::I32(b), Binary::Mul) => Value::I32(a.wrapping_mul(b)),
        (Value::I32(a), Value::I32(b), Binary::Div) => Value::I32(a.checked_div(b).ok_or(Trapped)?),
        (Value::I64(a), Value::I64(b), Binary::Add) => Value::I64(a.wrapping_add(b)),
        (Value::I64(a), Value::I64(b), _) => Value::I64(a.wrapping_mul(b)),
        (Value::F64(a), Value::F64(b), Binary::Add) => Value::F64(a + b),
        (Value::F64(a), Value::F64(b), _) => Value::F64(a * b),
        operands => unreachable!("{operands:?}"),
    })
}
