# Source packages of Debian, and a compiler for what is in them.

# Unpacks source packages, unless they are there.
unpack() {
    if [ -n "${DEBIAN_SOURCES:-}" ]; then
        cp -r "$DEBIAN_SOURCES"/* . 2>/dev/null || true
        return
    fi
    for package; do
        # Of what has been updated, the version of before is still there.
        for version in $(apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -u -r); do
            # What its maintainers add is not needed.
            apt-get source -qq --download-only "$package=$version" >/dev/null 2>&1 && break
        done
    done
    for archive in *.orig.tar.*; do
        case $archive in
            *.asc) ;;
            *) tar xf "$archive" && rm "$archive" ;;
        esac
    done
}

# compile NAME FLAGS AND FILES...: the files, and `NAME` of `workloads`. In two steps, because with
# `-O2` for both, clang runs any `wasm-opt` that it finds.
compile() {
    output=$1
    shift
    case " ${ONLY:-$output} " in *" $output "*) ;; *) return 0 ;; esac
    objects=$build/objects/$output
    mkdir -p "$objects/main"
    if object_files "$@" && "$compiler" --target=wasm32-wasi -Wl,--strip-debug,--error-limit=5,-z,stack-size=1048576 \
        $(find "$objects" -name '*.o') -o "$programs/$output.wasm" -lm -lwasi-emulated-process-clocks $libraries; then
        echo "  $output.wasm"
    else
        echo "left out: $output could not be built" >&2
    fi
}

object_files() {
    has_no_files "$@" || (cd "$objects" && "$compiler" --target=wasm32-wasi -O2 -w -c "$@") || return 1
    # The flags alone.
    for argument; do
        shift
        case $argument in -*) set -- "$@" "$argument" ;; esac
    done
    (cd "$objects/main" && "$compiler" --target=wasm32-wasi -O2 -w -c "$@" "$work/$output.$suffix")
}

has_no_files() {
    for argument; do
        case $argument in -*) ;; *) return 1 ;; esac
    done
}

# sources FOLDER NAME...: the files of these names.
sources() {
    folder=$1
    shift
    for file; do printf '%s/%s.%s ' "$folder" "$file" "$suffix"; done
}
