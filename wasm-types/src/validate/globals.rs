//! The global section (Wasm 3.0, section 5.5.9).

use wasmparser::GlobalSectionReader;

use super::const_expr;
use super::failure::Read;
use crate::entity::GlobalType;
use crate::module::Module;

pub(super) fn read(module: &mut Module, section: GlobalSectionReader<'_>) -> Read {
    // It was validated, so that the count is that of what is there.
    let count = section.count() as usize;
    module.globals.reserve(count);
    module.global_inits.reserve(count);
    for global in section {
        let global = global?;
        module.globals.push(GlobalType::from_parser(global.ty, module)?);
        module.global_inits.push(const_expr::read(&global.init_expr, module)?);
    }
    Ok(())
}
