//! The debugging information of the modules that tests use.

/// Sections by their names.
pub(crate) type Sections = Vec<(String, Vec<u8>)>;

/// The sections with debugging information of a module.
#[allow(dead_code, reason = "some tests make theirs")]
pub(crate) fn sections(wasm: &[u8]) -> Sections {
    fn number(bytes: &mut &[u8]) -> usize {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (byte, rest) = bytes.split_first().expect("a whole module");
            *bytes = rest;
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }
    let mut rest = &wasm[8..];
    let mut sections = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let len = number(&mut rest);
        let (mut contents, after) = rest.split_at(len);
        rest = after;
        if *id == 0 {
            let len = number(&mut contents);
            let (name, contents) = contents.split_at(len);
            sections.push((String::from_utf8_lossy(name).into_owned(), contents.to_vec()));
        }
    }
    sections.retain(|(name, _)| name.starts_with(".debug_"));
    sections
}

/// The contents of a section; nothing if there is none.
pub(crate) fn section<'s>(sections: &'s Sections, name: &str) -> &'s [u8] {
    sections.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, bytes)| bytes)
}
