//! What is computed of a shape, once, when it is added to the others.

use wasm_component::MAX_FLAT_PARAMS;

use super::layout;
use super::shape::{Entry, INLINE_COST, Shape, ShapeId, Shapes};

/// What the call of a helper function costs.
const CALL_COST: u32 = 4;

impl Shapes {
    /// The shape of that description. What it consists of is of these shapes.
    pub(crate) fn add(&mut self, shape: Shape) -> ShapeId {
        if let Some(id) = self.find(&shape) {
            return id;
        }
        let entry = Entry {
            layout: layout::of(self, &shape),
            flat: layout::flat(self, &shape).map(Into::into),
            plain: self.plain(&shape),
            allocates: self.allocates(&shape),
            borrows: self.borrows(&shape),
            cost: self.cost(&shape),
            depth: 1 + self.children(&shape).map(|child| self[child].depth).max().unwrap_or(0),
            shape,
        };
        self.push(entry)
    }

    fn children<'s>(&self, shape: &'s Shape) -> Box<dyn Iterator<Item = ShapeId> + 's> {
        match shape {
            Shape::Scalar(_)
            | Shape::String
            | Shape::Flags(_)
            | Shape::Own(_)
            | Shape::Borrow(_) => Box::new(std::iter::empty()),
            Shape::Record(fields) => Box::new(fields.iter().copied()),
            Shape::Variant(cases) => Box::new(cases.iter().copied().flatten()),
            Shape::List(element) | Shape::FixedList(element, _) => {
                Box::new(std::iter::once(*element))
            }
        }
    }

    fn plain(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Scalar(scalar) => scalar.is_plain(),
            Shape::Record(fields) => {
                let sizes: u64 =
                    fields.iter().map(|field| u64::from(self[*field].layout.size)).sum();
                sizes == u64::from(layout::of(self, shape).size)
                    && fields.iter().all(|field| self[*field].plain)
            }
            Shape::Flags(count) => matches!(count, 8 | 16) || count % 32 == 0,
            Shape::FixedList(element, _) => self[*element].plain,
            Shape::String
            | Shape::Variant(_)
            | Shape::List(_)
            | Shape::Own(_)
            | Shape::Borrow(_) => false,
        }
    }

    fn allocates(&self, shape: &Shape) -> bool {
        matches!(shape, Shape::String | Shape::List(_))
            || self.children(shape).any(|child| self[child].allocates)
    }

    fn borrows(&self, shape: &Shape) -> bool {
        matches!(shape, Shape::Borrow(_)) || self.children(shape).any(|child| self[child].borrows)
    }

    fn cost(&self, shape: &Shape) -> u32 {
        let within = |id: ShapeId| match self[id].cost {
            cost if cost > INLINE_COST => CALL_COST,
            cost => cost,
        };
        match shape {
            Shape::Scalar(_) => 1,
            Shape::String | Shape::List(_) | Shape::Own(_) | Shape::Borrow(_) => CALL_COST,
            Shape::Flags(count) => 1 + count / 32,
            Shape::Record(fields) => {
                fields.iter().fold(0, |sum: u32, field| sum.saturating_add(within(*field)))
            }
            Shape::Variant(cases) => {
                let branches = u32::try_from(cases.len()).unwrap_or(u32::MAX) / 4;
                cases.iter().flatten().fold(branches.saturating_add(4), |sum: u32, case| {
                    sum.saturating_add(within(*case)).saturating_add(2)
                })
            }
            Shape::FixedList(element, count) => {
                within(*element).saturating_mul((*count).min(MAX_FLAT_PARAMS as u32))
            }
        }
    }
}
