//! An artifact back as a module description: for tools and tests.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_types::{
    BranchHints, CompiledModule, DataKind, DataSegment, DebugSections, DefinedFuncIndex,
    DefinedGlobalIndex, DefinedTableIndex, ElementItems, ElementKind, ElementSegment, Export,
    FuncIndex, GlobalIndex, Import, IsaFlag, MemoryIndex, Module, TableIndex, TagIndex,
};

use super::{Artifact, DataRefKind, ElementRefKind, ItemsRef};
use crate::error::Error;

impl Artifact<'_> {
    /// The declarations of the module, decoded. Bodies are left out, and the ranges of data
    /// segments point into [`bytes`](Self::bytes).
    ///
    /// # Errors
    ///
    /// If anything that it reads is damaged.
    pub fn declarations(&self) -> Result<Module, Error> {
        let counts = self.counts();
        let imports = self.imports().map(|import| {
            let import = import?;
            let (module, name) = (import.module.into(), import.name.into());
            Ok(Import { module, name, index: import.index, ty: import.ty })
        });
        let exports = self.exports().map(|export| {
            let export = export?;
            Ok(Export { name: export.name.into(), index: export.index })
        });
        let table_inits = (0..counts.tables - counts.imported_tables).map(|index| {
            let init = self.table_init(DefinedTableIndex::new(index))?;
            init.map(|init| init.to_const_expr()).transpose()
        });
        let global_inits = (0..counts.globals - counts.imported_globals)
            .map(|index| self.global_init(DefinedGlobalIndex::new(index))?.to_const_expr());
        let functions = (0..counts.functions).map(FuncIndex::new);
        let tables = (0..counts.tables).map(TableIndex::new);
        let memories = (0..counts.memories).map(MemoryIndex::new);
        let globals = (0..counts.globals).map(GlobalIndex::new);
        let tags = (0..counts.tags).map(TagIndex::new);
        Ok(Module {
            types: self.types().collect::<Result<_, _>>()?,
            rec_groups: self.rec_groups().collect::<Result<_, _>>()?,
            imports: imports.collect::<Result<_, Error>>()?,
            functions: functions.map(|i| self.function_type(i)).collect::<Result<_, _>>()?,
            tables: tables.map(|i| self.table(i)).collect::<Result<_, _>>()?,
            memories: memories.map(|i| self.memory(i)).collect::<Result<_, _>>()?,
            globals: globals.map(|i| self.global(i)).collect::<Result<_, _>>()?,
            tags: tags.map(|i| self.tag(i)).collect::<Result<_, _>>()?,
            num_imported_functions: counts.imported_functions,
            num_imported_tables: counts.imported_tables,
            num_imported_memories: counts.imported_memories,
            num_imported_globals: counts.imported_globals,
            num_imported_tags: counts.imported_tags,
            table_inits: table_inits.collect::<Result<_, Error>>()?,
            global_inits: global_inits.collect::<Result<_, Error>>()?,
            exports: exports.collect::<Result<_, Error>>()?,
            start: self.start(),
            elements: self.element_segments()?,
            data: self.data_declarations()?,
            bodies: Vec::new(),
            escaping_functions: self.escaping_functions()?.collect(),
            features: self.features(),
            names: self.names(),
            // They are in the code.
            branch_hints: BranchHints::default(),
            // Their places in the binary are not kept.
            debug_sections: DebugSections::default(),
        })
    }

    /// The compiled code with all its tables, decoded.
    ///
    /// # Errors
    ///
    /// If anything that it reads is damaged.
    pub fn compiled_module(&self) -> Result<CompiledModule, Error> {
        let counts = self.counts();
        let functions =
            (0..counts.functions - counts.imported_functions).map(DefinedFuncIndex::new);
        let flags = self
            .isa_flags()
            .map(|(name, value)| IsaFlag { name: String::from(name), value: String::from(value) });
        Ok(CompiledModule {
            target: self.target().into(),
            isa_flags: flags.collect(),
            extensions: self
                .extensions()
                .map(|name| name.map(String::from))
                .collect::<Result<_, _>>()?,
            proposals: self.features(),
            tunables: self.tunables(),
            text: self.text().to_vec(),
            functions: functions.map(|i| self.function_code(i)).collect::<Result<_, _>>()?,
            items: self.text_items()?.collect::<Result<_, _>>()?,
            traps: self.traps().iter().collect(),
            address_map: self.address_map().iter().collect(),
            inlined_functions: self.inlined_functions()?.collect(),
            inlined_ranges: self.inlined_ranges()?.collect(),
            frame_slots: self.frame_slots()?.collect(),
            kept_values: self.kept_values()?.collect(),
            hooked_functions: self.hooked_functions()?.collect(),
            stack_maps: self.stack_maps()?.collect::<Result<_, _>>()?,
            fuel: self.fuel()?.collect(),
            catch_sites: self.catch_sites()?.collect::<Result<_, _>>()?,
            counters: self.counters()?.map_or_else(Vec::new, |map| map.encode()),
            frames: self.frames()?,
            profile: self.profile()?,
        })
    }

    fn element_segments(&self) -> Result<Vec<ElementSegment>, Error> {
        let segments = self.elements().map(|segment| {
            let segment = segment?;
            let kind = match segment.kind {
                ElementRefKind::Passive => ElementKind::Passive,
                ElementRefKind::Declared => ElementKind::Declared,
                ElementRefKind::Active { table, offset } => {
                    ElementKind::Active { table, offset: offset.to_const_expr()? }
                }
            };
            let null = || Error::damaged("an element segment");
            let items = match segment.items {
                ItemsRef::Functions(items) => ElementItems::Functions(
                    items.iter().collect::<Option<Vec<_>>>().ok_or_else(null)?,
                ),
                ItemsRef::Expressions(items) => {
                    let expressions = items.iter().map(|item| item?.to_const_expr());
                    ElementItems::Expressions(expressions.collect::<Result<_, _>>()?)
                }
            };
            Ok(ElementSegment { kind, ty: segment.ty, items })
        });
        segments.collect()
    }

    fn data_declarations(&self) -> Result<Vec<DataSegment>, Error> {
        let segments = self.data_segments().map(|segment| {
            let segment = segment?;
            let kind = match segment.kind {
                DataRefKind::Passive => DataKind::Passive,
                DataRefKind::Active { memory, offset } => {
                    DataKind::Active { memory, offset: offset.to_const_expr()? }
                }
            };
            // The segment is a part of the artifact's bytes, so that the difference of the
            // addresses is its place; an empty one may be a slice of nothing.
            let place = segment.bytes.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr());
            let start = place.filter(|_| !segment.bytes.is_empty()).unwrap_or(0);
            Ok(DataSegment { kind, range: start..start + segment.bytes.len() })
        });
        segments.collect()
    }
}
