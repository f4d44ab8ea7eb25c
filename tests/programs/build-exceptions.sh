#!/bin/sh
# Builds `exceptions.cpp` twice: with the instructions of WebAssembly 3.0, and with those of before
# the proposal was finished. The results are committed; this is only needed after a change.
#
#   ./build-exceptions.sh
#
# Needs ziglang 0.17 from PyPI (`pip install ziglang`), which has the sources of LLVM's C++
# libraries: those that are made for WASI by default have no exceptions.
set -eu
cd "$(dirname "$0")"
zig=$(python3 -c 'import ziglang, os; print(os.path.dirname(ziglang.__file__))')
lib=$zig/lib
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

abi='cxa_aux_runtime cxa_default_handlers cxa_exception cxa_exception_storage cxa_handlers
cxa_personality cxa_vector cxa_virtual fallback_malloc private_typeinfo stdlib_exception
stdlib_new_delete stdlib_stdexcept stdlib_typeinfo abort_message'
defines='-D_LIBUNWIND_HIDE_SYMBOLS -D__WASM_EXCEPTIONS__ -D_LIBCPP_HAS_NO_THREADS
-D_LIBCXXABI_HAS_NO_THREADS -DLIBCXXABI_NON_DEMANGLING_TERMINATE -DNDEBUG'
includes="-I$lib/libcxx/src -I$lib/libcxxabi/include -I$lib/libcxxabi/src -I$lib/libunwind/include"

build() {
    legacy=$1
    output=$2
    flags="-target wasm32-wasi -fno-sanitize=all -w -fwasm-exceptions -mexception-handling
    -mllvm -wasm-enable-eh -mllvm -wasm-use-legacy-eh=$legacy $defines"
    # shellcheck disable=SC2086
    {
        for file in $abi; do
            "$zig/zig" c++ $flags -Oz -std=c++23 -D_LIBCXXABI_BUILDING_LIBRARY \
                -D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS -D_LIBCPP_BUILDING_LIBRARY \
                -I"$lib/libcxx/include" $includes -c "$lib/libcxxabi/src/$file.cpp" \
                -o "$objects/$file.o"
        done
        for file in stdexcept exception; do
            "$zig/zig" c++ $flags -Oz -std=c++23 -D_LIBCPP_BUILDING_LIBRARY \
                -DLIBCXX_BUILDING_LIBCXXABI $includes -c "$lib/libcxx/src/$file.cpp" \
                -o "$objects/cxx_$file.o"
        done
        "$zig/zig" cc $flags -Oz $includes -c "$lib/libunwind/src/Unwind-wasm.c" \
            -o "$objects/unwind.o"
        "$zig/zig" c++ $flags -O2 -c exceptions.cpp -o "$objects/main.o"
    }
    # The tag of all C++ exceptions.
    printf '\t.globl\t__cpp_exception\n\t.tagtype\t__cpp_exception i32\n__cpp_exception:\n' \
        >"$objects/tag.s"
    "$zig/zig" cc -target wasm32-wasi -mexception-handling -c "$objects/tag.s" -o "$objects/tag.o"
    "$zig/zig" cc -target wasm32-wasi -Oz -fno-sanitize=all -Wl,--strip-debug "$objects"/*.o \
        -o "$output"
    chmod 644 "$output"
    echo "$output: $(wc -c <"$output") bytes"
}

build false exceptions.wasm
build true exceptions-legacy.wasm
