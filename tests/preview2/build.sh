#!/bin/sh
# Builds preview2.wasm. Needs nightly Rust with the source of the standard library and the target
# wasm32-wasip2 (`rustup +nightly component add rust-src`, `rustup +nightly target add
# wasm32-wasip2`).
set -eu
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cp preview2.rs "$work/src/main.rs"
cat >"$work/Cargo.toml" <<'END'
[package]
name = "preview2"
version = "0.0.0"
edition = "2024"

[profile.release]
opt-level = "z"
lto = true
strip = true
panic = "abort"
codegen-units = 1

[workspace]
END
(cd "$work" && cargo +nightly build --release --target wasm32-wasip2 \
    -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
cp "$work/target/wasm32-wasip2/release/preview2.wasm" .
echo "preview2.wasm: $(wc -c <preview2.wasm) bytes"
