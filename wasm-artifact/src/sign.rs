//! Who vouches for an artifact: signatures, authentication codes, hashes, and whom to trust.
//!
//! Machine code cannot be checked, so that it is only as good as its origin. This module makes the
//! origin something that can be checked: `sign` and [`authenticate`] put a seal into an
//! artifact, and a [`TrustPolicy`] says which seals, or which files, are good enough to be run.
//!
//! # Example
//!
//! ```
//! use wasm_artifact::sign::{self, ContentHash, SigningKey, Trusted, TrustPolicy};
//!
//! # #[cfg(feature = "write")] {
//! # let module = wasm_types::Module::default();
//! # let compiled = wasm_types::CompiledModule {
//! #     target: "x86_64-unknown-linux-gnu".into(),
//! #     ..wasm_types::CompiledModule::default()
//! # };
//! # let options = wasm_artifact::WriteOptions::new();
//! # let mut artifact = wasm_artifact::write(&module, b"", &compiled, &options)?;
//! // Where modules are compiled. A real key comes from `SigningKey::generate`, or from a file.
//! let key = SigningKey::from_seed(&[7; 32]);
//! sign::sign(&mut artifact, &key)?;
//!
//! // Where they are run. `PublicKey::from_pem` reads the key from a file.
//! let policy = TrustPolicy::new().key(key.public_key());
//! assert_eq!(policy.verify(&artifact)?, Trusted::Signature(key.public_key().key_id()));
//!
//! // Or exactly this file, whoever made it.
//! let policy = TrustPolicy::new().hash(ContentHash::of(&artifact));
//! assert!(policy.verify(&artifact).is_ok());
//!
//! artifact[500] ^= 1;
//! assert!(policy.verify(&artifact).is_err());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is sealed
//!
//! The seal stands at a fixed place of the artifact's note: its kind, the id of the key, and 64
//! bytes of tag. Sealing changes only these bytes, and sealing again replaces them. The tag is over
//! a domain-separation string of its kind followed by the [BLAKE3] hash of the whole file in which
//! the 64 bytes of the tag count as zero. So every byte of the file is covered, kind and id of the
//! key too; bytes after the artifact are refused.
//!
//! * A **signature** is [Ed25519], checked strictly: keys and signatures of small order, and second
//!   encodings of a signature, are refused. Whoever has the public key can check, and nobody else
//!   can sign.
//! * An **authentication code** is keyed BLAKE3 over the same, compared in constant time. Whoever
//!   can check can also make one: it is for a program that reads back what it wrote itself, such as
//!   a cache.
//! * A **hash** needs no seal. [`ContentHash`] is plain BLAKE3 of the file as it is, which is what
//!   the program `b3sum` prints; sealing a file changes it.
//!
//! Keys are PEM files as OpenSSL 1.1.1 and later read and write them (PKCS#8 and SPKI, [RFC 8410]):
//!
//! ```text
//! openssl genpkey -algorithm ed25519 -out my.key
//! openssl pkey -in my.key -pubout -out my.pub
//! ```
//!
//! # Threat model
//!
//! The attacker may write the file, or is who it was received from: may change, cut off, extend,
//! replace and mix files and seals at will, and has seen any number of sealed ones. Then an
//! artifact that a policy accepts is, byte for byte, one that somebody with a trusted key sealed,
//! or one whose hash is trusted. What checks it must be the very bytes that are run: `wasm-loader`,
//! with its feature `sign`, has functions that see to that, and they are safe to call.
//!
//! What this does not do:
//!
//! * It says nothing about the **compiler**. A seal means that the key's holder put it there, not
//!   that the code is what the module says. What a compiler gets wrong, the seal seals.
//! * It does not protect from a **holder of the key**, or of a copy. There is no revocation but
//!   leaving the key out of the policy.
//! * It does not notice an **older artifact** in the place of a newer one: both were sealed. Where
//!   that matters, use hashes, or a key for each version.
//! * It does not say **which module** it is: an artifact with a trusted seal is accepted under any
//!   name. Where that matters, use hashes.
//! * It hides nothing: artifacts are not encrypted, and what the time that loading takes reveals
//!   about a file is not secret. That **side channels** reveal nothing about keys is up to the
//!   libraries, which are made for it; the code that is run has whatever side channels it has.
//!
//! [BLAKE3]: https://github.com/BLAKE3-team/BLAKE3-specs/blob/master/blake3.pdf
//! [Ed25519]: https://www.rfc-editor.org/rfc/rfc8032
//! [RFC 8410]: https://www.rfc-editor.org/rfc/rfc8410

mod content_hash;
mod error;
mod hex;
#[cfg(feature = "sign")]
mod key;
#[cfg(feature = "sign")]
mod key_error;
mod key_id;
mod mac_key;
mod policy;
mod public_keys;
mod seal;
mod seal_kind;
#[cfg(feature = "sign")]
mod signature;
mod unseal;

pub use content_hash::ContentHash;
pub use error::{VerifyError, VerifyErrorKind};
pub use hex::ParseHexError;
#[cfg(feature = "sign")]
pub use key::{PublicKey, SigningKey};
#[cfg(feature = "sign")]
pub use key_error::KeyError;
pub use key_id::KeyId;
pub use mac_key::MacKey;
pub use policy::{TrustPolicy, Trusted};
pub use seal::{Seal, authenticate, signed_message};
pub use seal_kind::SealKind;
#[cfg(feature = "sign")]
pub use signature::sign;
pub use unseal::unseal;
