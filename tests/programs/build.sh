#!/bin/sh
# Builds the programs of this folder. The results are committed; this is only needed after a change.
#
#   ./build.sh            all of them
#   ./build.sh files.c    those named
#
# Needs these packages of Debian 12: clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32
# libc++-14-dev-wasm32 libc++abi-14-dev-wasm32
set -eu
cd "$(dirname "$0")"

# Debug information is left out, the names of functions stay: backtraces show them. Compiling and linking
# are two steps because clang, asked for both with `-O2`, runs whatever `wasm-opt` it finds.
compile='--target=wasm32-wasi -O2 -Wall -c'
link='--target=wasm32-wasi -Wl,--strip-debug'
object=$(mktemp)
trap 'rm -f "$object"' EXIT

build() {
    source=$1
    output=${source%.*}.wasm
    flags= libraries=-lm
    case $source in
    vectors.c) flags='-msimd128' ;;
    tailcalls.c) flags='-mtail-call' ;;
    # Instructions that are not in the compiler's defaults.
    sorting.c | json.c) flags='-mbulk-memory -msign-ext -mnontrapping-fptoint' ;;
    # Formatting of `long double` is in a library of its own.
    floats.c) libraries='-lm -lc-printscan-long-double' ;;
    esac
    case $source in
    *.cpp) compiler='clang++-14 -fno-exceptions -fno-rtti' ;;
    *) compiler='clang-14 -std=gnu11' ;;
    esac
    # shellcheck disable=SC2086
    $compiler $compile $flags "$source" -o "$object"
    # shellcheck disable=SC2086
    ${compiler%% *} $link "$object" -o "$output" $libraries
    echo "$output: $(wc -c <"$output") bytes"
}

if [ $# -eq 0 ]; then
    # Exceptions need libraries that are built for them: `build-exceptions.sh`.
    set -- $(ls ./*.c ./*.cpp | grep -v exceptions.cpp)
fi
for source; do
    build "$source"
done
