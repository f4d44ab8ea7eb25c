//! The key of an entry: a hash of everything that determines the entry's contents.

use std::fmt;

use wasm_artifact::FORMAT_VERSION;
use wasm_types::abi::ABI_VERSION;

/// Distinguishes these hashes from those that are made for any other purpose.
const CONTEXT: &str = "wasm-cache 2026-11-21 key of a compiled artifact";

/// The key of an entry of a [`Cache`](crate::Cache): 32 bytes, made by a [`KeyBuilder`].
///
/// As text (`Display`), it has 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key with these digits, all lower case, as in the name of a file.
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let digits: &[u8; 64] = digits.as_bytes().try_into().ok()?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// Makes a [`CacheKey`] of named fields.
///
/// The fields must include everything that determines what a compiler makes: its input, its
/// settings, its target (with the extensions of the machine, if it compiles for the one it runs
/// on), its own name and version. The versions of the artifact format and of the run-time ABI are
/// in every key already.
///
/// Names and values are hashed (BLAKE3) together with their lengths, so that no two lists of fields
/// are the same sequence of bytes. Their order counts.
///
/// ```
/// use wasm_cache::KeyBuilder;
///
/// let key = |wasm: &[u8], level: &str| {
///     KeyBuilder::new().bytes("wasm", wasm).text("opt-level", level).finish()
/// };
/// assert_eq!(key(b"\0asm", "speed"), key(b"\0asm", "speed"));
/// assert_ne!(key(b"\0asm", "speed"), key(b"\0asm", "none"));
/// ```
#[derive(Clone, Debug)]
pub struct KeyBuilder {
    hasher: blake3::Hasher,
}

impl KeyBuilder {
    /// A builder that contains only the versions of format and ABI.
    pub fn new() -> Self {
        let mut builder = Self { hasher: blake3::Hasher::new_derive_key(CONTEXT) };
        builder.number("format", FORMAT_VERSION.into());
        builder.number("abi", ABI_VERSION.into());
        builder
    }

    /// Adds bytes.
    pub fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.field(b'b', name, value)
    }

    /// Adds text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.field(b't', name, value.as_bytes())
    }

    /// Adds text that may be missing, which differs from empty text.
    pub fn optional_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.field(b'n', name, &[]),
        }
    }

    /// Adds a number.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.field(b'u', name, &value.to_le_bytes())
    }

    /// Adds a boolean.
    pub fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.field(b'f', name, &[value.into()])
    }

    fn field(&mut self, kind: u8, name: &str, value: &[u8]) -> &mut Self {
        self.hasher.update(&[kind]);
        for part in [name.as_bytes(), value] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
        self
    }

    /// The key.
    pub fn finish(&self) -> CacheKey {
        CacheKey(*self.hasher.finalize().as_bytes())
    }
}

impl Default for KeyBuilder {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_back() {
        let key = KeyBuilder::new().bytes("wasm", b"x").finish();
        let digits = key.to_string();
        assert_eq!(digits.len(), 64);
        assert_eq!(CacheKey::from_hex(&digits), Some(key));
        assert_eq!(CacheKey::from_hex(&digits[1..]), None);
        assert_eq!(CacheKey::from_hex(&digits.replace(|_: char| true, "A")), None);
        assert_eq!(CacheKey::from_hex(&"é".repeat(32)), None);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let keys = [
            KeyBuilder::new().finish(),
            KeyBuilder::new().text("a", "").finish(),
            KeyBuilder::new().text("", "a").finish(),
            KeyBuilder::new().bytes("a", b"").finish(),
            KeyBuilder::new().optional_text("a", None).finish(),
            KeyBuilder::new().text("a", "bc").finish(),
            KeyBuilder::new().text("ab", "c").finish(),
            KeyBuilder::new().text("a", "b").text("c", "d").finish(),
            KeyBuilder::new().text("a", "b").text("c", "e").finish(),
            KeyBuilder::new().text("c", "d").text("a", "b").finish(),
            KeyBuilder::new().flag("a", true).finish(),
            KeyBuilder::new().flag("a", false).finish(),
            KeyBuilder::new().number("a", 0).finish(),
            KeyBuilder::new().number("a", 1).finish(),
        ];
        for (place, key) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(key), "key {place} was there before");
        }
    }
}
