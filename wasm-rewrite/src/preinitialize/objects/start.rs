//! The function that sets what objects could not have from the start.

use wasm_encoder::{
    CodeSection, Encode, Function, Instruction, RawSection, SectionId, StartSection,
};
use wasm_types::ObjectState;
use wasmparser::{CompositeInnerType, SubType};

use super::{Objects, mismatch};
use crate::error::Error;
use crate::preinitialize::functions::Functions;
use crate::sections::{Replaced, Source};

impl Objects<'_> {
    /// Whether there is a start function.
    pub(in crate::preinitialize) fn has_start(&self) -> bool {
        !self.later.is_empty()
    }

    /// Adds the start function, which comes last. The code is that of all other functions. Returns
    /// the functions that it refers to.
    pub(in crate::preinitialize) fn add_start(
        &self,
        source: &Source<'_>,
        code: &mut CodeSection,
        replaced: &mut Replaced,
        functions: &mut Functions,
    ) -> Result<(), Error> {
        let mut made = Vec::new();
        for &(object, place, value) in &self.later {
            let (Some(global), Some(field)) =
                (self.globals[object as usize], self.field(object, place))
            else {
                return Err(mismatch(object, "it has no such field"));
            };
            made.push(Instruction::GlobalGet(global));
            let ty = self.states[object as usize].ty().as_u32();
            let is_struct = matches!(self.states[object as usize], ObjectState::Struct(..));
            if !is_struct {
                made.push(Instruction::I32Const(place as i32));
            }
            self.value(value, field.element_type.unpack(), &mut made, functions)?;
            made.push(match is_struct {
                true => Instruction::StructSet { struct_type_index: ty, field_index: place },
                false => Instruction::ArraySet(ty),
            });
        }
        made.push(Instruction::End);
        let mut function = Function::new([]);
        for instruction in &made {
            function.instruction(instruction);
        }
        code.function(&function);
        let ty = match source.types.iter().position(takes_and_returns_nothing) {
            Some(known) => known as u32,
            None => {
                append(source, SectionId::Type, &[0x60, 0, 0], replaced)?;
                source.types.len() as u32
            }
        };
        let mut encoded = Vec::new();
        ty.encode(&mut encoded);
        append(source, SectionId::Function, &encoded, replaced)?;
        replaced.put(&StartSection { function_index: source.functions });
        Ok(())
    }
}

fn takes_and_returns_nothing(ty: &SubType) -> bool {
    match &ty.composite_type.inner {
        CompositeInnerType::Func(ty) => ty.params().is_empty() && ty.results().is_empty(),
        _ => false,
    }
}

/// Adds an item to a section that is a list.
fn append(
    source: &Source<'_>,
    id: SectionId,
    item: &[u8],
    replaced: &mut Replaced,
) -> Result<(), Error> {
    let section = source.sections.iter().find(|section| section.id == id as u8);
    let mut reader = wasmparser::BinaryReader::new(section.map_or(&[0], |it| it.contents), 0);
    let count = reader.read_var_u32()?;
    let mut data = Vec::new();
    count.saturating_add(1).encode(&mut data);
    data.extend_from_slice(reader.read_bytes(reader.bytes_remaining())?);
    data.extend_from_slice(item);
    replaced.put(&RawSection { id: id as u8, data: &data });
    Ok(())
}
