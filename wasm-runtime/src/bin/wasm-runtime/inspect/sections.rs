//! The sections of a binary, read from their headers alone.

/// A section: its number, its name, and the range of its contents in the binary.
pub(super) struct Section {
    /// The number that the binary format gives it; 0 for a custom section.
    pub(super) id: u8,
    /// The specification's name, or a custom section's own.
    pub(super) name: String,
    /// Where the contents begin.
    pub(super) offset: usize,
    /// How many bytes they have.
    pub(super) len: usize,
}

const NAMES: [&str; 14] = [
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "data count",
    "tag",
];

/// The sections of a module that is known to be valid. The list ends at anything that does not look
/// like a section.
pub(super) fn sections(wasm: &[u8]) -> Vec<Section> {
    const HEADER: usize = 8;
    let mut sections = Vec::new();
    let mut at = HEADER;
    while let Some((section, end)) = section(wasm, at) {
        sections.push(section);
        at = end;
    }
    sections
}

fn section(wasm: &[u8], at: usize) -> Option<(Section, usize)> {
    let id = *wasm.get(at)?;
    let (len, offset) = leb(wasm, at + 1)?;
    let end = offset.checked_add(len)?;
    let contents = wasm.get(offset..end)?;
    let name = match id {
        0 => custom_name(contents)?,
        _ => NAMES.get(usize::from(id)).map_or_else(|| format!("number {id}"), |n| (*n).to_owned()),
    };
    Some((Section { id, name, offset, len }, end))
}

fn custom_name(contents: &[u8]) -> Option<String> {
    let (len, start) = leb(contents, 0)?;
    let name = contents.get(start..start.checked_add(len)?)?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// An unsigned 32-bit LEB128 number, and where it ends.
fn leb(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn headers_are_read() {
        let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\0\x05\x04name";
        let found: Vec<_> = sections(wasm).into_iter().map(|s| (s.name, s.offset, s.len)).collect();
        assert_eq!(found, [("type".to_owned(), 10, 4), ("name".to_owned(), 16, 5)]);
    }

    #[test]
    fn damage_ends_the_list() {
        assert!(sections(b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\xff\xff").is_empty());
        assert!(sections(b"\0asm\x01\0\0\0\x01\x7f\x00").is_empty());
        assert!(sections(b"").is_empty());
    }
}
