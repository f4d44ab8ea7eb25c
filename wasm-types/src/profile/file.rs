//! Profiles as bytes, for files and artifacts.
//!
//! A file begins with eight bytes that say what it is and the version of the format (32 bits), and
//! ends with a checksum (64 bits) of all before it. In between everything is a number in LEB128,
//! but for hashes and kinds. What is in order of a number has the distance from the one before.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::{CodeHash, FunctionProfile, ModuleProfile, PointKind, PointProfile, Profile, hash};
use crate::index::{DefinedFuncIndex, FuncIndex};

/// What a file begins with.
const MAGIC: [u8; 8] = *b"\0wasmprf";

/// The version of the format.
const VERSION: u32 = 1;

/// Where the numbers begin.
const HEAD: usize = MAGIC.len() + 4;

/// The size of the checksum.
const SUM: usize = 8;

/// Why bytes are no profile.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileError {
    what: What,
    /// Where, from the start.
    offset: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum What {
    NoProfile,
    Version(u32),
    Checksum,
    Short,
    TooLarge(&'static str),
    Kind(u8),
    Left,
    Words,
    Twice,
}

impl ProfileError {
    /// Where the error is, in bytes from the start.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::NoProfile => f.write_str("these bytes are no profile"),
            What::Version(version) => write!(
                f,
                "the profile has version {version} of the format, and this program reads version \
                 {VERSION}: gather it anew"
            ),
            What::Checksum => f.write_str("the profile is damaged: its checksum is another"),
            What::Short => write!(f, "the profile ends at byte {} in the middle", self.offset),
            What::TooLarge(what) => {
                write!(f, "the profile has {what} that is too large, at byte {}", self.offset)
            }
            What::Kind(kind) => write!(
                f,
                "the profile has a counter of the unknown kind {kind}, at byte {}",
                self.offset
            ),
            What::Twice => {
                write!(f, "the profile has a module for the second time, at byte {}", self.offset)
            }
            What::Words => f.write_str("the map says another number of words than it has"),
            What::Left => write!(f, "the profile goes on after its end, at byte {}", self.offset),
        }
    }
}

impl fmt::Debug for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::report::list(self, f)
    }
}

impl core::error::Error for ProfileError {}

impl Profile {
    /// Whether bytes begin as a profile does.
    pub fn is_profile(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// The profile as bytes. Equal profiles have the same.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        put(&mut out, self.modules.len() as u64);
        for (hash, module) in &self.modules {
            out.extend_from_slice(&hash.0);
            put(&mut out, module.functions.len() as u64);
            let mut next = 0;
            for (func, function) in &module.functions {
                put(&mut out, u64::from(func.as_u32()) - next);
                next = u64::from(func.as_u32()) + 1;
                put_function(&mut out, function);
            }
        }
        let sum = checksum(&out);
        out.extend_from_slice(&sum);
        out
    }

    /// The profile that bytes are of.
    ///
    /// # Errors
    ///
    /// If they are none, or of a version of the format that is not known, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileError> {
        if !Self::is_profile(bytes) {
            return Err(ProfileError { what: What::NoProfile, offset: 0 });
        }
        let short = || ProfileError { what: What::Short, offset: bytes.len() };
        let version = bytes.get(MAGIC.len()..HEAD).ok_or_else(short)?;
        let version = u32::from_le_bytes(version.try_into().expect("it has four bytes"));
        if version != VERSION {
            return Err(ProfileError { what: What::Version(version), offset: MAGIC.len() });
        }
        let end = bytes.len().checked_sub(SUM).filter(|end| *end >= HEAD).ok_or_else(short)?;
        let (bytes, sum) = bytes.split_at(end);
        if checksum(bytes) != *sum {
            return Err(ProfileError { what: What::Checksum, offset: end });
        }
        let mut reader = Reader { bytes, at: HEAD };
        let mut profile = Self::new();
        for _ in 0..reader.number()? {
            let hash = CodeHash(reader.array()?);
            let functions = reader.indexed("the index of a function", read_function)?;
            let functions = functions.into_iter().map(|(i, f)| (DefinedFuncIndex::new(i), f));
            let module = ModuleProfile { functions: functions.collect() };
            if profile.modules.insert(hash, module).is_some() {
                return Err(reader.error(What::Twice));
            }
        }
        match reader.at == bytes.len() {
            true => Ok(profile),
            false => Err(ProfileError { what: What::Left, offset: reader.at }),
        }
    }

    /// A hash of all that is in it: what stands for it where it decided about code.
    pub fn identity(&self) -> CodeHash {
        CodeHash(hash::of(&self.encode()))
    }
}

/// The checksum of the bytes before it. For tests.
#[doc(hidden)]
pub fn checksum(bytes: &[u8]) -> [u8; SUM] {
    let hash = hash::of(bytes);
    hash[..SUM].try_into().expect("a hash is longer than a checksum")
}

fn put_function(out: &mut Vec<u8>, function: &FunctionProfile) {
    put(out, function.entries);
    put(out, function.order);
    put(out, function.points.len() as u64);
    let mut next = 0;
    for (offset, point) in &function.points {
        put(out, u64::from(*offset) - next);
        next = u64::from(*offset) + 1;
        out.push(point.kind as u8);
        put(out, point.count);
        if point.kind == PointKind::Indirect {
            put(out, point.targets.len() as u64);
            for (func, count) in &point.targets {
                put(out, u64::from(func.as_u32()));
                put(out, *count);
            }
        }
    }
}

fn read_function(reader: &mut Reader<'_>) -> Result<FunctionProfile, ProfileError> {
    Ok(FunctionProfile {
        entries: reader.number()?,
        order: reader.number()?,
        points: reader.indexed("the place of a counter", read_point)?,
    })
}

fn read_point(reader: &mut Reader<'_>) -> Result<PointProfile, ProfileError> {
    let kind = reader.kind()?;
    let mut point = PointProfile { kind, count: reader.number()?, targets: Vec::new() };
    if kind == PointKind::Indirect {
        // Collected by a map first: adding one by one could be made to take long.
        let mut targets: BTreeMap<FuncIndex, u64> = BTreeMap::new();
        for _ in 0..reader.number()? {
            let func = FuncIndex::new(reader.small("the index of a function")?);
            let count = reader.number()?;
            let sum = targets.entry(func).or_default();
            *sum = sum.saturating_add(count);
        }
        point.targets = targets.into_iter().collect();
    }
    Ok(point)
}

/// Appends a number.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads numbers.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn error(&self, what: What) -> ProfileError {
        ProfileError { what, offset: self.at }
    }

    fn byte(&mut self) -> Result<u8, ProfileError> {
        let byte = *self.bytes.get(self.at).ok_or_else(|| self.error(What::Short))?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ProfileError> {
        let bytes = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let bytes = *bytes.ok_or_else(|| self.error(What::Short))?;
        self.at += N;
        Ok(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, ProfileError> {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift > 63 || bits << shift >> shift != bits {
                return Err(self.error(What::TooLarge("a number")));
            }
            number |= bits << shift;
            if byte < 0x80 {
                break;
            }
        }
        Ok(number)
    }

    /// A number of 32 bits.
    fn small(&mut self, what: &'static str) -> Result<u32, ProfileError> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.error(What::TooLarge(what)))
    }

    pub(super) fn kind(&mut self) -> Result<PointKind, ProfileError> {
        let number = self.byte()?;
        PointKind::from_number(number).ok_or_else(|| self.error(What::Kind(number)))
    }

    /// Things by numbers that are in order: how many there are, and before each how far its number
    /// is from the first that it could be.
    pub(super) fn indexed<T>(
        &mut self,
        what: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<T, ProfileError>,
    ) -> Result<BTreeMap<u32, T>, ProfileError> {
        let mut all = BTreeMap::new();
        let mut next = 0_u64;
        for _ in 0..self.number()? {
            let index =
                next.checked_add(self.number()?).and_then(|index| u32::try_from(index).ok());
            let index = index.ok_or_else(|| self.error(What::TooLarge(what)))?;
            next = u64::from(index) + 1;
            let value = read(self)?;
            all.insert(index, value);
        }
        Ok(all)
    }

    pub(super) fn other_words(&self) -> ProfileError {
        self.error(What::Words)
    }

    /// Whether all was read.
    pub(super) fn at_end(&self) -> Result<(), ProfileError> {
        match self.at == self.bytes.len() {
            true => Ok(()),
            false => Err(self.error(What::Left)),
        }
    }
}
