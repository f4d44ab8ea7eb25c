//! `ed25519-dalek`: signatures, and their verification.

use ed25519_dalek::{Signer, SigningKey, Verifier};
use wasm_bench_programs::{argument, checksum};

fn main() {
    let mut seed = [7; 32];
    let mut correct = 0;
    for _ in 0..argument() {
        let key = SigningKey::from_bytes(&seed);
        let signature = key.sign(&seed);
        correct += usize::from(key.verifying_key().verify(&seed, &signature).is_ok());
        seed.copy_from_slice(&signature.to_bytes()[..32]);
    }
    println!("{correct} correct, {:08x}", checksum(&seed));
}
