//! Seals and trust policies: what is accepted, what is refused and why, and how keys and hashes go
//! together with the programs `openssl` and `b3sum`.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use proptest::prelude::*;
use support::input;
use wasm_artifact::sign::{
    ContentHash, KeyId, MacKey, PublicKey, Seal, SealKind, SigningKey, TrustPolicy, Trusted,
    VerifyError, VerifyErrorKind, authenticate, sign, signed_message, unseal,
};
use wasm_artifact::{Artifact, ErrorKind, WriteOptions, write};
use wasm_types::{CompiledModule, Module};

fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn mac_key(number: u8) -> MacKey {
    MacKey::from_bytes([number; 32])
}

/// A small artifact; those of two numbers differ, and have the same size.
fn artifact(number: u8) -> Vec<u8> {
    let compiled = CompiledModule {
        target: support::TARGETS[0].into(),
        text: vec![number; 40],
        ..CompiledModule::default()
    };
    let mut options = WriteOptions::new();
    options.page_size = Some(16);
    write(&Module::default(), &[], &compiled, &options).unwrap()
}

fn signed(number: u8, key: &SigningKey) -> Vec<u8> {
    let mut bytes = artifact(number);
    assert_eq!(sign(&mut bytes, key).unwrap(), key.public_key().key_id());
    bytes
}

fn authenticated(number: u8, key: &MacKey) -> Vec<u8> {
    let mut bytes = artifact(number);
    assert_eq!(authenticate(&mut bytes, key).unwrap(), key.key_id());
    bytes
}

/// Where the seal of an artifact stands: where sealing changes something first.
fn seal_place(number: u8) -> usize {
    let (plain, sealed) = (artifact(number), signed(number, &signing_key(1)));
    plain.iter().zip(&sealed).position(|(one, other)| one != other).unwrap()
}

/// The size of a seal: kind, reserved, id, tag.
const SEAL_SIZE: usize = 4 + 4 + 32 + 64;

fn trusts_key(key: &SigningKey) -> TrustPolicy {
    TrustPolicy::new().key(key.public_key())
}

#[track_caller]
fn refused(policy: &TrustPolicy, bytes: &[u8], kind: VerifyErrorKind) -> VerifyError {
    let error = policy.verify(bytes).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

#[test]
fn each_way_of_trust_accepts_and_says_which() {
    let (key, mac) = (signing_key(1), mac_key(2));
    let by_key = signed(1, &key);
    let by_mac = authenticated(2, &mac);
    let by_hash = artifact(3);
    let hash = ContentHash::of(&by_hash);
    let policy = TrustPolicy::new()
        .key(signing_key(9).public_key())
        .key(key.public_key())
        .mac_key(mac_key(9))
        .mac_key(mac.clone())
        .hash(ContentHash::of(b"something else"))
        .hash(hash);
    assert_eq!(policy.verify(&by_key).unwrap(), Trusted::Signature(key.public_key().key_id()));
    assert_eq!(policy.verify(&by_mac).unwrap(), Trusted::Mac(mac.key_id()));
    assert_eq!(policy.verify(&by_hash).unwrap(), Trusted::Hash(hash));
    let error = refused(&policy, &artifact(4), VerifyErrorKind::NotSealed);
    assert_eq!(error.content_hash(), Some(ContentHash::of(&artifact(4))));
    assert!(error.to_string().contains(&hash.to_string()), "{error}");

    // A hash is of the file as it is, sealed or not, and whatever the seal is worth.
    let policy = TrustPolicy::new().key(key.public_key()).hash(ContentHash::of(&by_mac));
    assert_eq!(policy.verify(&by_mac).unwrap(), Trusted::Hash(ContentHash::of(&by_mac)));
    let error = refused(&TrustPolicy::new().hash(hash), &by_key, VerifyErrorKind::UntrustedHash);
    assert!(error.to_string().contains(&ContentHash::of(&by_key).to_string()), "{error}");
}

#[test]
fn sealing_changes_the_seal_only_and_can_be_repeated() {
    let plain = artifact(1);
    let place = seal_place(1);
    let bytes = signed(1, &signing_key(1));
    assert_eq!(bytes.len(), plain.len());
    assert_eq!(bytes[..place], plain[..place]);
    assert_eq!(bytes[place + SEAL_SIZE..], plain[place + SEAL_SIZE..]);
    assert!(plain[place..place + SEAL_SIZE].iter().all(|byte| *byte == 0));
    Artifact::parse(&bytes).unwrap();

    // Anew, over a seal of either kind: as if there had been none.
    let mut again = bytes.clone();
    authenticate(&mut again, &mac_key(1)).unwrap();
    assert_eq!(again, authenticated(1, &mac_key(1)));
    sign(&mut again, &signing_key(1)).unwrap();
    assert_eq!(again, bytes);
    sign(&mut again, &signing_key(2)).unwrap();
    assert!(trusts_key(&signing_key(2)).verify(&again).is_ok());
    assert!(trusts_key(&signing_key(1)).verify(&again).is_err());
}

#[test]
fn a_seal_can_be_taken_off() {
    let plain = artifact(1);
    for mut sealed in [signed(1, &signing_key(1)), authenticated(1, &mac_key(1)), plain.clone()] {
        unseal(&mut sealed).unwrap();
        assert_eq!(sealed, plain);
    }
    let mut longer = [plain.as_slice(), b"x"].concat();
    let before = longer.clone();
    assert!(unseal(&mut longer).is_err());
    assert_eq!(longer, before);
    assert!(unseal(&mut []).is_err());
}

#[test]
fn seals_can_be_looked_at() {
    assert_eq!(Seal::of(&artifact(1)).unwrap(), None);
    let seal = Seal::of(&signed(1, &signing_key(1))).unwrap().unwrap();
    assert_eq!(
        (seal.kind, seal.key_id),
        (SealKind::Signature, signing_key(1).public_key().key_id())
    );
    let seal = Seal::of(&authenticated(1, &mac_key(1))).unwrap().unwrap();
    assert_eq!((seal.kind, seal.key_id), (SealKind::Mac, mac_key(1).key_id()));
    assert_eq!(Seal::of(b"").unwrap_err().kind(), VerifyErrorKind::NotAnArtifact);
}

#[test]
fn what_is_not_trusted_is_named() {
    let policy = trusts_key(&signing_key(1)).mac_key(mac_key(1));
    refused(&TrustPolicy::new(), &signed(1, &signing_key(1)), VerifyErrorKind::NothingTrusted);
    refused(&policy, &artifact(1), VerifyErrorKind::NotSealed);

    let other = signing_key(2);
    let error = refused(&policy, &signed(1, &other), VerifyErrorKind::UnknownKey);
    assert_eq!(error.key_id(), Some(other.public_key().key_id()));
    let message = error.to_string();
    assert!(message.contains(&other.public_key().key_id().to_string()), "{message}");
    assert!(message.contains(&signing_key(1).public_key().key_id().to_string()), "{message}");

    let error = refused(&policy, &authenticated(1, &mac_key(2)), VerifyErrorKind::UnknownKey);
    assert_eq!(error.key_id(), Some(mac_key(2).key_id()));
    let error = refused(
        &trusts_key(&signing_key(1)),
        &authenticated(1, &mac_key(1)),
        VerifyErrorKind::UnknownKey,
    );
    assert!(error.to_string().contains("no keys for authentication"), "{error}");

    // Of many trusted keys only some are named.
    let many = (10..30)
        .fold(TrustPolicy::new(), |policy, number| policy.key(signing_key(number).public_key()));
    let error = refused(&many, &signed(1, &other), VerifyErrorKind::UnknownKey);
    assert!(error.to_string().ends_with("and 12 more"), "{error}");
}

/// Every bit of a small artifact, for each way of trust.
#[test]
fn any_changed_bit_is_refused() {
    let (key, mac) = (signing_key(1), mac_key(1));
    let mut by_key = signed(1, &key);
    let mut by_mac = authenticated(1, &mac);
    let keys = trusts_key(&key).mac_key(mac);
    let hashes = TrustPolicy::new().hash(ContentHash::of(&by_key)).hash(ContentHash::of(&by_mac));
    for (bytes, policies) in [(&mut by_key, [&keys, &hashes]), (&mut by_mac, [&keys, &hashes])] {
        for place in 0..bytes.len() {
            for bit in 0..8 {
                bytes[place] ^= 1 << bit;
                for policy in policies {
                    let error = policy.verify(bytes).expect_err("a changed bit is noticed");
                    assert!(!error.to_string().is_empty());
                }
                bytes[place] ^= 1 << bit;
            }
        }
        for policy in policies {
            policy.verify(bytes).expect("everything is as it was");
        }
    }
}

#[test]
fn a_seal_of_another_artifact_is_refused() {
    let place = seal_place(1);
    assert_eq!(place, seal_place(2));
    let policy = trusts_key(&signing_key(1)).mac_key(mac_key(1));
    for (from, to) in [
        (signed(1, &signing_key(1)), signed(2, &signing_key(1))),
        (signed(1, &signing_key(1)), artifact(2)),
        (authenticated(1, &mac_key(1)), authenticated(2, &mac_key(1))),
        (authenticated(1, &mac_key(1)), artifact(2)),
    ] {
        let mut bytes = to;
        bytes[place..place + SEAL_SIZE].copy_from_slice(&from[place..place + SEAL_SIZE]);
        let error = refused(&policy, &bytes, VerifyErrorKind::WrongSeal);
        assert!(error.key_id().is_some());
        assert!(error.to_string().contains("another artifact"), "{error}");
    }
    // The whole note: everything that stands before the tables.
    let mut bytes = artifact(2);
    bytes[..place + SEAL_SIZE].copy_from_slice(&signed(1, &signing_key(1))[..place + SEAL_SIZE]);
    assert!(policy.verify(&bytes).is_err());
}

#[test]
fn bytes_more_or_less_are_refused() {
    let key = signing_key(1);
    let whole = signed(1, &key);
    for len in 0..whole.len() {
        let error = refused(&trusts_key(&key), &whole[..len], VerifyErrorKind::NotAnArtifact);
        let expected = if len < 16 { ErrorKind::NotAnArtifact } else { ErrorKind::Truncated };
        assert_eq!(error.artifact_error().unwrap().kind(), expected, "{error}");
    }
    for more in [&b"\0"[..], b"x", &[0; 5000]] {
        let mut longer = whole.clone();
        longer.extend_from_slice(more);
        // Not even if exactly that file is trusted: it is no artifact.
        let policy = trusts_key(&key).hash(ContentHash::of(&longer));
        let error = refused(&policy, &longer, VerifyErrorKind::NotAnArtifact);
        assert_eq!(error.artifact_error().unwrap().kind(), ErrorKind::TrailingBytes);
        assert!(error.to_string().contains(&more.len().to_string()), "{error}");
        let before = longer.clone();
        assert_eq!(sign(&mut longer, &key).unwrap_err().kind(), ErrorKind::TrailingBytes);
        assert_eq!(longer, before);
    }
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    assert_eq!(sign(&mut wasm, &key).unwrap_err().kind(), ErrorKind::NotAnArtifact);
    assert_eq!(authenticate(&mut wasm, &mac_key(1)).unwrap_err().kind(), ErrorKind::NotAnArtifact);
}

/// Neither kind of seal passes for the other, even if the bytes of the keys are the same.
#[test]
fn signatures_and_codes_are_not_mixed_up() {
    let place = seal_place(1);
    let key = signing_key(1);
    let public = key.public_key();
    // Somebody who has only the public key makes codes with it.
    let forger = MacKey::from_bytes(public.to_bytes());
    assert_ne!(forger.key_id(), public.key_id());
    let mut bytes = authenticated(1, &forger);
    refused(&trusts_key(&key), &bytes, VerifyErrorKind::UnknownKey);
    // And says it was a signature, also with the signer's id.
    bytes[place] = 1;
    refused(&trusts_key(&key), &bytes, VerifyErrorKind::UnknownKey);
    bytes[place + 8..place + 40].copy_from_slice(&public.key_id().to_bytes());
    refused(&trusts_key(&key), &bytes, VerifyErrorKind::WrongSeal);
    // The other way round, the second half of the tag is not zero.
    let mut bytes = signed(1, &key);
    bytes[place] = 2;
    bytes[place + 8..place + 40].copy_from_slice(&forger.key_id().to_bytes());
    let policy = TrustPolicy::new().mac_key(forger.clone());
    refused(&policy, &bytes, VerifyErrorKind::MalformedSeal);
    bytes[place + 72..place + 104].fill(0);
    refused(&policy, &bytes, VerifyErrorKind::WrongSeal);
}

#[test]
fn what_must_be_zero_is_looked_at() {
    let place = seal_place(1);
    let policy = trusts_key(&signing_key(1)).mac_key(mac_key(1));
    for reserved in 4..8 {
        let mut bytes = signed(1, &signing_key(1));
        bytes[place + reserved] = 1;
        refused(&policy, &bytes, VerifyErrorKind::MalformedSeal);
    }
    for unused in 72..104 {
        let mut bytes = authenticated(1, &mac_key(1));
        bytes[place + unused] = 1;
        refused(&policy, &bytes, VerifyErrorKind::MalformedSeal);
    }
    for unused in 4..SEAL_SIZE {
        let mut bytes = artifact(1);
        bytes[place + unused] = 1;
        refused(&policy, &bytes, VerifyErrorKind::MalformedSeal);
    }
    for kind in [3u32, 4, 0x100, u32::MAX] {
        let mut bytes = signed(1, &signing_key(1));
        bytes[place..place + 4].copy_from_slice(&kind.to_le_bytes());
        let error = refused(&policy, &bytes, VerifyErrorKind::UnknownSeal);
        assert!(error.to_string().contains(&kind.to_string()), "{error}");
    }
}

/// Adding the order of the group to a signature's scalar gives a second encoding of the same
/// signature.
#[test]
fn second_encodings_of_a_signature_are_refused() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = signing_key(1);
    let mut bytes = signed(1, &key);
    let scalar = seal_place(1) + 40 + 32;
    let mut carry = 0;
    for (place, part) in ORDER.iter().enumerate() {
        let sum = u16::from(bytes[scalar + place]) + u16::from(*part) + carry;
        bytes[scalar + place] = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    refused(&trusts_key(&key), &bytes, VerifyErrorKind::WrongSeal);
}

#[test]
fn weak_public_keys_are_refused() {
    // The neutral element, under which anybody can sign, and bytes that are no point.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(PublicKey::from_bytes(&neutral).unwrap_err().to_string().contains("weak"));
    assert!(PublicKey::from_bytes(&[0; 32]).unwrap_err().to_string().contains("weak"));
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert!(PublicKey::from_bytes(&no_point).unwrap_err().to_string().contains("not an Ed25519"));
    let key = signing_key(1).public_key();
    assert_eq!(PublicKey::from_bytes(&key.to_bytes()).unwrap(), key);
}

#[test]
fn keys_are_generated_from_what_they_are_given() {
    let random = |buffer: &mut [u8]| {
        assert_eq!(buffer.len(), 32);
        buffer.fill(5);
        Ok::<(), ()>(())
    };
    let id = |key: SigningKey| key.public_key().key_id();
    assert_eq!(id(SigningKey::generate(random).unwrap()), id(signing_key(5)));
    assert_eq!(MacKey::generate(random).unwrap().as_bytes(), &[5; 32]);
    assert_eq!(SigningKey::generate(|_| Err("empty")).unwrap_err(), "empty");
    assert_eq!(MacKey::generate(|_| Err("empty")).unwrap_err(), "empty");
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?} {:?}", SigningKey::from_seed(&[0xab; 32]), mac_key(0xab));
    let policy = format!("{:?}", TrustPolicy::new().mac_key(mac_key(0xab)));
    for text in [shown, policy] {
        assert!(!text.contains("abab") && !text.contains("171, 171"), "{text}");
        assert!(text.contains(&mac_key(0xab).key_id().to_string()), "{text}");
    }
}

#[test]
fn keys_come_back_from_pem() {
    let key = signing_key(3);
    let (secret, public) = (key.to_pem(), key.public_key().to_pem());
    assert!(secret.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{}", *secret);
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{public}");
    assert_eq!(SigningKey::from_pem(&secret).unwrap().public_key(), key.public_key());
    assert_eq!(PublicKey::from_pem(&public).unwrap(), key.public_key());
    let windows = public.replace('\n', "\r\n");
    assert_eq!(PublicKey::from_pem(&windows).unwrap(), key.public_key());

    let error = SigningKey::from_pem(&public).unwrap_err().to_string();
    assert!(error.contains("is a public key"), "{error}");
    let error = PublicKey::from_pem(&secret).unwrap_err().to_string();
    assert!(error.contains("is a secret key"), "{error}");
    let error = PublicKey::from_pem("hello").unwrap_err().to_string();
    assert!(error.contains("no PEM file"), "{error}");
    let error = PublicKey::from_pem("-----BEGIN CERTIFICATE-----\n").unwrap_err().to_string();
    assert!(error.contains("`CERTIFICATE`"), "{error}");
    let damaged = secret.replacen("MC4", "MC5", 1);
    assert!(SigningKey::from_pem(&damaged).unwrap_err().to_string().contains("damaged"));
}

/// The vector of the BLAKE3 specification's repository for three bytes that count up, and the id of
/// a key that is not to change, since seals hold it.
#[test]
fn hashes_and_ids_stay_what_they_are() {
    let hash = ContentHash::of(&[0, 1, 2]);
    let text = "e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f";
    assert_eq!(hash.to_string(), text);
    assert_eq!(text.parse::<ContentHash>().unwrap(), hash);
    assert_eq!(ContentHash::from_bytes(hash.to_bytes()), hash);
    assert!("e1be".parse::<ContentHash>().is_err());

    let id = signing_key(1).public_key().key_id();
    assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
    assert_eq!(KeyId::from_bytes(id.to_bytes()), id);
    assert_eq!(id.to_string(), "4f7f689bc5099fca70a1351430c5e656172d98973fd312df42141c46f0df4987");
    assert_eq!(
        mac_key(1).key_id().to_string(),
        "8376a8b10df62202a3d48173ae69a1247d0c1bf592365709c480519f6641ef2c"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn larger_artifacts(
        input in input(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1u8..=255), 1..5),
        page_size in prop_oneof![Just(16), Just(4096)],
    ) {
        let mut options = WriteOptions::new();
        options.page_size = Some(page_size);
        let mut bytes = write(&input.module, &input.wasm, &input.compiled, &options).unwrap();
        let (key, mac) = (signing_key(1), mac_key(1));
        let policy = trusts_key(&key).mac_key(mac.clone());
        prop_assert_eq!(policy.verify(&bytes).unwrap_err().kind(), VerifyErrorKind::NotSealed);
        authenticate(&mut bytes, &mac).unwrap();
        prop_assert_eq!(policy.verify(&bytes).unwrap(), Trusted::Mac(mac.key_id()));
        sign(&mut bytes, &key).unwrap();
        let trusted = Trusted::Signature(key.public_key().key_id());
        prop_assert_eq!(policy.verify(&bytes).unwrap(), trusted);
        let mut changed = bytes.clone();
        for (place, with) in changes {
            changed[place.index(bytes.len())] ^= with;
        }
        if changed != bytes {
            prop_assert!(policy.verify(&changed).is_err());
        }
    }

    /// Whatever stands in the seal: it never verifies, and is always an error.
    #[test]
    fn random_seals(kind in 0u32..4, noise: [u8; 32], tag: ([u8; 32], [u8; 32]), known: bool) {
        let place = seal_place(1);
        let policy = trusts_key(&signing_key(1)).mac_key(mac_key(1));
        let mut bytes = artifact(1);
        let id = match kind {
            1 if known => signing_key(1).public_key().key_id().to_bytes(),
            2 if known => mac_key(1).key_id().to_bytes(),
            _ => noise,
        };
        bytes[place..place + 4].copy_from_slice(&kind.to_le_bytes());
        bytes[place + 8..place + 40].copy_from_slice(&id);
        bytes[place + 40..place + 72].copy_from_slice(&tag.0);
        if kind != 2 {
            bytes[place + 72..place + 104].copy_from_slice(&tag.1);
        }
        let error = policy.verify(&bytes).unwrap_err();
        prop_assert!(!error.to_string().is_empty());
        if known && matches!(kind, 1 | 2) {
            prop_assert_eq!(error.kind(), VerifyErrorKind::WrongSeal);
        }
    }

    /// All of the seal at random.
    #[test]
    fn random_bytes_as_seal(noise in prop::collection::vec(any::<u8>(), SEAL_SIZE)) {
        let place = seal_place(1);
        let policy = trusts_key(&signing_key(1)).mac_key(mac_key(1));
        let mut bytes = artifact(1);
        bytes[place..place + SEAL_SIZE].copy_from_slice(&noise);
        prop_assert!(policy.verify(&bytes).is_err());
        let _ = Seal::of(&bytes);
    }

    #[test]
    fn any_text_as_key(text: String) {
        prop_assert!(SigningKey::from_pem(&text).is_err());
        prop_assert!(PublicKey::from_pem(&text).is_err());
        let text = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
        prop_assert!(PublicKey::from_pem(&text).is_err());
    }
}

/// A program with arguments, in a directory; `None` if this system does not have it.
fn program(directory: &Path, line: &str) -> Option<Output> {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next()?);
    match command.args(words).current_dir(directory).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: no program for `{line}`");
            None
        }
        Err(error) => panic!("`{line}`: {error}"),
    }
}

#[track_caller]
fn succeeds(directory: &Path, line: &str) -> Option<Vec<u8>> {
    let output = program(directory, line)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{line}`: {complaint}");
    Some(output.stdout)
}

#[test]
fn keys_of_openssl_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
    if succeeds(at, "openssl genpkey -algorithm ed25519 -out my.key").is_none() {
        return;
    }
    succeeds(at, "openssl pkey -in my.key -pubout -out my.pub");
    let key = SigningKey::from_pem(&read("my.key")).unwrap();
    assert_eq!(key.public_key(), PublicKey::from_pem(&read("my.pub")).unwrap());

    let line = "openssl pkey -in my.key -aes256 -passout pass:secret -out encrypted.key";
    succeeds(at, line);
    let error = SigningKey::from_pem(&read("encrypted.key")).unwrap_err().to_string();
    assert!(error.contains("encrypted"), "{error}");
    for algorithm in ["x25519", "rsa"] {
        succeeds(at, &format!("openssl genpkey -algorithm {algorithm} -out other.key"));
        succeeds(at, "openssl pkey -in other.key -pubout -out other.pub");
        let error = SigningKey::from_pem(&read("other.key")).unwrap_err().to_string();
        assert!(error.contains("something else than Ed25519"), "{error}");
        assert!(PublicKey::from_pem(&read("other.pub")).is_err());
    }
}

#[test]
fn openssl_reads_keys_and_verifies_signatures() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let key = signing_key(6);
    let bytes = signed(1, &key);
    let tag = seal_place(1) + 40;
    fs::write(at.join("my.key"), &*key.to_pem()).unwrap();
    fs::write(at.join("my.pub"), key.public_key().to_pem()).unwrap();
    fs::write(at.join("message"), signed_message(&bytes).unwrap()).unwrap();
    fs::write(at.join("signature"), &bytes[tag..tag + 64]).unwrap();
    let Some(public) = succeeds(at, "openssl pkey -in my.key -pubout") else { return };
    assert_eq!(public, key.public_key().to_pem().as_bytes());

    let verify =
        "openssl pkeyutl -verify -rawin -pubin -inkey my.pub -in message -sigfile signature";
    succeeds(at, verify);
    let mut wrong = bytes[tag..tag + 64].to_vec();
    wrong[0] ^= 1;
    fs::write(at.join("signature"), wrong).unwrap();
    assert!(!program(at, verify).unwrap().status.success());

    // What it signs is what is signed here: Ed25519 has no randomness.
    succeeds(at, "openssl pkeyutl -sign -rawin -inkey my.key -in message -out signature");
    assert_eq!(fs::read(at.join("signature")).unwrap(), bytes[tag..tag + 64]);
}

#[test]
fn b3sum_prints_the_content_hash() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = signed(1, &signing_key(1));
    fs::write(directory.path().join("file"), &bytes).unwrap();
    let Some(output) = succeeds(directory.path(), "b3sum --no-names file") else { return };
    let text = String::from_utf8(output).unwrap();
    assert_eq!(text.trim().parse::<ContentHash>().unwrap(), ContentHash::of(&bytes));
}
