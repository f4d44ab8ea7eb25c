//! Random programs: valid, and over after few steps.

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ty {
    I32,
    I64,
    F64,
}

/// Parameters and results, of functions and of blocks.
pub(super) type Signature = (Vec<Ty>, Vec<Ty>);

/// An operator. Blocks refer to a signature.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Op {
    I32(i32),
    I64(i64),
    F64(f64),
    Get(u32),
    Set(u32),
    Tee(u32),
    /// Of two operands of a type, the result is of the same: see [`Binary`].
    Binary(Ty, Binary),
    Eqz,
    Extend,
    Wrap,
    Convert,
    Drop,
    Select,
    Nop,
    Block(usize),
    Loop(usize),
    If(usize),
    Else,
    End,
    Br(u32),
    BrIf(u32),
    Return,
    Call(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Binary {
    Add,
    Mul,
    /// Of `i32` only; it may trap.
    Div,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) signature: usize,
    /// How many of the locals are parameters.
    pub(super) params: usize,
    /// Parameters included.
    pub(super) locals: Vec<Ty>,
    pub(super) ops: Vec<Op>,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) signatures: Vec<Signature>,
    /// Each calls only later ones. The first one has no parameters.
    pub(super) functions: Vec<Function>,
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn ty(&mut self) -> Ty {
        [Ty::I32, Ty::I32, Ty::I64, Ty::F64][self.below(4)]
    }

    fn types(&mut self, most: usize) -> Vec<Ty> {
        (0..self.below(most + 1)).map(|_| self.ty()).collect()
    }
}

impl Program {
    pub(super) fn random(seed: u64) -> Self {
        let mut random = Random(seed | 1);
        let mut signatures = vec![(vec![], vec![])];
        let count = 1 + random.below(3);
        for number in 0..count {
            let params = if number == 0 { vec![] } else { random.types(3) };
            signatures.push((params, random.types(2)));
        }
        let mut program = Self { signatures, functions: Vec::new() };
        for number in 0..count {
            let signature = number + 1;
            let (params, results) = program.signatures[signature].clone();
            let mut locals = params.clone();
            locals.extend(random.types(4));
            let mut body = Body {
                random: &mut random,
                signatures: &mut program.signatures,
                callees: number + 1..count,
                locals,
                results: results.clone(),
                labels: vec![results.clone()],
                ops: Vec::new(),
            };
            body.sequence(3, &results);
            body.ops.push(Op::End);
            let Body { locals, ops, .. } = body;
            program.functions.push(Function { signature, params: params.len(), locals, ops });
        }
        program
    }

    pub(super) fn signature(&self, function: usize) -> &Signature {
        &self.signatures[self.functions[function].signature]
    }
}

/// A function that is made.
struct Body<'a> {
    random: &'a mut Random,
    signatures: &'a mut Vec<Signature>,
    callees: std::ops::Range<usize>,
    locals: Vec<Ty>,
    results: Vec<Ty>,
    /// What a branch to each construct needs, the innermost last.
    labels: Vec<Vec<Ty>>,
    ops: Vec<Op>,
}

impl Body<'_> {
    /// A few statements, and then values.
    fn sequence(&mut self, depth: usize, values: &[Ty]) {
        for _ in 0..self.random.below(3) {
            self.statement(depth);
        }
        for ty in values {
            self.value(*ty, depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        match self.random.below(if depth == 0 { 4 } else { 9 }) {
            0 => self.ops.push(Op::Nop),
            1 => {
                let ty = self.random.ty();
                self.value(ty, depth.min(1));
                self.ops.push(Op::Drop);
            }
            2 | 3 => {
                if let Some(local) = self.some_local() {
                    self.value(self.locals[local as usize], depth.saturating_sub(1));
                    self.ops.push(Op::Set(local));
                }
            }
            4 => self.construct(Op::If(0), &[], depth),
            5 => self.repeat(depth),
            6 => {
                // A branch that is taken or not, with values.
                let label = self.random.below(self.labels.len());
                let types = self.labels[self.labels.len() - 1 - label].clone();
                types.iter().for_each(|ty| self.value(*ty, 0));
                self.value(Ty::I32, depth - 1);
                self.ops.push(Op::BrIf(label as u32));
                types.iter().for_each(|_| self.ops.push(Op::Drop));
            }
            7 => {
                // One that is taken, in code that is reached or not.
                self.value(Ty::I32, depth - 1);
                self.ops.push(Op::If(0));
                if self.random.below(2) == 0 {
                    let label = self.random.below(self.labels.len());
                    let types = self.labels[self.labels.len() - 1 - label].clone();
                    types.iter().for_each(|ty| self.value(*ty, 0));
                    self.ops.push(Op::Br(label as u32 + 1));
                } else {
                    let results = self.results.clone();
                    results.iter().for_each(|ty| self.value(*ty, 0));
                    self.ops.push(Op::Return);
                }
                self.ops.push(Op::End);
            }
            _ => {
                if let Some(callee) = self.call(depth) {
                    let results = self.signatures[callee + 1].1.len();
                    (0..results).for_each(|_| self.ops.push(Op::Drop));
                }
            }
        }
    }

    /// A loop that counts down, with a parameter or without.
    fn repeat(&mut self, depth: usize) {
        let counter = self.locals.len() as u32;
        self.locals.push(Ty::I32);
        let rounds = 1 + self.random.below(3) as i32;
        self.ops.extend([Op::I32(rounds), Op::Set(counter)]);
        let params = self.random.types(2);
        params.iter().for_each(|ty| self.value(*ty, 0));
        let signature = self.signature(params.clone(), params.clone());
        self.ops.push(Op::Loop(signature));
        // Branches to the loop would let it run for longer than it counts.
        let outer = std::mem::take(&mut self.labels);
        params.iter().for_each(|_| self.ops.push(Op::Drop));
        self.labels = vec![params.clone()];
        self.without_branches(depth - 1);
        params.iter().for_each(|ty| self.value(*ty, 0));
        self.ops.extend([
            Op::Get(counter),
            Op::I32(-1),
            Op::Binary(Ty::I32, Binary::Add),
            Op::Tee(counter),
            Op::BrIf(0),
            Op::End,
        ]);
        self.labels = outer;
        params.iter().for_each(|_| self.ops.push(Op::Drop));
    }

    fn without_branches(&mut self, depth: usize) {
        for _ in 0..2 {
            let ty = self.random.ty();
            self.value(ty, depth.min(1));
            match self.some_local().filter(|local| self.locals[*local as usize] == ty) {
                Some(local) if !self.is_counter(local) => self.ops.push(Op::Set(local)),
                _ => self.ops.push(Op::Drop),
            }
        }
    }

    /// Counters are the locals that were added last, and are only written where they count.
    fn is_counter(&self, local: u32) -> bool {
        self.ops.windows(2).any(|ops| matches!(ops, [Op::Tee(other), Op::BrIf(0)] | [Op::I32(_), Op::Set(other)] if *other == local))
    }

    fn some_local(&mut self) -> Option<u32> {
        let count = self.locals.len();
        (count > 0)
            .then(|| self.random.below(count) as u32)
            .filter(|local| !self.is_counter(*local))
    }

    fn signature(&mut self, params: Vec<Ty>, results: Vec<Ty>) -> usize {
        let wanted = (params, results);
        let known = self.signatures.iter().position(|signature| *signature == wanted);
        known.unwrap_or_else(|| {
            self.signatures.push(wanted);
            self.signatures.len() - 1
        })
    }

    /// A block or a condition, with some results, and maybe with a parameter.
    fn construct(&mut self, kind: Op, results: &[Ty], depth: usize) {
        let params = self.random.types(2);
        params.iter().for_each(|ty| self.value(*ty, 0));
        let signature = self.signature(params.clone(), results.to_vec());
        let is_if = matches!(kind, Op::If(_));
        if is_if {
            self.value(Ty::I32, depth - 1);
        }
        self.ops.push(if is_if { Op::If(signature) } else { Op::Block(signature) });
        self.labels.push(results.to_vec());
        params.iter().for_each(|_| self.ops.push(Op::Drop));
        self.sequence(depth - 1, results);
        if is_if && (params != results || self.random.below(2) == 0) {
            self.ops.push(Op::Else);
            params.iter().for_each(|_| self.ops.push(Op::Drop));
            self.sequence(depth - 1, results);
        }
        self.labels.pop();
        self.ops.push(Op::End);
    }

    /// A call of a later function; its number, without the results taken away.
    fn call(&mut self, depth: usize) -> Option<usize> {
        if self.callees.is_empty() {
            return None;
        }
        let callee = self.callees.start + self.random.below(self.callees.len());
        let params = self.signatures[callee + 1].0.clone();
        params.iter().for_each(|ty| self.value(*ty, depth.saturating_sub(2)));
        self.ops.push(Op::Call(callee as u32));
        Some(callee)
    }

    /// Pushes a value.
    fn value(&mut self, ty: Ty, depth: usize) {
        let choice = self.random.below(if depth == 0 { 3 } else { 9 });
        match (choice, ty) {
            (1 | 2, _) => {
                let locals = 0..self.locals.len();
                let of_type: Vec<usize> =
                    locals.filter(|local| self.locals[*local] == ty).collect();
                match of_type.len() {
                    0 => self.constant(ty),
                    count => {
                        let local = of_type[self.random.below(count)];
                        self.ops.push(Op::Get(local as u32));
                    }
                }
            }
            (3, _) => {
                self.value(ty, depth - 1);
                self.value(ty, depth - 1);
                let binary = match (ty, self.random.below(8)) {
                    (Ty::I32, 0) => Binary::Div,
                    (_, number) if number % 2 == 0 => Binary::Add,
                    _ => Binary::Mul,
                };
                self.ops.push(Op::Binary(ty, binary));
            }
            (4, Ty::I32) => {
                self.value(Ty::I64, depth - 1);
                self.ops.push(Op::Wrap);
            }
            (4, Ty::I64) => {
                self.value(Ty::I32, depth - 1);
                self.ops.push(Op::Extend);
            }
            (4, Ty::F64) => {
                self.value(Ty::I32, depth - 1);
                self.ops.push(Op::Convert);
            }
            (5, _) => {
                self.value(ty, depth - 1);
                self.value(ty, depth - 1);
                self.value(Ty::I32, depth - 1);
                self.ops.push(Op::Select);
            }
            (6, _) => self.construct(Op::Block(0), &[ty], depth),
            (7, _) => self.construct(Op::If(0), &[ty], depth),
            (8, Ty::I32) => {
                self.value(Ty::I32, depth - 1);
                self.ops.push(Op::Eqz);
            }
            (8, _) => {
                self.value(ty, depth - 1);
                let local = self.some_local().filter(|local| self.locals[*local as usize] == ty);
                self.ops.extend(local.map(Op::Tee));
            }
            _ => self.constant(ty),
        }
    }

    fn constant(&mut self, ty: Ty) {
        let number = self.random.below(7) as i32 - 3;
        self.ops.push(match ty {
            Ty::I32 => Op::I32(number),
            Ty::I64 => Op::I64(i64::from(number) << 33),
            Ty::F64 => Op::F64(f64::from(number) / 4.0),
        });
    }
}
