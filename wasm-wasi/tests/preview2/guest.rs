//! A guest that consists of a context and a table of resources.

use std::path::Path;
use wasm_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasm_wasi::p2::bindings::filesystem::types::{
    self, DescriptorFlags, ErrorCode, HostDescriptor as _, HostDirectoryEntryStream as _,
    OpenFlags, PathFlags,
};
use wasm_wasi::p2::{Descriptor, FsResult};
use wasm_wasi::{DirPerms, FilePerms, ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView};

pub(crate) type Handle = wasm_component_run::Resource<Descriptor>;

pub(crate) struct Guest {
    ctx: WasiCtx,
    pub(crate) table: ResourceTable,
    /// The first preopened directory.
    root: Option<u32>,
}

pub(crate) const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;

impl Guest {
    pub(crate) fn new(builder: &mut WasiCtxBuilder) -> Self {
        let (ctx, table) = (builder.build(), ResourceTable::new());
        let mut guest = Self { ctx, table, root: None };
        let directories = guest.view().get_directories().unwrap();
        guest.root = directories.first().map(|(directory, _)| directory.rep());
        guest
    }

    pub(crate) fn in_dir_with(path: &Path, directory: DirPerms, file: FilePerms) -> Self {
        let mut builder = WasiCtx::builder();
        builder.preopened_dir_with(path, "/", directory, file).unwrap();
        Self::new(&mut builder)
    }

    pub(crate) fn in_dir(path: &Path) -> Self {
        Self::in_dir_with(path, DirPerms::all(), FilePerms::all())
    }

    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }

    pub(crate) fn root(&self) -> Handle {
        Handle::new_borrow(self.root.unwrap())
    }

    pub(crate) fn open(
        &mut self,
        path: &str,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> Result<Handle, ErrorCode> {
        let root = self.root();
        self.open_in(root, path, open, flags)
    }

    pub(crate) fn open_in(
        &mut self,
        directory: Handle,
        path: &str,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> Result<Handle, ErrorCode> {
        code(self.view().open_at(directory, FOLLOW, path.to_owned(), open, flags))
    }

    pub(crate) fn open_read(&mut self, path: &str) -> Result<Handle, ErrorCode> {
        self.open(path, OpenFlags::empty(), DescriptorFlags::READ)
    }

    pub(crate) fn open_dir(&mut self, path: &str) -> Result<Handle, ErrorCode> {
        self.open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)
    }

    /// All of a file.
    pub(crate) fn read(&mut self, path: &str) -> Result<Vec<u8>, ErrorCode> {
        let file = self.open_read(path)?;
        let mut all = Vec::new();
        loop {
            let at = all.len() as u64;
            let (bytes, is_end) = code(self.view().read(borrow(&file), 7, at))?;
            all.extend(bytes);
            if is_end {
                self.close(file);
                return Ok(all);
            }
        }
    }

    pub(crate) fn close(&mut self, handle: Handle) {
        types::HostDescriptor::drop(&mut self.view(), handle).unwrap();
    }

    pub(crate) fn names(&mut self, directory: Handle) -> Result<Vec<String>, ErrorCode> {
        let stream = code(self.view().read_directory(directory))?;
        let mut names = Vec::new();
        loop {
            let borrowed = wasm_component_run::Resource::new_borrow(stream.rep());
            match code(self.view().read_directory_entry(borrowed))? {
                Some(entry) => names.push(entry.name),
                None => break,
            }
        }
        names.sort();
        Ok(names)
    }
}

pub(crate) fn borrow(handle: &Handle) -> Handle {
    Handle::new_borrow(handle.rep())
}

/// The error code for the guest; nothing here may end its call.
pub(crate) fn code<T>(result: FsResult<T>) -> Result<T, ErrorCode> {
    result.map_err(|error| error.downcast().unwrap())
}
