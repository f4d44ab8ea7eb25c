//! Keys of signatures, as bytes and as PEM files.

use alloc::string::String;
use core::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use zeroize::Zeroizing;

use super::key_error::{KeyError, Wanted};
use super::key_id::KeyId;

/// The secret key that artifacts are signed with: Ed25519 (RFC 8032).
///
/// Its bytes are overwritten when it is dropped, and not shown by `Debug`.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key. `fill` fills a buffer with random bytes that nobody can guess, such as
    /// `getrandom::fill` does; this crate knows no source of them.
    ///
    /// # Errors
    ///
    /// Those of `fill`.
    pub fn generate<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut seed = Zeroizing::new([0; 32]);
        fill(&mut *seed)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key with the given 32 bytes, the "private key" of RFC 8032. They must be hard to guess:
    /// random, not a password.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads a key from PEM: `PRIVATE KEY`, that is PKCS#8, as `openssl genpkey -algorithm ed25519`
    /// writes it.
    ///
    /// # Errors
    ///
    /// If it is something else, such as a public key, an encrypted key, or a key for something else
    /// than Ed25519.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem);
        key.map(Self).map_err(|_| KeyError::of_pem(pem, Wanted::Private))
    }

    /// The key as PEM: `PRIVATE KEY`, that is PKCS#8 (version 1, which every version of OpenSSL
    /// that knows Ed25519 reads). The text is overwritten when it is dropped.
    pub fn to_pem(&self) -> Zeroizing<String> {
        // Without the public key, which would make it version 2 of the format.
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).expect("a key of fixed size can be encoded")
    }

    /// What others check its signatures with.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().key_id())
    }
}

/// The public key that signatures are checked with: Ed25519 (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key with the given 32 bytes, the "public key" of RFC 8032.
    ///
    /// # Errors
    ///
    /// If they are not a point of the curve, or one of those under which signatures can be made
    /// without a secret.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::not_a_point())?;
        Self::strong(key)
    }

    /// The bytes of the key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Reads a key from PEM: `PUBLIC KEY`, that is SPKI, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    ///
    /// If it is something else, such as a secret key, or a key for something else than Ed25519; or
    /// as for [`from_bytes`](Self::from_bytes).
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(pem);
        Self::strong(key.map_err(|_| KeyError::of_pem(pem, Wanted::Public))?)
    }

    /// The key as PEM: `PUBLIC KEY`, that is SPKI.
    pub fn to_pem(&self) -> String {
        let pem = self.0.to_public_key_pem(LineEnding::LF);
        pem.expect("a key of fixed size can be encoded")
    }

    /// The name of the key, which stands in the seals that are made with it.
    pub fn key_id(&self) -> KeyId {
        let context = "wasm-artifact 2026 v1 id of an Ed25519 public key";
        KeyId::from_bytes(blake3::derive_key(context, self.0.as_bytes()))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    fn strong(key: VerifyingKey) -> Result<Self, KeyError> {
        if key.is_weak() { Err(KeyError::weak()) } else { Ok(Self(key)) }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.key_id())
    }
}
