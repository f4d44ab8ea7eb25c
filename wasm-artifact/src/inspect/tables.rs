//! Every table: what it is for, and what shows it.

use core::fmt;

use super::view::View;
use super::{code, component, entities, exceptions, frames, header, initial, inlined, names};
use crate::format::Part;

/// Writes the contents of a table, a line for each row where it has rows.
type Show = fn(View<'_, '_>, &mut fmt::Formatter<'_>) -> fmt::Result;

/// What [`Scope::Table`](super::Scope::Table) and everything can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    /// The artifact's header.
    Header,
    /// A table.
    Table(Part),
}

/// What a table is for, and what shows it.
fn of(part: Part) -> (&'static str, Show) {
    match part {
        Part::Checksums => ("checksums of blocks of the tables", header::checksums),
        Part::Strings => ("the pool of strings", header::strings),
        Part::Types => ("types", entities::types),
        Part::TypeCodes => ("parameters, results and fields of types", entities::type_codes),
        Part::RecGroups => ("recursive groups of types", entities::rec_groups),
        Part::Imports => ("imports", entities::imports),
        Part::Exports => ("exports", entities::exports),
        Part::ExportOrder => ("exports in the order of their names", entities::export_order),
        Part::FunctionTypes => ("the types of functions", entities::function_types),
        Part::Tables => ("tables", entities::tables),
        Part::Memories => ("memories", entities::memories),
        Part::Globals => ("globals", entities::globals),
        Part::Tags => ("tags", entities::tags),
        Part::TableInits => ("initial elements of tables", initial::table_inits),
        Part::GlobalInits => ("initial values of globals", initial::global_inits),
        Part::ConstOps => ("the pool of constant expressions", initial::const_ops),
        Part::Elements => ("element segments", initial::elements),
        Part::FuncLists => ("functions in element segments and tables", initial::func_lists),
        Part::ExprLists => ("expressions in element segments", initial::expr_lists),
        Part::Data => ("data segments", initial::data),
        Part::DataBytes => ("bytes of data segments that are in no image", initial::data_bytes),
        Part::TableImages => ("initial contents of tables", initial::table_images),
        Part::MemoryImages => ("initial contents of memories", initial::memory_images),
        Part::Escaping => ("functions that can be referred to", initial::escaping),
        Part::IsaFlags => ("settings of the instruction set", header::isa_flags),
        Part::Extensions => ("instruction set extensions that are used", header::extensions),
        Part::Code => ("the code of functions", code::code),
        Part::FrameSizes => ("bytes of stack that calls take", code::frame_sizes),
        Part::CodeOrder => ("functions in the order of their code", code::code_order),
        Part::TrapBlocks => ("blocks of the trap table", code::trap_blocks),
        Part::TrapBytes => ("instructions that may trap", code::traps),
        Part::AddressBlocks => ("blocks of the address map", code::address_blocks),
        Part::AddressBytes => ("code, and the place in the module it comes from", code::addresses),
        Part::FrameSlots => ("where functions keep their context", code::frame_slots),
        Part::KeptValues => ("what functions keep for debuggers", code::kept_values),
        Part::InlinedFunctions => ("functions in place of calls", inlined::functions),
        Part::InlinedRanges => ("where the code of those is", inlined::ranges),
        Part::HookedFunctions => ("functions that report calls", code::hooked_functions),
        Part::Fuel => ("traps with fuel taken ahead", code::fuel),
        Part::StackMaps => ("calls with references in their frames", code::stack_maps),
        Part::FrameReferences => ("the pool of places in frames", code::frame_references),
        Part::CatchSites => ("calls from which exceptions are caught", exceptions::sites),
        Part::CatchHandlers => ("where caught exceptions go on", exceptions::handlers),
        Part::Frames => ("frames that can be debugged", frames::frames),
        Part::FrameLocals => ("kinds of locals", frames::locals),
        Part::FrameOperands => ("tops of operand stacks", frames::operands),
        Part::FramePoints => ("operators where code can stop", frames::points),
        Part::Bytecode => ("the binary that the code was made of", frames::bytecode),
        Part::FunctionNames => ("names of functions", names::function_names),
        Part::OtherNames => ("names of everything else", names::other_names),
        Part::Symbols => ("ELF symbols", names::symbols),
        Part::SymbolStrings => ("names of functions and symbols", names::symbol_strings),
        Part::TextItems => ("what stands in the text beside functions", code::text_items),
        Part::DebugSections => ("sections of debugging information", names::debug_sections),
        Part::DebugBytes => ("debugging information of the module", names::debug_bytes),
        Part::Counters => ("where the code counts for a profile", code::counters),
        Part::Profile => ("the profile that the code was compiled with", code::profile),
        Part::Plan => ("how the component is put together", component::plan),
        Part::ModuleTable => ("where the component's modules start", component::module_table),
        Part::Modules => ("the component's modules", component::modules),
        Part::Text => ("machine code", code::text),
        Part::Images => ("pages of the initial contents of memories", initial::images),
    }
}

impl Item {
    /// Everything that can be shown, in the order of the file.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let parts = (0..=u32::from(u8::MAX)).filter_map(Part::from_id);
        core::iter::once(Item::Header).chain(parts.map(Item::Table))
    }

    /// The name that people give it: that in the summary without what all have in common.
    pub(super) fn name(self) -> &'static str {
        match self {
            Item::Header => "header",
            Item::Table(part) => {
                let name = part.section_name();
                let name = name.strip_prefix(".wasm").unwrap_or(name);
                name.strip_prefix('.').unwrap_or(name)
            }
        }
    }

    /// The item with a name, which can also be the one in the summary.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::all().find(|item| {
            let is_section = matches!(item, Item::Table(part) if part.section_name() == name);
            item.name() == name || is_section
        })
    }

    /// Writes a headline and the contents.
    pub(super) fn show(self, view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Header => {
                writeln!(f, "header: the artifact's own note")?;
                header::details(view, f)
            }
            Item::Table(part) => {
                let (what, show) = of(part);
                let name = self.name();
                match view.place(part) {
                    Some((offset, bytes)) => {
                        let damaged = if view.artifact.is_intact(bytes) { "" } else { ", damaged" };
                        let len = bytes.len();
                        writeln!(f, "{name}: {what}, {len} bytes at {offset:#x}{damaged}")?;
                        show(view, f)
                    }
                    None => writeln!(f, "{name}: {what}, none"),
                }
            }
        }
    }
}
