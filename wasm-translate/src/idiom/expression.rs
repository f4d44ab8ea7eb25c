//! What a body without control flow computes, as expressions over its parameters.
//!
//! Expressions stand for numbers without a sign, in a form in which many ways to write the same
//! thing are one: sums have their terms in order whatever the brackets, a mask and a narrowing are
//! the same thing, and an `or` of what has no bit in common is a sum. Two expressions of one pool
//! are the same expression if they have the same [`Id`]; there are others that have the same value.
//!
//! Only what 64-bit arithmetic in 32-bit halves is made of is understood.

use std::collections::HashMap;

use wasm_types::wasmparser::{FunctionBody, MemArg, Operator};

/// A body with more operators is not read to its end.
const MAX_OPERATORS: usize = 128;
/// A body with more locals is not read.
const MAX_LOCALS: usize = 64;
/// A sum of more terms is not understood.
const MAX_TERMS: usize = 16;

/// An expression of a pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Id(u32);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Node {
    /// A parameter of the function.
    Param(u32),
    Const(u64),
    /// The terms in order, modulo 2^64; at least two, none of which is a sum.
    Sum(Vec<Id>),
    /// The factors in order, modulo 2^64.
    Product(Id, Id),
    /// The lower 32 bits.
    Low(Id),
    /// The upper 32 bits.
    High(Id),
    /// The lower 32 bits as upper ones.
    Up(Id),
    /// 1 if the first is less than the second, else 0.
    Less(Id, Id),
}

/// Expressions, each of them once.
#[derive(Default)]
pub(super) struct Pool {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
}

impl Pool {
    fn add(&mut self, node: Node) -> Id {
        let nodes = &mut self.nodes;
        *self.ids.entry(node).or_insert_with_key(|node| {
            nodes.push(node.clone());
            Id(nodes.len() as u32 - 1)
        })
    }

    fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn param(&mut self, number: u32) -> Id {
        self.add(Node::Param(number))
    }

    /// A sum; `None` if it has too many terms.
    pub(super) fn sum(&mut self, terms: &[Id]) -> Option<Id> {
        let mut flat = Vec::new();
        for term in terms {
            match self.node(*term) {
                Node::Sum(inner) => flat.extend_from_slice(inner),
                _ => flat.push(*term),
            }
        }
        flat.sort_unstable();
        (flat.len() <= MAX_TERMS).then(|| self.add(Node::Sum(flat)))
    }

    pub(super) fn product(&mut self, a: Id, b: Id) -> Id {
        self.add(Node::Product(a.min(b), a.max(b)))
    }

    pub(super) fn low(&mut self, a: Id) -> Id {
        // These have no upper bits.
        match self.node(a) {
            Node::Low(_) | Node::High(_) | Node::Less(..) => a,
            _ => self.add(Node::Low(a)),
        }
    }

    pub(super) fn high(&mut self, a: Id) -> Id {
        self.add(Node::High(a))
    }

    pub(super) fn up(&mut self, a: Id) -> Id {
        match *self.node(a) {
            Node::Low(inner) => self.add(Node::Up(inner)),
            _ => self.add(Node::Up(a)),
        }
    }

    pub(super) fn less(&mut self, a: Id, b: Id) -> Id {
        self.add(Node::Less(a, b))
    }

    fn or(&mut self, a: Id, b: Id) -> Option<Id> {
        let is_up = |id| matches!(self.node(id), Node::Up(_));
        let is_low = |id| matches!(self.node(id), Node::Low(_) | Node::High(_) | Node::Less(..));
        let disjoint = (is_up(a) && is_low(b)) || (is_low(a) && is_up(b));
        if disjoint { self.sum(&[a, b]) } else { None }
    }

    /// An operation whose second operand is a constant; either may be.
    fn and(&mut self, a: Id, b: Id) -> Option<Id> {
        match (self.node(a), self.node(b)) {
            (_, Node::Const(0xffff_ffff)) => Some(self.low(a)),
            (Node::Const(0xffff_ffff), _) => Some(self.low(b)),
            _ => None,
        }
    }

    /// Whether a shift by this amount is one by half of the bits.
    fn is_half(&self, amount: Id) -> bool {
        matches!(self.node(amount), Node::Const(amount) if amount % 64 == 32)
    }
}

/// A store of 64 bits.
#[derive(Clone, Copy)]
pub(super) struct Store {
    pub(super) address: Id,
    pub(super) value: Id,
    pub(super) memarg: MemArg,
}

/// All that a body does: it stores, in this order, and returns nothing. `None` if it may do
/// anything else, or holds what is not understood.
pub(super) fn stores(
    pool: &mut Pool,
    params: usize,
    body: &FunctionBody<'_>,
) -> Option<Vec<Store>> {
    let mut locals: Vec<Id> = (0..params as u32).map(|number| pool.param(number)).collect();
    let zero = pool.add(Node::Const(0));
    for declared in body.get_locals_reader().ok()? {
        let (count, _) = declared.ok()?;
        if count as usize > MAX_LOCALS - locals.len().min(MAX_LOCALS) {
            return None;
        }
        locals.resize(locals.len() + count as usize, zero);
    }
    let mut stack: Vec<Id> = Vec::new();
    let mut stores = Vec::new();
    let mut operators = body.get_operators_reader().ok()?;
    for _ in 0..MAX_OPERATORS {
        let result = match operators.read().ok()? {
            Operator::LocalGet { local_index } => *locals.get(local_index as usize)?,
            Operator::LocalTee { local_index } => {
                let value = stack.pop()?;
                *locals.get_mut(local_index as usize)? = value;
                value
            }
            Operator::LocalSet { local_index } => {
                *locals.get_mut(local_index as usize)? = stack.pop()?;
                continue;
            }
            Operator::I64Const { value } => pool.add(Node::Const(value as u64)),
            Operator::I64Add => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                pool.sum(&[a, b])?
            }
            Operator::I64Mul => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                pool.product(a, b)
            }
            Operator::I64And => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                pool.and(a, b)?
            }
            Operator::I64Or => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                pool.or(a, b)?
            }
            Operator::I64Shl => {
                let (amount, a) = (stack.pop()?, stack.pop()?);
                pool.is_half(amount).then(|| pool.up(a))?
            }
            Operator::I64ShrU => {
                let (amount, a) = (stack.pop()?, stack.pop()?);
                pool.is_half(amount).then(|| pool.high(a))?
            }
            Operator::I64LtU => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                pool.less(a, b)
            }
            Operator::I64GtU => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                pool.less(b, a)
            }
            Operator::I32WrapI64 => {
                let a = stack.pop()?;
                pool.low(a)
            }
            // Expressions have no sign and no width: this changes nothing.
            Operator::I64ExtendI32U => continue,
            Operator::I64Store { memarg } => {
                let (value, address) = (stack.pop()?, stack.pop()?);
                stores.push(Store { address, value, memarg });
                continue;
            }
            Operator::End => return (operators.eof() && stack.is_empty()).then_some(stores),
            _ => return None,
        };
        stack.push(result);
    }
    None
}
