//! `wasi:filesystem/preopens`: the directories that the host hands over.

use super::Descriptor;
use crate::abi::FdFlags;
use crate::ctx::{self, Access, Directory, Object};
use crate::p2::WasiCtxView;
use crate::p2::bindings::filesystem::preopens;
use crate::p2::runtime::{Resource, Result};

impl preopens::Host for WasiCtxView<'_> {
    fn get_directories(&mut self) -> Result<Vec<(Resource<Descriptor>, String)>> {
        let mut directories = Vec::new();
        for descriptor in self.ctx.table.iter() {
            let Object::Directory(Directory { handle, preopened_as: Some(name), .. }) =
                &descriptor.object
            else {
                continue;
            };
            let held = self.ctx.hold_descriptor()?;
            let copy = ctx::Descriptor {
                object: Object::Directory(Directory::new(handle.try_clone()?, None)),
                access: Access::NONE,
                grant: descriptor.grant,
                flags: FdFlags::empty(),
            };
            directories.push((Descriptor::new(copy, held), name.clone()));
        }
        let table = &mut *self.table;
        directories
            .into_iter()
            .map(|(descriptor, name)| Ok((table.push(descriptor)?, name)))
            .collect()
    }
}
