# Programs in Rust, which use libraries of crates.io.
rust_programs() {
    echo 'Rust programs, from crates.io'
    CARGO_TARGET_DIR=$build/rust cargo build --quiet --locked --release --target wasm32-wasip1 \
        --manifest-path "$work/rust/Cargo.toml"
    for program in "$work"/rust/src/bin/*.rs; do
        name=$(basename "$program" .rs)
        cp "$build/rust/wasm32-wasip1/release/$name.wasm" "$programs"
        echo "  $name.wasm"
    done
}

if rustc --print target-libdir --target wasm32-wasip1 2>/dev/null | xargs test -d; then
    rust_programs
else
    echo 'left out: programs in Rust: `rustup target add wasm32-wasip1`' >&2
fi
