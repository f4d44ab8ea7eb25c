//! What an ELF file must contain to fit its machine, checked with a reader that is not this
//! project's.

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::{Endianness, FileKind};
use wasm_artifact::Artifact;
use wasm_types::TextItemKind;

use crate::Target;

/// Checks everything in the headers that depends on the machine, and that the tables are where the
/// headers say.
pub(crate) fn check(target: &Target, bytes: &[u8], artifact: &Artifact<'_>) {
    assert_eq!(FileKind::parse(bytes).unwrap(), FileKind::Elf64);
    let header = elf::FileHeader64::<Endianness>::parse(bytes).unwrap();
    let endian = header.endian().unwrap();
    let expected = if target.big_endian { Endianness::Big } else { Endianness::Little };
    assert_eq!(endian, expected);
    assert_eq!(header.e_machine(endian), target.machine);
    assert_eq!(header.e_flags(endian), target.flags);
    assert_eq!(header.e_type(endian), elf::ET_DYN);
    assert_eq!(header.e_version(endian), 1);
    assert_eq!(header.e_ident().version, 1);
    assert_eq!(header.e_ehsize(endian), 64);
    assert_eq!(header.e_phentsize(endian), 56);
    assert_eq!(header.e_shentsize(endian), 64);

    let file_size = bytes.len() as u64;
    let mut text_segments = 0;
    let text = artifact.text_file_offset();
    for segment in header.program_headers(endian, bytes).unwrap() {
        let (start, len) = segment.file_range(endian);
        assert!(start + len <= file_size);
        let flags = segment.p_flags(endian);
        assert_eq!(flags & elf::PF_W & (flags & elf::PF_X) << 1, 0, "writable and executable");
        if segment.p_type(endian) != elf::PT_LOAD {
            continue;
        }
        let align = segment.p_align(endian);
        assert!(align.is_power_of_two() && align >= 4096);
        assert_eq!(start % align, segment.p_vaddr(endian) % align);
        if flags & elf::PF_X != 0 && (start..start + len).contains(&text) {
            text_segments += 1;
        }
    }
    assert_eq!(text_segments, 1);

    let sections = header.sections(endian, bytes).unwrap();
    let (_, section) = sections.section_by_name(endian, b".text").unwrap();
    assert_eq!(section.data(endian, bytes).unwrap(), artifact.text());
    let flags = section.sh_flags(endian);
    assert_eq!(
        flags & u64::from(elf::SHF_EXECINSTR | elf::SHF_WRITE),
        u64::from(elf::SHF_EXECINSTR)
    );
    check_symbols(endian, &sections, section.sh_addr(endian), bytes, artifact);
}

/// Checks that each function has a symbol with its address and size, and so has the data beside it.
fn check_symbols(
    endian: Endianness,
    sections: &object::read::elf::SectionTable<'_, elf::FileHeader64<Endianness>>,
    text: u64,
    bytes: &[u8],
    artifact: &Artifact<'_>,
) {
    let symbols = sections.symbols(endian, bytes, elf::SHT_SYMTAB).unwrap();
    let place = |kind: u8| {
        let symbols = symbols.iter().filter(move |symbol| symbol.st_type() == kind);
        let places = symbols.map(|symbol| (symbol.st_value(endian) - text, symbol.st_size(endian)));
        let mut places: Vec<(u64, u64)> = places.collect();
        places.sort_unstable();
        places
    };
    let functions = crate::functions(artifact);
    let mut code: Vec<(u64, u64)> =
        functions.iter().map(|code| (code.offset.into(), code.len.into())).collect();
    let mut data = Vec::new();
    for item in artifact.text_items().unwrap() {
        let item = item.unwrap();
        let list = match item.kind {
            TextItemKind::Table(_) => &mut data,
            TextItemKind::ImportThunk(_) => &mut code,
        };
        list.push((item.offset.into(), item.len.into()));
    }
    code.sort_unstable();
    data.sort_unstable();
    assert_eq!(place(elf::STT_FUNC), code);
    assert_eq!(place(elf::STT_OBJECT), data);
}
