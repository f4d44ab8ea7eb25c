//! Why an artifact is not trusted.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::content_hash::ContentHash;
use super::key_id::KeyId;
use super::seal_kind::SealKind;
use crate::error::Error;

/// How many trusted keys or hashes a message names; the others it counts.
const NAMED: usize = 8;

/// Why an artifact is not trusted.
///
/// The message says what the artifact has, and what is trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyError {
    details: Box<Details>,
}

#[derive(Clone, PartialEq, Eq)]
struct Details {
    kind: VerifyErrorKind,
    message: String,
    key_id: Option<KeyId>,
    hash: Option<ContentHash>,
    artifact: Option<Error>,
}

/// What kind of problem a [`VerifyError`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The bytes are not exactly an artifact: something else, cut off, damaged, of another version,
    /// or followed by something. [`VerifyError::artifact_error`] says what.
    NotAnArtifact,
    /// The artifact has no seal, and it would need one.
    NotSealed,
    /// The seal is of a kind that this version does not know.
    UnknownSeal,
    /// The seal contradicts itself: what must be zero is not.
    MalformedSeal,
    /// The seal was made with a key that is not trusted.
    UnknownKey,
    /// The seal names a trusted key and does not fit the file: one of the two was changed, or the
    /// seal is that of another artifact.
    WrongSeal,
    /// Only hashes are trusted, and that of the file is another.
    UntrustedHash,
    /// The policy trusts nothing.
    NothingTrusted,
}

impl VerifyError {
    /// What kind of problem it is.
    pub fn kind(&self) -> VerifyErrorKind {
        self.details.kind
    }

    /// The key that the seal names, if it came so far.
    pub fn key_id(&self) -> Option<KeyId> {
        self.details.key_id
    }

    /// The hash of the file, if there are trusted ones that it was compared with.
    pub fn content_hash(&self) -> Option<ContentHash> {
        self.details.hash
    }

    /// What is wrong with the bytes as an artifact, if that was the reason.
    pub fn artifact_error(&self) -> Option<&Error> {
        self.details.artifact.as_ref()
    }

    fn new(kind: VerifyErrorKind, message: String) -> Self {
        let details = Details { kind, message, key_id: None, hash: None, artifact: None };
        Self { details: Box::new(details) }
    }

    fn about_key(mut self, key_id: KeyId) -> Self {
        self.details.key_id = Some(key_id);
        self
    }

    pub(super) fn not_sealed() -> Self {
        Self::new(
            VerifyErrorKind::NotSealed,
            "the artifact is not sealed: nobody has signed or authenticated it".into(),
        )
    }

    pub(super) fn unknown_seal(kind: u32) -> Self {
        Self::new(
            VerifyErrorKind::UnknownSeal,
            format!(
                "the artifact has a seal of the unknown kind {kind}: it was sealed by a newer version, \
                 or damaged"
            ),
        )
    }

    pub(super) fn malformed_seal() -> Self {
        Self::new(
            VerifyErrorKind::MalformedSeal,
            "the artifact's seal is malformed: bytes of it that mean nothing are not zero".into(),
        )
    }

    pub(super) fn unknown_key(
        kind: SealKind,
        key: KeyId,
        trusted: impl ExactSizeIterator<Item = KeyId>,
    ) -> Self {
        let (done, keys) = match kind {
            SealKind::Signature => ("signed", "public keys"),
            SealKind::Mac => ("authenticated", "keys for authentication"),
        };
        let trusted = list(trusted, keys);
        let message = format!("the artifact is {done} with the unknown key {key}; {trusted}");
        Self::new(VerifyErrorKind::UnknownKey, message).about_key(key)
    }

    pub(super) fn wrong_seal(kind: SealKind, key: KeyId) -> Self {
        let tag = match kind {
            SealKind::Signature => "signature",
            SealKind::Mac => "authentication code",
        };
        let message = format!(
            "the artifact's {tag} is wrong: it names the trusted key {key}, but the file was changed \
             after it was sealed, or the seal was taken from another artifact"
        );
        Self::new(VerifyErrorKind::WrongSeal, message).about_key(key)
    }

    pub(super) fn nothing_trusted() -> Self {
        Self::new(
            VerifyErrorKind::NothingTrusted,
            "the trust policy is empty, so that it trusts no artifact: add a key or a hash to it"
                .into(),
        )
    }

    /// The same, and the file's hash is not trusted either.
    pub(super) fn and_untrusted_hash(
        mut self,
        hash: ContentHash,
        trusted: &[ContentHash],
        only_hashes: bool,
    ) -> Self {
        let trusted = list(trusted.iter().copied(), "hashes");
        let details = &mut self.details;
        details.hash = Some(hash);
        if only_hashes {
            details.kind = VerifyErrorKind::UntrustedHash;
            details.message = format!("the file has the unknown hash {hash}; {trusted}");
        } else {
            details.message += &format!("; nor is its hash {hash} known; {trusted}");
        }
        self
    }
}

/// "trusted hashes: ...", with the end left out if there are many.
fn list(trusted: impl ExactSizeIterator<Item: fmt::Display>, what: &str) -> String {
    let count = trusted.len();
    if count == 0 {
        return format!("no {what} are trusted");
    }
    let mut text = format!("trusted {what}: ");
    for (place, one) in trusted.take(NAMED).enumerate() {
        text += &format!("{}{one}", if place == 0 { "" } else { ", " });
    }
    if count > NAMED {
        text += &format!(" and {} more", count - NAMED);
    }
    text
}

impl From<Error> for VerifyError {
    fn from(error: Error) -> Self {
        let mut this = Self::new(VerifyErrorKind::NotAnArtifact, String::new());
        this.details.artifact = Some(error);
        this
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.details.artifact {
            Some(error) => error.fmt(f),
            None => f.write_str(&self.details.message),
        }
    }
}

impl fmt::Debug for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl core::error::Error for VerifyError {}
