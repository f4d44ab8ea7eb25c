//! Compiled modules.

#![allow(unsafe_code)]

mod profile;
#[cfg(feature = "sign")]
mod verified;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use wasm_artifact::{Artifact, FileKind, identify};
use wasm_loader::Loaded;
use wasm_types::{EntityIndex, EntityType, FuncIndex, TypeIndex};

use crate::engine::{
    CacheEntry, Engine, InstanceAllocationStrategy, Precompiled, Registration, compat,
    open_and_read_head, serialized,
};
use crate::error::{Context, Result};
use crate::items::backtrace::SourcePlaces;
use crate::types::canonical::{map_ref_type, map_val_type};
use crate::types::matching::CanonicalType;
use crate::types::registry::ModuleTypes;
use crate::types::{
    Canonical, ExportType, ExternType, FuncType, GlobalType, ImportType, MemoryType, TableType,
    TagType,
};
use crate::vm::{ModuleImports, VmModule};

/// A compiled WebAssembly module, ready to be instantiated.
///
/// A handle that is cheap to clone and can be used on several threads.
#[derive(Clone)]
pub struct Module {
    inner: Arc<ModuleInner>,
}

struct ModuleInner {
    _profiled: Registration,
    loaded: Arc<Loaded>,
    /// Made when it is first needed, so that loading a module costs nothing for each of its types.
    linked: OnceLock<Linked>,
    #[cfg_attr(not(feature = "backtrace-details"), expect(dead_code, reason = "nothing is known"))]
    places: SourcePlaces,
    engine: Engine,
}

impl Drop for ModuleInner {
    fn drop(&mut self) {
        // No instance of it can be made any more, not even by a store, since stores keep their
        // modules alive.
        if let Some(linked) = self.linked.get() {
            self.engine.vm().forget_module(&linked.vm);
        }
    }
}

/// What an instance of a module needs: see [`Module::resources_required`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResourcesRequired {
    /// How many memories it has, without those that it imports.
    pub num_memories: u32,
    /// The size at the start of the largest of them, in pages.
    pub max_initial_memory_size: Option<u64>,
    /// How many tables it has, without those that it imports.
    pub num_tables: u32,
    /// The size at the start of the largest of them, in elements.
    pub max_initial_table_size: Option<u64>,
}

/// A module's types and imports as its engine knows them.
struct Linked {
    /// Refers to types of the engine, which the module keeps alive.
    vm: Arc<VmModule>,
    /// The canonical id of each type, by its index.
    type_ids: Vec<u32>,
    /// The type of each import.
    wanted: Vec<CanonicalType>,
}

impl Module {
    /// Compiles a module from its binary form, or from the text format if the engine's compiler
    /// reads it.
    ///
    /// # Errors
    ///
    /// If the module is not valid, uses a proposal that is not allowed, or the engine has no
    /// compiler. Compiled modules are refused: see [`Module::deserialize`].
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        Self::compile(engine, bytes.as_ref())
    }

    /// Loads or compiles a module, depending on the content of the file: in binary form, in the
    /// text format if the engine's compiler reads it, or compiled already.
    ///
    /// A module that is compiled already is only loaded if the engine's trust policy accepts it
    /// (`Config::trust`, with the feature `sign`), so that this function is safe.
    ///
    /// # Errors
    ///
    /// If the file can't be read. As for [`Module::new`]. If the module is compiled already and not
    /// trusted, or as for [`Module::deserialize`].
    pub fn from_file(engine: &Engine, file: impl AsRef<Path>) -> Result<Module> {
        let path = file.as_ref();
        let (file, bytes) = open_and_read_head(path)?;
        if is_compiled(&bytes) {
            let loaded = engine.config().trust.load(engine, file);
            let module = loaded.and_then(|loaded| Module::from_loaded(engine, loaded));
            return module.with_context(|| format!("failed to load: {}", path.display()));
        }
        Self::compile_file(engine, path, file, bytes)
    }

    /// Compiles a module from its binary form.
    ///
    /// # Errors
    ///
    /// As for [`Module::new`]; also if the bytes are in the text format.
    pub fn from_binary(engine: &Engine, binary: &[u8]) -> Result<Module> {
        let identity = identify(binary);
        crate::ensure!(
            !matches!(identity.kind, FileKind::Text),
            "expected a WebAssembly module in binary form, found {identity}"
        );
        Self::compile(engine, binary)
    }

    /// Loads or compiles a module, depending on the content of the file.
    ///
    /// # Safety
    ///
    /// As for [`Module::deserialize_file`].
    ///
    /// # Errors
    ///
    /// As for [`Module::deserialize_file`] or [`Module::from_file`].
    pub unsafe fn from_trusted_file(engine: &Engine, file: impl AsRef<Path>) -> Result<Module> {
        let path = file.as_ref();
        let (file, bytes) = open_and_read_head(path)?;
        if is_compiled(&bytes) {
            // SAFETY: as the caller promises.
            return unsafe { Self::deserialize_file(engine, path) };
        }
        Self::compile_file(engine, path, file, bytes)
    }

    /// Compiles what is in a file, whose first bytes have been read already.
    fn compile_file(
        engine: &Engine,
        path: &Path,
        mut file: File,
        mut bytes: Vec<u8>,
    ) -> Result<Module> {
        file.read_to_end(&mut bytes)
            .with_context(|| format!("failed to read input file: {}", path.display()))?;
        Self::compile(engine, &bytes)
            .with_context(|| format!("failed to compile: {}", path.display()))
    }

    fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module> {
        let entry = CacheEntry::of(engine, bytes);
        // An entry that does not fit the engine, for whatever reason, is ignored.
        if let Some(loaded) = entry.load()
            && let Ok(module) = Self::from_loaded(engine, loaded)
        {
            return Ok(module);
        }
        let artifact = engine.precompile_module(bytes)?;
        // SAFETY: the engine's compiler has just made the code, and answers for it.
        let loaded =
            compat::add_engine_mismatches(engine, unsafe { Loaded::from_bytes(&artifact) })
                .context("the engine's configuration does not match the host")?;
        let module = Self::from_loaded(engine, loaded)?;
        // SAFETY: as above.
        unsafe { entry.keep(artifact) };
        Ok(module)
    }

    /// Loads a module from the bytes of an artifact: what [`Engine::precompile_module`] and
    /// [`Module::serialize`] give.
    ///
    /// # Safety
    ///
    /// The bytes must come from a trustworthy compiler and be unchanged since: the code in them is
    /// run as it is.
    ///
    /// # Errors
    ///
    /// If the bytes are not an artifact, are damaged, or were compiled for another machine or with
    /// settings that the engine does not provide for. The error has all reasons.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let bytes = bytes.as_ref();
        expect_artifact(bytes, "Module::new")?;
        // SAFETY: as the caller promises.
        let loaded = compat::add_engine_mismatches(engine, unsafe { Loaded::from_bytes(bytes) })?;
        Self::from_loaded(engine, loaded)
    }

    /// Loads a module from the file of an artifact. The file is mapped, not read.
    ///
    /// # Safety
    ///
    /// As for [`Module::deserialize`]; and nobody may change the file while the module lives.
    ///
    /// # Errors
    ///
    /// If the file can't be read, and as for [`Module::deserialize`].
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        // SAFETY: as the caller promises.
        let loaded = match compat::add_engine_mismatches(engine, unsafe { Loaded::from_file(path) })
        {
            Ok(loaded) => loaded,
            Err(error) => {
                // The kind of the file says more than what is wrong with it as an artifact.
                if let Ok(bytes) = std::fs::read(path) {
                    expect_artifact(&bytes, "Module::from_file")
                        .with_context(|| format!("failed to load: {}", path.display()))?;
                }
                let error = crate::Error::new(error);
                return Err(error.context(format!("failed to load: {}", path.display())));
            }
        };
        Self::from_loaded(engine, loaded)
            .with_context(|| format!("failed to load: {}", path.display()))
    }

    /// As [`Module::deserialize_file`], with a file that is open already.
    ///
    /// # Safety
    ///
    /// As for [`Module::deserialize_file`].
    ///
    /// # Errors
    ///
    /// As for [`Module::deserialize_file`].
    pub unsafe fn deserialize_open_file(engine: &Engine, file: File) -> Result<Module> {
        // SAFETY: as the caller promises.
        let loaded = unsafe { Loaded::from_fd(file.into()) };
        Self::from_loaded(engine, compat::add_engine_mismatches(engine, loaded)?)
    }

    /// As [`Module::deserialize`], with bytes that lie anywhere in memory. They are copied, so that
    /// they need not stay there.
    ///
    /// # Safety
    ///
    /// As for [`Module::deserialize`]; and the memory can be read.
    ///
    /// # Errors
    ///
    /// As for [`Module::deserialize`].
    pub unsafe fn deserialize_raw(engine: &Engine, memory: NonNull<[u8]>) -> Result<Module> {
        // SAFETY: as the caller promises.
        unsafe { Self::deserialize(engine, memory.as_ref()) }
    }

    /// Validates a module without compiling it.
    ///
    /// # Errors
    ///
    /// If it is not valid, uses a proposal that is not allowed, or the engine has no compiler.
    pub fn validate(engine: &Engine, binary: &[u8]) -> Result<()> {
        let compiler = engine.compiler_for(binary)?;
        compiler.validate(binary, engine.config().request.features)
    }

    /// The bytes of the module's artifact, for [`Module::deserialize`].
    ///
    /// With a cache (`Config::cache`), the bytes are also what the compiler has made: the
    /// authentication code, which is worth nothing outside of the cache, is removed.
    ///
    /// # Errors
    ///
    /// If it is a module of a component, whose artifact is that of the component.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        crate::ensure!(
            !self.artifact().is_part_of_component(),
            "this is a module of a component, and only the component can be serialized as a whole"
        );
        Ok(serialized(self.engine(), self.artifact()))
    }

    pub(crate) fn from_loaded(engine: &Engine, loaded: Arc<Loaded>) -> Result<Module> {
        let artifact = loaded.artifact();
        compat::check_version(engine, artifact)?;
        compat::check(engine, artifact)?;
        artifact.check_interface()?;
        if let InstanceAllocationStrategy::Pooling(pool) = &engine.config().allocation {
            pool.check_module(artifact, artifact.context_layout()?.size() as usize)?;
        }
        let _profiled = engine.config().profiling.announce(&loaded)?;
        let (linked, engine) = (OnceLock::new(), engine.clone());
        let places = SourcePlaces::default();
        Ok(Module { inner: Arc::new(ModuleInner { _profiled, loaded, linked, places, engine }) })
    }

    /// What is known of places in the source.
    #[cfg(feature = "backtrace-details")]
    pub(super) fn source_places(&self) -> &SourcePlaces {
        &self.inner.places
    }

    /// The module's types and imports as its engine knows them. This only fails for an artifact
    /// that contradicts itself, since damage was noticed when it was loaded.
    fn linked(&self) -> Result<&Linked> {
        if let Some(linked) = self.inner.linked.get() {
            return Ok(linked);
        }
        let artifact = self.artifact();
        let ModuleTypes { ids: type_ids, records, collected } =
            self.inner.engine.types().register_artifact(artifact)?;
        let count = artifact.imports().len();
        let (mut wanted, mut imports) = (Vec::with_capacity(count), ModuleImports::default());
        for place in 0..count as u32 {
            let (index, ty) = artifact.import_item_at(place)?;
            wanted.push(canonical_entity(&type_ids, ty)?);
            imports.push(index, ty);
        }
        for number in 0..artifact.counts().tags {
            let ty = artifact.tag(wasm_types::TagIndex::new(number))?.ty;
            let is_func = records.get(ty.index()).is_some_and(|record| !record.is_null());
            crate::ensure!(is_func, "the type of tag {number} is not one of functions");
        }
        let loaded = Arc::clone(&self.inner.loaded);
        let ids = type_ids.as_slice().into();
        let vm = VmModule::new(loaded, records.into(), ids, collected.into(), imports)?;
        let vm = Arc::new(vm);
        // Another thread may have been faster, with the same outcome.
        Ok(self.inner.linked.get_or_init(|| Linked { vm, type_ids, wanted }))
    }

    /// The module's own name, if it has a name section with it.
    pub fn name(&self) -> Option<&str> {
        self.artifact().module_name()
    }

    /// The imports, in the order of the binary. There are none if the module is from an artifact
    /// with right checksums that contradicts itself; instantiating it reports that.
    pub fn imports<'module>(
        &'module self,
    ) -> impl ExactSizeIterator<Item = ImportType<'module>> + 'module {
        let wanted = self.linked().map_or(&[][..], |linked| &linked.wanted);
        wanted.iter().enumerate().map(|(place, wanted)| {
            // Every import was read when the module was loaded.
            let import = self.artifact().import_at(place as u32);
            let (module, name) = import.map_or(("", ""), |import| (import.module, import.name));
            ImportType { module, name, ty: self.extern_type(wanted), engine: self.engine() }
        })
    }

    /// The exports, in the order of the binary.
    pub fn exports<'module>(
        &'module self,
    ) -> impl ExactSizeIterator<Item = ExportType<'module>> + 'module {
        let exports: Vec<_> = self
            .artifact()
            .exports()
            .filter_map(|export| {
                let export = export.ok()?;
                let ty = self.entity_type(export.index)?;
                Some(ExportType { name: export.name, ty })
            })
            .collect();
        exports.into_iter()
    }

    /// The type of an export.
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        self.entity_type(self.artifact().export(name)?.index)
    }

    /// An export to be looked up without its name: see
    /// [`Instance::get_module_export`](crate::Instance::get_module_export).
    pub fn get_export_index(&self, name: &str) -> Option<ModuleExport> {
        let index = self.artifact().export(name)?.index;
        Some(ModuleExport { module: self.clone(), index })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Whether two handles are of the same module.
    pub fn same(a: &Module, b: &Module) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    /// The machine code of all functions.
    pub fn text(&self) -> &[u8] {
        self.artifact().text()
    }

    /// The functions that the module defines, with the ranges of their code in [`Module::text`].
    pub fn functions(&self) -> impl ExactSizeIterator<Item = ModuleFunction> + '_ {
        let counts = self.artifact().counts();
        (0..counts.functions - counts.imported_functions).map(move |defined| {
            let artifact = self.artifact();
            let code = artifact.function_code(wasm_types::DefinedFuncIndex::new(defined));
            let (offset, len) =
                code.map_or((0, 0), |code| (code.offset as usize, code.len as usize));
            let index = counts.imported_functions + defined;
            let name = artifact.name(FuncIndex::new(index)).map(str::to_string);
            ModuleFunction { index, name, offset, len }
        })
    }

    /// Where each instruction of [`Module::text`] comes from: its offset there, and that in the
    /// Wasm binary, if it comes from any. `None` if the module was compiled without
    /// [`generate_address_map`](crate::Config::generate_address_map).
    pub fn address_map(&self) -> Option<impl Iterator<Item = (usize, Option<u32>)> + '_> {
        let map = self.artifact().address_map();
        let wasm = |offset: u32| (offset != u32::MAX).then_some(offset);
        let places = || {
            let entry = |entry: wasm_types::AddressMapEntry| {
                (entry.offset as usize, wasm(entry.wasm_offset))
            };
            map.iter().map(entry).collect::<Vec<_>>().into_iter()
        };
        (!map.is_empty()).then(places)
    }

    /// Where the code of the module lies in memory.
    pub fn image_range(&self) -> std::ops::Range<*const u8> {
        self.text().as_ptr_range()
    }

    /// What an instance of the module needs besides its imports.
    pub fn resources_required(&self) -> ResourcesRequired {
        let artifact = self.artifact();
        let counts = artifact.counts();
        let memories = (counts.imported_memories..counts.memories)
            .filter_map(|number| artifact.memory(wasm_types::MemoryIndex::new(number)).ok());
        let tables = (counts.imported_tables..counts.tables)
            .filter_map(|number| artifact.table(wasm_types::TableIndex::new(number)).ok());
        ResourcesRequired {
            num_memories: counts.memories - counts.imported_memories,
            max_initial_memory_size: memories.map(|memory| memory.minimum).max(),
            num_tables: counts.tables - counts.imported_tables,
            max_initial_table_size: tables.map(|table| table.minimum).max(),
        }
    }

    /// Has nothing to do: initial contents of memories are mapped from what was loaded.
    ///
    /// # Errors
    ///
    /// None.
    pub fn initialize_copy_on_write_image(&self) -> Result<()> {
        Ok(())
    }

    pub(crate) fn loaded(&self) -> &Arc<Loaded> {
        &self.inner.loaded
    }

    pub(crate) fn artifact(&self) -> &Artifact<'_> {
        self.inner.loaded.artifact()
    }

    pub(crate) fn vm(&self) -> Result<&Arc<VmModule>> {
        self.linked().map(|linked| &linked.vm)
    }

    /// The type of each import.
    pub(crate) fn wanted(&self) -> Result<&[CanonicalType]> {
        self.linked().map(|linked| linked.wanted.as_slice())
    }

    /// The canonical type of an item.
    pub(crate) fn canonical_type(&self, index: EntityIndex) -> Option<CanonicalType> {
        let ty = self.artifact().entity_type(index).ok()?;
        canonical_entity(&self.linked().ok()?.type_ids, ty).ok()
    }

    fn entity_type(&self, index: EntityIndex) -> Option<ExternType> {
        self.canonical_type(index).map(|ty| self.extern_type(&ty))
    }

    fn extern_type(&self, ty: &CanonicalType) -> ExternType {
        extern_type(self.engine(), ty)
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// The type of an item of a module, as the API shows it.
pub(crate) fn extern_type(engine: &Engine, ty: &CanonicalType) -> ExternType {
    match ty {
        CanonicalType::Func(id) => {
            let Some(Canonical::Func(record)) = engine.types().get(*id) else {
                unreachable!("the types of functions are looked up when a module is loaded")
            };
            ExternType::Func(FuncType::from_record(engine, record))
        }
        CanonicalType::Global(ty) => ExternType::Global(GlobalType::from_canonical(engine, *ty)),
        CanonicalType::Table(ty) => ExternType::Table(TableType::from_canonical(engine, *ty)),
        CanonicalType::Memory(ty) => ExternType::Memory(MemoryType::from_canonical(*ty)),
        CanonicalType::Tag(id) => {
            let Some(Canonical::Func(record)) = engine.types().get(*id) else {
                unreachable!("the types of tags are looked up when a module is loaded")
            };
            ExternType::Tag(TagType::new(FuncType::from_record(engine, record)))
        }
    }
}

/// A module's type of an item, made canonical.
pub(crate) fn canonical_entity(ids: &[u32], ty: EntityType) -> Result<CanonicalType> {
    let rename = |index: TypeIndex| match ids.get(index.index()) {
        Some(id) => Ok(*id),
        None => Err(crate::format_err!("the module has no type {index}")),
    };
    Ok(match ty {
        EntityType::Func(index) => CanonicalType::Func(rename(index)?),
        EntityType::Global(ty) => CanonicalType::Global(wasm_types::GlobalType {
            content: map_val_type(ty.content, &rename)?,
            ..ty
        }),
        EntityType::Table(ty) => CanonicalType::Table(wasm_types::TableType {
            element: map_ref_type(ty.element, &rename)?,
            ..ty
        }),
        EntityType::Memory(ty) => CanonicalType::Memory(ty),
        EntityType::Tag(ty) => CanonicalType::Tag(rename(ty.ty)?),
    })
}

/// Whether the head of a file is that of a compiled module.
fn is_compiled(head: &[u8]) -> bool {
    Engine::detect_precompiled(head) == Some(Precompiled::Module)
}

fn expect_artifact(bytes: &[u8], instead: &str) -> Result<()> {
    let identity = identify(bytes);
    match identity.kind {
        FileKind::Artifact => Ok(()),
        #[cfg(feature = "component")]
        FileKind::WasmComponent => crate::bail!(
            "expected a compiled module, found {identity}{}",
            crate::engine::COMPILE_COMPONENT
        ),
        FileKind::WasmModule | FileKind::Text => crate::bail!(
            "expected a compiled module, found {identity}: compile it with `{instead}`, or \
             beforehand with `Engine::precompile_module`"
        ),
        // The loader reports what it is instead, and what to do with it.
        _ => Ok(()),
    }
}

/// An export of a module, found by name once: see [`Module::get_export_index`].
#[derive(Clone, Debug)]
pub struct ModuleExport {
    pub(crate) module: Module,
    pub(crate) index: EntityIndex,
}

/// A function that a module defines: see [`Module::functions`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ModuleFunction {
    /// The index among all functions of the module.
    pub index: u32,
    /// The name, if the module has a name section with it.
    pub name: Option<String>,
    /// Where the code starts in [`Module::text`].
    pub offset: usize,
    /// How many bytes of code there are.
    pub len: usize,
}
