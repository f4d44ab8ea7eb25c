#!/bin/sh
# Builds the programs in Kotlin. The results are committed; this is only needed after a change.
#
#   ./build-kotlin.sh FOLDER                     all of them
#   ./build-kotlin.sh FOLDER kotlin-trees.kt     those named
#
# Needs Java 17, and a folder where `npm install kotlin-compiler@2.4.20 binaryen@132` was run.
set -eu
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")"

compiler=$folder/node_modules/kotlin-compiler
library=$compiler/lib/kotlin-stdlib-wasm-wasi.klib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kotlin() {
    "$compiler/bin/kotlinc-wasm" -Xwasm-target=wasm-wasi -libraries "$library" "$@" 2>&1 |
        grep -v '^warning' || true
}

build() {
    name=$(basename "$1" .kt)
    # How much is optimised differs, so that what runs is not always of the same form.
    case $name in
    kotlin-machines) level='-O2 -g' ;;
    kotlin-exceptions) level='-O2' ;;
    kotlin-trees) level='-O1' ;;
    *) level='-Oz' ;;
    esac
    kotlin -ir-output-dir "$work" -ir-output-name "$name" "$name.kt"
    kotlin -Xinclude="$work/$name.klib" -Xir-produce-js -Xir-dce -ir-output-dir "$work/linked" \
        -ir-output-name "$name"
    # shellcheck disable=SC2086
    node "$folder/node_modules/binaryen/bin/wasm-opt" --enable-gc --enable-reference-types \
        --enable-exception-handling --enable-bulk-memory --enable-nontrapping-float-to-int \
        --enable-sign-ext --enable-multivalue --closed-world $level \
        "$work/linked/$name.wasm" -o "$name.wasm"
    echo "$name.wasm: $(wc -c <"$name.wasm") bytes"
}

if [ $# -eq 0 ]; then
    set -- kotlin-*.kt
fi
for source; do
    build "$source"
done
