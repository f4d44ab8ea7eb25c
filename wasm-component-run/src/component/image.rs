//! What a component looks like when it is loaded: its code, and what an instance needs.

use std::ops::Range;

use wasm_store::{Module, ModuleFunction, ResourcesRequired, Result};

use super::{Component, Step};

impl Component {
    /// The machine code of all functions.
    pub fn text(&self) -> &[u8] {
        self.bundle().text()
    }

    /// Where the code of the component lies in memory.
    pub fn image_range(&self) -> Range<*const u8> {
        self.text().as_ptr_range()
    }

    /// The functions that the modules of the component define, with the ranges of their code in
    /// [`Component::text`]. Each has its index in its own module.
    pub fn functions(&self) -> impl Iterator<Item = ModuleFunction> + '_ {
        self.modules().iter().flat_map(move |module| {
            let start = self.offset_of(module);
            module.functions().map(move |mut function| {
                function.offset += start;
                function
            })
        })
    }

    /// Where each instruction of [`Component::text`] comes from: its offset there, and that in the
    /// binary of its module, if it comes from any. `None` if the component was compiled without
    /// [`generate_address_map`](wasm_store::Config::generate_address_map).
    pub fn address_map(&self) -> Option<impl Iterator<Item = (usize, Option<u32>)> + '_> {
        let has_any = self.modules().iter().any(|module| module.address_map().is_some());
        let places = || {
            self.modules().iter().flat_map(|module| {
                let start = self.offset_of(module);
                let places = module.address_map().into_iter().flatten();
                places.map(move |(offset, wasm)| (start + offset, wasm)).collect::<Vec<_>>()
            })
        };
        has_any.then(places)
    }

    /// Where the code of one of the modules begins in that of all.
    fn offset_of(&self, module: &Module) -> usize {
        module.text().as_ptr().addr() - self.text().as_ptr().addr()
    }

    /// What an instance of the component needs besides its imports: the memories and tables of all
    /// its core instances together, and the largest of them. `None` if it imports modules, of which
    /// that is not known.
    pub fn resources_required(&self) -> Option<ResourcesRequired> {
        let mut all = ResourcesRequired {
            num_memories: 0,
            max_initial_memory_size: None,
            num_tables: 0,
            max_initial_table_size: None,
        };
        for step in &self.program().ok()?.steps {
            match step {
                Step::Instantiate { module, .. } => {
                    let one = self.bundle().module(module.index())?.resources_required();
                    all.num_memories += one.num_memories;
                    all.num_tables += one.num_tables;
                    all.max_initial_memory_size =
                        all.max_initial_memory_size.max(one.max_initial_memory_size);
                    all.max_initial_table_size =
                        all.max_initial_table_size.max(one.max_initial_table_size);
                }
                Step::InstantiateImported { .. } => return None,
                _ => {}
            }
        }
        Some(all)
    }

    /// Has nothing to do: initial contents of memories are mapped from what was loaded.
    ///
    /// # Errors
    ///
    /// None.
    pub fn initialize_copy_on_write_image(&self) -> Result<()> {
        Ok(())
    }
}
