//! What is wrong with a key.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// Why a key could not be read.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyError {
    message: String,
}

/// Which key was wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    Private,
    Public,
}

impl KeyError {
    pub(super) fn not_a_point() -> Self {
        Self { message: "the 32 bytes are not an Ed25519 public key".into() }
    }

    pub(super) fn weak() -> Self {
        let message = "the public key is weak: signatures under it can be made without a secret";
        Self { message: message.into() }
    }

    /// What a text that is not the wanted key is instead, by its first label. The key itself is
    /// never part of the message.
    pub(super) fn of_pem(pem: &str, wanted: Wanted) -> Self {
        let wants = match wanted {
            Wanted::Private => "a secret Ed25519 key as PEM (`PRIVATE KEY`)",
            Wanted::Public => "a public Ed25519 key as PEM (`PUBLIC KEY`)",
        };
        let label = pem.split_once("-----BEGIN ").and_then(|(_, rest)| rest.split_once("-----"));
        let found = match (label.map(|(label, _)| label), wanted) {
            (None, _) => "this is no PEM file".into(),
            (Some("PUBLIC KEY"), Wanted::Private) => {
                "this is a public key, which can't sign".into()
            }
            (Some("PRIVATE KEY"), Wanted::Public) => {
                "this is a secret key: `openssl pkey -pubout` writes the public key that belongs to it"
                    .into()
            }
            (Some("ENCRYPTED PRIVATE KEY"), _) => {
                "this key is encrypted: `openssl pkey` writes it decrypted".into()
            }
            (Some("PRIVATE KEY" | "PUBLIC KEY"), _) => {
                "this key is damaged, or one for something else than Ed25519".into()
            }
            (Some(label), _) => {
                let label: String = label.chars().filter(|c| !c.is_control()).take(40).collect();
                format!("this is PEM with the label `{label}`")
            }
        };
        Self { message: format!("{wants} is wanted, and {found}") }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl core::error::Error for KeyError {}
