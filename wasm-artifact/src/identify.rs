//! Distinguishing files by their content.

use core::fmt;
use core::mem::offset_of;

use crate::elf;
use crate::format::{FORMAT_VERSION, HEADER_OFFSET, Header, MAGIC, tunable_bits};

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FileKind {
    /// A compiled module: an artifact of this project, of whatever version and for whatever target.
    Artifact,
    /// The same of a component.
    ComponentArtifact,
    /// A WebAssembly module in the binary format.
    WasmModule,
    /// A WebAssembly component, in the binary or the text format.
    WasmComponent,
    /// Text that starts as the WebAssembly text format does, and not as that of a component.
    Text,
    /// An ELF file of somebody else's.
    Elf,
    /// Anything else.
    Unknown,
}

/// What a file is, judged by its first bytes. Its `Display` is a phrase for people, such as
/// "a WebAssembly component" or "a gzip file".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Identity {
    /// The kind.
    pub kind: FileKind,
    description: &'static str,
    is_certain: bool,
}

impl Identity {
    /// Whether it is the same whatever follows the bytes that were looked at. It is not if there
    /// are less than 512 of them, or if they end within the comments and the keyword that a text
    /// begins with.
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// What to do with such a file instead, for the end of an error message; may be empty. It
    /// begins with the colon that comes before it.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            FileKind::WasmModule | FileKind::Text => {
                ": it has to be compiled first, or be given to a function that compiles"
            }
            FileKind::WasmComponent => {
                ": components are not supported, only core modules, which may use WASI preview 1; \
                 compile for that (in Rust, for `wasm32-wasip1`), or extract the core modules of the \
                 component with `wasm-tools component unbundle`"
            }
            FileKind::Unknown if self.description == EMPTY => ": was it written completely?",
            FileKind::Unknown if COMPRESSED.contains(&self.description) => ": unpack it first",
            _ => "",
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description)
    }
}

/// How many bytes distinguish all but the kinds of text.
const ENOUGH: usize = 512;

const _: () = assert!(HEADER_OFFSET + offset_of!(Header, tunable_bits) + 4 <= ENOUGH);

const EMPTY: &str = "an empty file";
const COMPRESSED: [&str; 5] =
    ["a gzip file", "a Zstandard file", "an XZ file", "a bzip2 file", "a zip archive"];

/// First bytes of files that people hand over by mistake.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", COMPRESSED[0]),
    (b"\x28\xb5\x2f\xfd", COMPRESSED[1]),
    (b"\xfd7zXZ\0", COMPRESSED[2]),
    (b"BZh", COMPRESSED[3]),
    (b"PK\x03\x04", COMPRESSED[4]),
    (b"MZ", "a Windows executable"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O file"),
    (b"\xca\xfe\xba\xbe", "a Mach-O file or a Java class"),
    (b"!<arch>\n", "an archive of object files"),
    (b"BC\xc0\xde", "LLVM bitcode"),
    (b"#!", "a script"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<!doctype", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"version https://git-lfs", "a Git LFS pointer (fetch the file itself)"),
    (b"%PDF", "a PDF document"),
];

/// Says what a file is, judged by its first bytes. Nothing is validated: a file that is said to be
/// a module may still be invalid.
///
/// ```
/// use wasm_artifact::{FileKind, identify};
///
/// let identity = identify(b"\0asm\x01\0\0\0");
/// assert_eq!(identity.kind, FileKind::WasmModule);
/// assert_eq!(identity.to_string(), "a WebAssembly module");
/// ```
pub fn identify(bytes: &[u8]) -> Identity {
    let is_certain = bytes.len() >= ENOUGH;
    let is = |kind, description| Identity { kind, description, is_certain };
    if bytes.is_empty() {
        return is(FileKind::Unknown, EMPTY);
    }
    if elf::looks_like_artifact(bytes) {
        return if is_component(bytes) {
            is(FileKind::ComponentArtifact, "a compiled WebAssembly component")
        } else {
            is(FileKind::Artifact, "a compiled WebAssembly artifact")
        };
    }
    if let Some(rest) = bytes.strip_prefix(b"\0asm") {
        return match rest {
            [1, 0, 0, 0, ..] => is(FileKind::WasmModule, "a WebAssembly module"),
            [_, 0, 1, 0, ..] => is(FileKind::WasmComponent, "a WebAssembly component"),
            [_, _, _, _, ..] => {
                is(FileKind::Unknown, "a WebAssembly file of a version that is not known")
            }
            _ => is(FileKind::Unknown, "the first bytes of a WebAssembly file that is cut off"),
        };
    }
    if bytes.starts_with(&elf::MAGIC) {
        return is(FileKind::Elf, elf_description(bytes));
    }
    for (signature, description) in SIGNATURES {
        if bytes.starts_with(signature) {
            return is(FileKind::Unknown, description);
        }
    }
    let (keyword, ends) = text_keyword(bytes);
    let is =
        |kind, description| Identity { is_certain: is_certain && ends, ..is(kind, description) };
    match keyword {
        Some("component") => {
            return is(FileKind::WasmComponent, "a WebAssembly component in the text format");
        }
        Some(_) => return is(FileKind::Text, "WebAssembly text"),
        None => {}
    }
    let start = &bytes[..bytes.len().min(ENOUGH)];
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
    if start.iter().all(printable) {
        return is(FileKind::Unknown, "a text file, but not WebAssembly text");
    }
    if start.iter().all(|byte| *byte == 0) {
        return is(FileKind::Unknown, "a file of zero bytes");
    }
    is(FileKind::Unknown, "a binary file of an unknown kind")
}

/// Whether the header of an artifact says that a component is compiled in it.
fn is_component(bytes: &[u8]) -> bool {
    let header = bytes.get(HEADER_OFFSET..).unwrap_or_default();
    let field = |offset: usize| header.get(offset..offset + 4)?.try_into().ok();
    let field = |offset| field(offset).map_or(0, u32::from_le_bytes);
    header.starts_with(&MAGIC)
        && field(offset_of!(Header, format_version)) == FORMAT_VERSION
        && field(offset_of!(Header, tunable_bits)) & tunable_bits::COMPONENT != 0
}

fn elf_description(bytes: &[u8]) -> &'static str {
    let Some(header) = bytes.get(..elf::FILE_HEADER_SIZE) else {
        return "the first bytes of an ELF file that is cut off";
    };
    let kind = [header[16], header[17]];
    let big_endian = header[5] == 2;
    match if big_endian { u16::from_be_bytes(kind) } else { u16::from_le_bytes(kind) } {
        1 => "an ELF object file",
        2 => "an ELF executable",
        3 => "an ELF executable or shared library",
        4 => "an ELF core dump",
        _ => "an ELF file of another program",
    }
}

/// The keyword with which the text format begins, after white space, comments and a parenthesis;
/// `None` if it is something else. Also whether that is the same whatever follows.
fn text_keyword(bytes: &[u8]) -> (Option<&str>, bool) {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    loop {
        rest = rest.trim_ascii_start();
        let end = if rest.starts_with(b";;") {
            rest.iter().position(|byte| *byte == b'\n')
        } else if rest.starts_with(b"(;") {
            end_of_block(rest)
        } else {
            break;
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return (None, false),
        }
    }
    if matches!(rest, [] | b"(" | b";") {
        return (None, false);
    }
    let Some(rest) = rest.strip_prefix(b"(") else { return (None, true) };
    let rest = rest.trim_ascii_start();
    let end = rest.iter().position(|byte| !byte.is_ascii_lowercase());
    let keyword = core::str::from_utf8(&rest[..end.unwrap_or(rest.len())]).ok();
    (keyword.filter(|keyword| !keyword.is_empty()), end.is_some())
}

/// The end of a block comment, in which others may be nested.
fn end_of_block(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"(;" => (depth, at) = (depth + 1, at + 1),
            b";)" => (depth, at) = (depth - 1, at + 1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], kind: FileKind, description: &str) {
        let identity = identify(bytes);
        assert_eq!(identity.kind, kind);
        assert_eq!(alloc::format!("{identity}"), description);
    }

    #[test]
    fn files_are_told_apart() {
        check(b"", FileKind::Unknown, "an empty file");
        check(b"\0asm\x01\0\0\0", FileKind::WasmModule, "a WebAssembly module");
        check(b"\0asm\x0d\0\x01\0", FileKind::WasmComponent, "a WebAssembly component");
        check(b"\0as", FileKind::Unknown, "a binary file of an unknown kind");
        check(b"(module)", FileKind::Text, "WebAssembly text");
        check(b" ;; hello\n(; a (; nested ;) one ;) ( module)", FileKind::Text, "WebAssembly text");
        check(b"(module", FileKind::Text, "WebAssembly text");
        let component = "a WebAssembly component in the text format";
        check(b";; one\n ( component $c (core module))", FileKind::WasmComponent, component);
        check(b"(component)", FileKind::WasmComponent, component);
        check(b"(components)", FileKind::Text, "WebAssembly text");
        check(b"(; never closed", FileKind::Unknown, "a text file, but not WebAssembly text");
        check(b"\x1f\x8b\x08\0", FileKind::Unknown, "a gzip file");
        check(b"\x7fELF", FileKind::Elf, "the first bytes of an ELF file that is cut off");
        let mut executable = [0; 64];
        executable[..4].copy_from_slice(b"\x7fELF");
        executable[16] = 2;
        check(&executable, FileKind::Elf, "an ELF executable");
        check(&[0; 600], FileKind::Unknown, "a file of zero bytes");
        check(b"hello, world\n", FileKind::Unknown, "a text file, but not WebAssembly text");
    }

    #[test]
    fn what_follows_may_matter() {
        let check = |start: &str, expected: bool| {
            // A text that is long enough otherwise.
            let spaces = " ".repeat(ENOUGH);
            assert_eq!(identify((spaces + start).as_bytes()).is_certain(), expected, "{start}");
        };
        check("(module ", true);
        check("(component)", true);
        check("hello", true);
        check("y\ny\n", true);
        for more_matters in ["", "(", "(  ", "(; a (; b ;) ", "(; a ;)", ";; a", ";", "(comp"] {
            check(more_matters, false);
        }
        assert!(!identify(b"\0asm\x01\0\0\0").is_certain(), "too short");
        assert!(identify(&[0; ENOUGH]).is_certain());
        assert!(identify(&[b'x'; ENOUGH]).is_certain());
    }
}
