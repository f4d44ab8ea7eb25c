//! Places by the debugging information that is in the artifact, which is read there.

use std::sync::OnceLock;

use wasm_dwarf::{Place, Places};

use super::super::FrameSymbol;
use crate::items::Module;

/// What is known of a module's debugging information, once somebody has asked.
#[derive(Default)]
pub(in crate::items) struct SourcePlaces(OnceLock<Places>);

impl Module {
    /// The places of an instruction, by its offset in the Wasm binary.
    pub(in crate::items) fn places_of(&self, offset: u32) -> Vec<FrameSymbol> {
        let artifact = self.loaded().artifact();
        let start = artifact.code_section_start();
        let Some(address) = start.and_then(|start| u64::from(offset).checked_sub(start)) else {
            return Vec::new();
        };
        let section = |name: &str| artifact.debug_section(name).unwrap_or_default();
        let places = self.source_places().0.get_or_init(|| Places::read(&section));
        let found = places.find(&section, address).into_iter();
        found
            .map(|Place { name, file, line, column, .. }| FrameSymbol { name, file, line, column })
            .collect()
    }

    /// Whether there would be places if the environment said so.
    pub(in crate::items) fn could_have_places(&self) -> bool {
        self.engine().looks_at_environment() && self.loaded().artifact().lacks_debug_sections()
    }
}
