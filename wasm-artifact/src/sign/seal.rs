//! Seals: what they are over, how they are made, and what they say.

use alloc::format;
use alloc::vec::Vec;
use core::mem::offset_of;

use zerocopy::FromBytes;

use super::error::VerifyError;
use super::key_id::KeyId;
use super::mac_key::MacKey;
use super::seal_kind::SealKind;
use crate::error::{Error, ErrorKind};
use crate::format::{SEAL_OFFSET, SealRecord, seal_kind};
use crate::read::Artifact;

/// What the seal of an artifact says of itself. Whether it is true only a
/// [`TrustPolicy`](super::TrustPolicy) finds out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Seal {
    /// The kind.
    pub kind: SealKind,
    /// The name of the key.
    pub key_id: KeyId,
    pub(super) tag: [u8; 64],
}

impl Seal {
    /// The seal of an artifact; `None` if it has none. Nothing is verified.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly an artifact, or the seal is of an unknown kind or contradicts
    /// itself.
    pub fn of(bytes: &[u8]) -> Result<Option<Self>, VerifyError> {
        check(bytes)?;
        Self::read(bytes)
    }

    /// The seal of what is certainly an artifact.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, VerifyError> {
        let SealRecord { kind, reserved, key_id, tag } =
            *record(bytes).expect("an artifact has its note");
        let (kind, used) = match kind.get() {
            seal_kind::NONE => (None, 0),
            seal_kind::ED25519 => (Some(SealKind::Signature), 64),
            seal_kind::BLAKE3_MAC => (Some(SealKind::Mac), 32),
            other => return Err(VerifyError::unknown_seal(other)),
        };
        let zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        if reserved.get() != 0 || !zero(&tag[used..]) || (kind.is_none() && !zero(&key_id)) {
            return Err(VerifyError::malformed_seal());
        }
        Ok(kind.map(|kind| Self { kind, key_id: KeyId::from_bytes(key_id), tag }))
    }
}

/// Puts an authentication code into the seal of an artifact, in place of whatever seal it has.
///
/// The same artifact and key give the same bytes.
///
/// # Errors
///
/// If the bytes are not exactly an artifact. They are unchanged then.
pub fn authenticate(artifact: &mut [u8], key: &MacKey) -> Result<KeyId, Error> {
    let key_id = key.key_id();
    seal(artifact, SealKind::Mac, key_id, |message| {
        let mut tag = [0; 64];
        tag[..32].copy_from_slice(key.code(message).as_bytes());
        tag
    })?;
    Ok(key_id)
}

/// What the tag of a sealed artifact is over, so that other programs can check it:
/// `openssl pkeyutl -verify -rawin` does for signatures.
///
/// # Errors
///
/// If the bytes are not exactly an artifact, or the artifact is not sealed.
pub fn signed_message(artifact: &[u8]) -> Result<Vec<u8>, VerifyError> {
    let seal = Seal::of(artifact)?.ok_or_else(VerifyError::not_sealed)?;
    Ok(message(artifact, seal.kind).to_vec())
}

/// Checks that the bytes are an artifact, and nothing else.
pub(super) fn check(bytes: &[u8]) -> Result<(), Error> {
    let artifact = Artifact::parse_any(bytes)?;
    let behind = bytes.len() - artifact.bytes().len();
    if behind > 0 {
        let size = artifact.bytes().len();
        return Err(Error::new(
            ErrorKind::TrailingBytes,
            format!(
                "{behind} bytes follow the artifact, which has {size}: a seal is only about exactly \
                 the artifact, so cut them off"
            ),
        ));
    }
    Ok(())
}

/// The domain-separation string of a kind of seal, and the hash of the file without the tag.
pub(super) fn message(artifact: &[u8], kind: SealKind) -> Message {
    const LEN: usize = 32;
    let domain: &[u8; LEN] = match kind {
        SealKind::Signature => b"wasm-artifact v1 signature      ",
        SealKind::Mac => b"wasm-artifact v1 authentication ",
    };
    let tag = SEAL_OFFSET + offset_of!(SealRecord, tag);
    let (head, rest) = artifact.split_at(tag);
    let mut hasher = blake3::Hasher::new();
    hasher.update(head);
    hasher.update(&[0; 64]);
    // In one go: this is what the hash is fast with.
    hasher.update(&rest[64..]);
    let mut message = [0; 2 * LEN];
    message[..LEN].copy_from_slice(domain);
    message[LEN..].copy_from_slice(hasher.finalize().as_bytes());
    message
}

/// The key that a seal names.
pub(super) fn find<'a, K>(keys: &'a [(KeyId, K)], seal: &Seal) -> Result<&'a K, VerifyError> {
    let key = keys.iter().find(|(id, _)| *id == seal.key_id).map(|(_, key)| key);
    key.ok_or_else(|| {
        VerifyError::unknown_key(seal.kind, seal.key_id, keys.iter().map(|(id, _)| *id))
    })
}

/// 32 bytes of domain, 32 bytes of hash.
pub(super) type Message = [u8; 64];

pub(super) fn seal(
    artifact: &mut [u8],
    kind: SealKind,
    key_id: KeyId,
    tag: impl FnOnce(&Message) -> [u8; 64],
) -> Result<(), Error> {
    check(artifact)?;
    let number = match kind {
        SealKind::Signature => seal_kind::ED25519,
        SealKind::Mac => seal_kind::BLAKE3_MAC,
    };
    // Kind and key are part of what is sealed, so they come first.
    *record_mut(artifact).expect("an artifact has its note") = SealRecord {
        kind: number.into(),
        reserved: 0.into(),
        key_id: key_id.to_bytes(),
        tag: [0; 64],
    };
    let tag = tag(&message(artifact, kind));
    record_mut(artifact).expect("an artifact has its note").tag = tag;
    Ok(())
}

fn record(bytes: &[u8]) -> Option<&SealRecord> {
    SealRecord::ref_from_prefix(bytes.get(SEAL_OFFSET..)?).ok().map(|(record, _)| record)
}

fn record_mut(bytes: &mut [u8]) -> Option<&mut SealRecord> {
    SealRecord::mut_from_prefix(bytes.get_mut(SEAL_OFFSET..)?).ok().map(|(record, _)| record)
}
