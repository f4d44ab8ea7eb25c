//! The artifact as a whole: what it is, for whom, made by whom with which settings, and sealed by
//! whom.

use core::fmt;

use wasm_types::{Tunables, WasmFeatures};
use zerocopy::little_endian::U64;

use super::show::{list, numbers};
use super::view::View;
use crate::format::{IsaFlagRecord, Part, SealRecord, StrRef, flags, seal_kind};

/// The first lines of a report.
pub(super) fn summary(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let artifact = view.artifact;
    let size = artifact.bytes().len();
    if artifact.is_component() {
        writeln!(f, "WebAssembly component, compiled, {size} bytes")?;
    } else if artifact.is_part_of_component() {
        writeln!(f, "WebAssembly module of a component")?;
    } else {
        writeln!(f, "WebAssembly artifact, {size} bytes")?;
    }
    if let Some(name) = artifact.module_name() {
        writeln!(f, "  module name    {}", name.escape_debug())?;
    }
    writeln!(f, "  producer       {}", artifact.producer().escape_debug())?;
    let (format, abi) = (artifact.format_version(), artifact.abi_version());
    writeln!(f, "  versions       format {format}, run-time ABI {abi}")?;
    writeln!(f, "  target         {}", artifact.target().escape_debug())?;
    f.write_str("  compiled for   ")?;
    list(f, artifact.isa_flags().filter(|(_, value)| *value != "false").map(Flag), "(base)")?;
    f.write_str("  extensions     ")?;
    let extensions = artifact.extensions().map(|name| name.unwrap_or("(damaged)"));
    list(f, extensions.map(|name| extension(name).escape_debug()), "none used")?;
    f.write_str("  proposals      ")?;
    let names = artifact.features().iter_names();
    list(f, names.map(|(name, _): (_, WasmFeatures)| Proposal(name)), "none used")?;
    f.write_str("  seal           ")?;
    match view.header() {
        Some(header) => seal(f, &header.seal)?,
        None => writeln!(f, "(damaged)")?,
    }
    settings(f, &artifact.tunables())
}

/// What is in the module, in numbers.
pub(super) fn contents(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let artifact = view.artifact;
    let counts = artifact.counts();
    writeln!(
        f,
        "  functions      {} imported, {} defined, {} with references",
        counts.imported_functions,
        counts.functions - counts.imported_functions,
        counts.escaping_functions
    )?;
    writeln!(
        f,
        "  types          {}, globals {}, tags {}",
        counts.types, counts.globals, counts.tags
    )?;
    writeln!(
        f,
        "  code           {} bytes, {} traps, {} places in the address map",
        artifact.text().len(),
        artifact.traps().len(),
        artifact.address_map().len()
    )?;
    match artifact.hooked_functions().map(|functions| functions.len()) {
        Ok(0) => {}
        Ok(count) => writeln!(f, "  function hooks {count} functions report when they are called")?,
        Err(error) => writeln!(f, "  function hooks ({error})")?,
    }
    match artifact.profile() {
        Ok(None) => {}
        Ok(Some(hash)) => writeln!(f, "  profile        compiled with profile {hash}")?,
        Err(error) => writeln!(f, "  profile        ({error})")?,
    }
    if artifact.tunables().gathers_profile {
        writeln!(f, "  gathers        counts for a profile")?;
    }
    if artifact.tunables().guest_debug {
        writeln!(f, "  debugging      the host can stop the code and read values in its frames")?;
    }
    if let Some(start) = artifact.start() {
        writeln!(f, "  start          {}", view.function(start))?;
    }
    Ok(())
}

/// The fields of the header that are not in the summary.
pub(super) fn details(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(header) = view.header() else { return writeln!(f, "  (damaged)") };
    let bits = header.flags.get();
    writeln!(f, "  page size      {} bytes", header.page_size.get())?;
    writeln!(f, "  file size      {} bytes", header.file_size.get())?;
    writeln!(f, "  header         {} bytes", header.header_size.get())?;
    writeln!(f, "  directory      {} tables", header.directory_len.get())?;
    f.write_str("  flags          ")?;
    let known = [
        (flags::TRIVIAL_REC_GROUPS, "each-type-its-own-group"),
        (flags::CODE_IN_ORDER, "code-in-order"),
        (flags::WITHOUT_DEBUG_SECTIONS, "without-debug-sections"),
    ];
    let set = known.iter().filter(|(flag, _)| bits & flag != 0).map(|(_, name)| name);
    list(f, set, "none")?;
    writeln!(
        f,
        "  imported       functions {}, tables {}, memories {}, globals {}, tags {}",
        header.imported_functions.get(),
        header.imported_tables.get(),
        header.imported_memories.get(),
        header.imported_globals.get(),
        header.imported_tags.get()
    )?;
    writeln!(f, "  code alignment {} bytes", 1_u64 << header.code_shift.get().min(63))?;
    writeln!(
        f,
        "  checksums      of {} bytes from {:#x}, salt {:#018x}; of this header {:#018x}",
        header.summed_len.get(),
        header.summed_offset.get(),
        header.salt.get(),
        header.sum.get()
    )?;
    f.write_str("  seal           ")?;
    seal(f, &header.seal)?;
    f.write_str("  seal's tag     ")?;
    for byte in header.seal.tag {
        write!(f, "{byte:02x}")?;
    }
    writeln!(f)
}

fn seal(f: &mut fmt::Formatter<'_>, seal: &SealRecord) -> fmt::Result {
    match seal.kind.get() {
        seal_kind::NONE => return writeln!(f, "none"),
        seal_kind::ED25519 => f.write_str("Ed25519 signature")?,
        seal_kind::BLAKE3_MAC => f.write_str("keyed BLAKE3 hash")?,
        kind => write!(f, "of a kind that is not known ({kind})")?,
    }
    // Whether it is right is for whoever has the key to say.
    f.write_str(", not checked here, of the key ")?;
    for byte in seal.key_id {
        write!(f, "{byte:02x}")?;
    }
    writeln!(f)
}

pub(super) fn isa_flags(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for flag in view.rows::<IsaFlagRecord>(Part::IsaFlags) {
        let (name, value) = (view.string(flag.name), view.string(flag.value));
        writeln!(f, "  {} = {}", name.escape_debug(), value.escape_debug())?;
    }
    Ok(())
}

pub(super) fn extensions(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for &name in view.rows::<StrRef>(Part::Extensions) {
        writeln!(f, "  {}", view.string(name).escape_debug())?;
    }
    Ok(())
}

pub(super) fn checksums(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let checksums = view.rows::<U64>(Part::Checksums);
    numbers(f, checksums.iter().map(|sum| Hex(sum.get())))
}

pub(super) fn strings(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    super::show::dump(view, f, view.bytes(Part::Strings))
}

struct Hex(u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// An extension without the prefix that all have.
fn extension(name: &str) -> &str {
    name.strip_prefix("has_").unwrap_or(name)
}

/// A setting of the instruction set: its name, with its value unless it is just on.
struct Flag<'a>((&'a str, &'a str));

impl fmt::Display for Flag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            (name, "true") => write!(f, "{}", extension(name).escape_debug()),
            (name, value) => write!(f, "{}={}", name.escape_debug(), value.escape_debug()),
        }
    }
}

/// The name of a proposal, as proposals are usually written.
struct Proposal<'a>(&'a str);

impl fmt::Display for Proposal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            let c = if c == '_' { '-' } else { c.to_ascii_lowercase() };
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

fn settings(f: &mut fmt::Formatter<'_>, tunables: &Tunables) -> fmt::Result {
    writeln!(
        f,
        "  memories       reservation {:#x}, guard {:#x}, growth {:#x}",
        tunables.memory_reservation,
        tunables.memory_guard_size,
        tunables.memory_reservation_for_growth
    )?;
    writeln!(
        f,
        "  code settings  stack guard {:#x}, optimisation {:?}, spectre mitigation {}, \
         deterministic relaxed SIMD {}, NaN canonicalisation {}, internals {:?}, \
         interruption {}",
        tunables.stack_guard_size,
        tunables.opt_level,
        on(tunables.spectre_mitigation),
        on(tunables.relaxed_simd_deterministic),
        on(tunables.nan_canonicalization),
        tunables.internals,
        match (tunables.interruption, tunables.interruption_callbacks) {
            (false, _) => "off",
            (true, false) => "on",
            (true, true) => "on, with callbacks",
        }
    )?;
    match tunables.fuel_costs {
        None => Ok(()),
        Some(costs) => {
            let yields = if tunables.fuel_yields { ", gives way" } else { "" };
            writeln!(f, "  fuel           counted, with costs {costs:#018x}{yields}")
        }
    }
}

fn on(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}
