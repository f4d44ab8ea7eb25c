# A program in Zig, which uses its standard library. The compiler comes from PyPI.
zig_programs() {
    echo 'Zig programs'
    python3 -m pip install --quiet --no-deps --target "$build/pip" ziglang==0.17.1 2>/dev/null
    chmod u+x "$build/pip/ziglang/zig"
    "$build/pip/ziglang/zig" build-exe -target wasm32-freestanding -O ReleaseFast -fno-entry -rdynamic -fstrip \
        --cache-dir "$build/zig" --global-cache-dir "$build/zig" "$work/zig/zig-std.zig"
    mv "$build/zig-std.wasm" "$programs"
    echo '  zig-std.wasm'
}

if has python3 'a program in Zig'; then
    zig_programs
fi
