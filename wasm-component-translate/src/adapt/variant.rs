//! Variants: the number of the case is checked and copied, then the payload of that case.

use std::collections::HashMap;

use wasm_component::FlatType;
use wasm_encoder::BlockType;

use super::body::Local;
use super::copy::{Copier, Place};
use super::layout;
use super::refusal::limit;
use super::shape::{Scalar, ShapeId};
use crate::error::Error;
use wasm_component::AdapterTrap;

impl Copier<'_, '_> {
    /// Copies a variant.
    pub(super) fn variant(
        &mut self,
        cases: &[Option<ShapeId>],
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        let layout = layout::variant(self.builder.shapes, cases);
        let scalar = match layout.discriminant {
            1 => Scalar::U8,
            2 => Scalar::U16,
            _ => Scalar::Int32,
        };
        // As a core value, a case has all 32 bits, and one that does not exist is an error.
        let of = |place| match place {
            Place::Flat(_) => Scalar::Int32,
            Place::Memory { .. } => scalar,
        };
        let case = self.body.local(FlatType::I32);
        let count =
            i32::try_from(cases.len()).map_err(|_| limit("a variant has too many cases"))?;
        self.load(of(from), from)?;
        self.body.code().local_tee(case.index).i32_const(count).i32_ge_u();
        self.trap_if(AdapterTrap::InvalidDiscriminant);
        self.begin_store(to);
        self.body.push(case);
        self.store(of(to), to)?;

        let offset = layout.payload_offset;
        self.payloads(cases, case, payload_of(from, offset), payload_of(to, offset))?;
        self.body.release(case);
        Ok(())
    }

    /// Copies the payload of the case that a local says. Cases with payloads of the same shape
    /// share their code.
    fn payloads(
        &mut self,
        cases: &[Option<ShapeId>],
        case: Local,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        let mut groups: Vec<Option<ShapeId>> = Vec::new();
        let mut known = HashMap::new();
        let group_of: Vec<u32> = cases
            .iter()
            .map(|payload| {
                *known.entry(*payload).or_insert_with(|| {
                    groups.push(*payload);
                    groups.len() as u32 - 1
                })
            })
            .collect();
        match groups[..] {
            [] => Ok(()),
            [payload] => self.payload(payload, from, to),
            [first, second] if cases.len() == 2 => {
                self.body.push(case);
                self.body.code().if_(BlockType::Empty);
                self.payload(second, from, to)?;
                self.body.code().else_();
                self.payload(first, from, to)?;
                self.body.code().end();
                Ok(())
            }
            _ => {
                // A block around all, and one for each group, which its code comes after.
                for _ in 0..=groups.len() {
                    self.body.code().block(BlockType::Empty);
                }
                self.body.push(case);
                self.body.code().br_table(group_of, 0).end();
                for (place, payload) in groups.iter().enumerate() {
                    self.payload(*payload, from, to)?;
                    self.body.code().br((groups.len() - 1 - place) as u32).end();
                }
                Ok(())
            }
        }
    }

    /// Copies one payload, and sets to 0 what only other cases use.
    fn payload(
        &mut self,
        payload: Option<ShapeId>,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        let mut used = 0;
        if let Some(shape) = payload {
            let flat = self.builder.shapes[shape].flat.as_deref();
            used = flat.map_or(0, <[_]>::len);
            self.value(shape, first(from, used), first(to, used))?;
        }
        if let Place::Flat(locals) = to {
            for local in locals.iter().skip(used) {
                self.zero(*local);
            }
        }
        Ok(())
    }
}

/// The place behind the number of the case.
fn payload_of(place: Place<'_>, offset: u32) -> Place<'_> {
    match place {
        Place::Flat(locals) => Place::Flat(locals.get(1..).unwrap_or_default()),
        Place::Memory { .. } => place.further(offset),
    }
}

/// The place of the first core values.
fn first(place: Place<'_>, count: usize) -> Place<'_> {
    match place {
        Place::Flat(locals) => Place::Flat(locals.get(..count).unwrap_or_default()),
        Place::Memory { .. } => place,
    }
}
