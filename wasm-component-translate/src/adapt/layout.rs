//! Where the values of a shape lie in memory, and as which core values they are passed.

use wasm_component::{FlatType, Layout, MAX_FLAT_PARAMS, VariantLayout};

use super::shape::{Shape, ShapeId, Shapes};

/// The layout of a shape. Sizes stop at the largest number.
pub(super) fn of(shapes: &Shapes, shape: &Shape) -> Layout {
    match shape {
        Shape::Scalar(scalar) => Layout::scalar(scalar.size()),
        Shape::String | Shape::List(_) => Layout::POINTER_PAIR,
        Shape::Own(_) | Shape::Borrow(_) => Layout::scalar(4),
        Shape::Record(fields) => Layout::record(fields.iter().map(|field| shapes[*field].layout)),
        Shape::Variant(cases) => variant(shapes, cases).layout,
        Shape::Flags(count) => Layout::flags(*count as usize),
        Shape::FixedList(element, count) => shapes[*element].layout.repeat(*count),
    }
}

/// Where the parts of a variant lie.
pub(super) fn variant(shapes: &Shapes, cases: &[Option<ShapeId>]) -> VariantLayout {
    VariantLayout::new(
        cases.iter().map(|case| case.map_or(Layout::EMPTY, |case| shapes[case].layout)),
    )
}

/// The core types of a shape as parameters, or none if there are more than [`MAX_FLAT_PARAMS`].
pub(super) fn flat(shapes: &Shapes, shape: &Shape) -> Option<Vec<FlatType>> {
    let flat = match shape {
        Shape::Scalar(scalar) => vec![scalar.flat()],
        Shape::String | Shape::List(_) => vec![FlatType::I32; 2],
        Shape::Own(_) | Shape::Borrow(_) => vec![FlatType::I32],
        Shape::Record(fields) => {
            let mut flat = Vec::new();
            for field in fields {
                flat.extend(shapes[*field].flat.as_deref()?);
                if flat.len() > MAX_FLAT_PARAMS {
                    return None;
                }
            }
            flat
        }
        Shape::Variant(cases) => {
            let mut flat = vec![FlatType::I32];
            for case in cases.iter().flatten() {
                for (place, ty) in shapes[*case].flat.as_deref()?.iter().enumerate() {
                    match flat.get_mut(place + 1) {
                        Some(joined) => *joined = joined.join(*ty),
                        None => flat.push(*ty),
                    }
                }
            }
            flat
        }
        Shape::Flags(count) => {
            let words = count.div_ceil(32) as usize;
            if words > MAX_FLAT_PARAMS {
                return None;
            }
            vec![FlatType::I32; words]
        }
        Shape::FixedList(element, count) => {
            let element = shapes[*element].flat.as_deref()?;
            let count = *count as usize;
            if element.len().checked_mul(count)? > MAX_FLAT_PARAMS {
                return None;
            }
            element.repeat(count)
        }
    };
    (flat.len() <= MAX_FLAT_PARAMS).then_some(flat)
}
