# Programs in C: libraries of Debian, each with a `main` of its own in `workloads`.
# shellcheck disable=SC2046 # The names of source files are to be split.
. "$here/fetch/sources.sh"
compiler=clang-14 suffix=c libraries=

c_programs() {
    echo 'C programs, from Debian'
    unpack lua5.4 bzip2 zlib sqlite3 zstd lz4 xz-utils cmark expat jansson pcre2 libpng1.6 libstb libwebp \
        mbedtls zopfli libtommath flac kissfft
    lua=$(echo "$build"/lua*/src)
    bzip2=$(echo "$build"/bzip2-*)
    zlib=$(echo "$build"/zlib-*)
    sqlite=$(echo "$build"/sqlite3-*)
    compile lua -I"$work/include" -I"$lua" -D'LUAI_THROW(L,c)=abort()' -D'LUAI_TRY(L,c,a)={a}' -Dluai_jmpbuf=int \
        -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL \
        $(sources "$lua" lapi lauxlib lbaselib lcode lctype ldebug ldo ldump lfunc lgc llex lmathlib lmem lobject \
            lopcodes lparser lstate lstring lstrlib ltable ltablib ltm lundump lvm lzio)
    compile bzip2 -DBZ_NO_STDIO -I"$bzip2" \
        $(sources "$bzip2" blocksort bzlib compress crctable decompress huffman randtable)
    compile zlib -I"$zlib" \
        $(sources "$zlib" adler32 compress crc32 deflate inffast inflate inftrees trees uncompr zutil)
    (cd "$sqlite" && ./configure >/dev/null 2>&1 && make -s sqlite3.c >/dev/null 2>&1)
    compile sqlite -I"$sqlite" -DSQLITE_OS_OTHER=1 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION \
        -DSQLITE_OMIT_WAL -DSQLITE_TEMP_STORE=3 "$sqlite/sqlite3.c"

    zstd=$(echo "$build"/zstd-*/lib)
    compile zstd -I"$zstd" -DZSTD_DISABLE_ASM -DDYNAMIC_BMI2=0 \
        "$zstd"/common/*.c "$zstd"/compress/*.c "$zstd"/decompress/*.c
    lz4=$(echo "$build"/lz4-*/lib)
    compile lz4 -I"$lz4" $(sources "$lz4" lz4 lz4hc)
    xz=$(echo "$build"/xz-*/src)
    lzma=$xz/liblzma
    compile xz -I"$xz/common" $(for part in api common check lz rangecoder lzma delta simple; do echo "-I$lzma/$part"; done) \
        -DHAVE_STDBOOL_H -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_LIMITS_H -DHAVE_STRING_H -DHAVE_CHECK_CRC32 \
        -DHAVE_CHECK_CRC64 -DHAVE_CHECK_SHA256 -DHAVE_ENCODER_LZMA1 -DHAVE_ENCODER_LZMA2 -DHAVE_DECODER_LZMA1 \
        -DHAVE_DECODER_LZMA2 -DHAVE_MF_HC3 -DHAVE_MF_HC4 -DHAVE_MF_BT2 -DHAVE_MF_BT3 -DHAVE_MF_BT4 -DHAVE_VISIBILITY=0 \
        -DHAVE___BUILTIN_BSWAPXX -DTUKLIB_SYMBOL_PREFIX=lzma_ -DTUKLIB_FAST_UNALIGNED_ACCESS \
        -D_WASI_EMULATED_SIGNAL -Dsigset_t=int -DSIZEOF_SIZE_T=4 -DASSUME_RAM=128 -DNDEBUG $(lzma_sources)
    cmark=$(echo "$build"/cmark-*/src)
    sed 's/#cmakedefine \(.*\)/#define \1 1/' "$cmark/config.h.in" >"$cmark/config.h"
    echo '#define CMARK_EXPORT' >"$cmark/cmark_export.h"
    printf '#define CMARK_VERSION 7680\n#define CMARK_VERSION_STRING "0.30"\n' >"$cmark/cmark_version.h"
    compile cmark -I"$cmark" \
        $(find "$cmark" -name '*.c' ! -name main.c)
    expat=$(echo "$build"/libexpat-*/expat/lib)
    : >"$expat/expat_config.h"
    compile expat -I"$expat" -DXML_POOR_ENTROPY -DXML_STATIC -DXML_CONTEXT_BYTES=1024 -DXML_NS -DXML_DTD -Dgetpid=expat_pid $(sources "$expat" xmlparse xmlrole xmltok)
    jansson=$(echo "$build"/jansson-*/src)
    sed 's/@json_inline@/inline/; s/@json_have_long_long@/1/; s/@.*@/0/' "$jansson/jansson_config.h.in" \
        >"$jansson/jansson_config.h"
    : >"$jansson/jansson_private_config.h"
    compile jansson -I"$jansson" -DHAVE_STDINT_H "$jansson"/*.c
    pcre2=$(echo "$build"/pcre2-*/src)
    cp "$pcre2/pcre2.h.generic" "$pcre2/pcre2.h"
    cp "$pcre2/config.h.generic" "$pcre2/config.h"
    cp "$pcre2/pcre2_chartables.c.dist" "$pcre2/pcre2_chartables.c"
    compile pcre2 -I"$pcre2" -DHAVE_CONFIG_H -DPCRE2_CODE_UNIT_WIDTH=8 -DPCRE2_STATIC -DSUPPORT_UNICODE \
        -DHAVE_MEMMOVE \
        $(sources "$pcre2" pcre2_auto_possess pcre2_chartables pcre2_compile pcre2_config pcre2_context pcre2_convert \
            pcre2_dfa_match pcre2_error pcre2_extuni pcre2_find_bracket pcre2_maketables pcre2_match pcre2_match_data \
            pcre2_newline pcre2_ord2utf pcre2_pattern_info pcre2_script_run pcre2_serialize pcre2_string_utils \
            pcre2_study pcre2_substitute pcre2_substring pcre2_tables pcre2_ucd pcre2_valid_utf pcre2_xclass)
    png=$(echo "$build"/libpng-*)
    cp "$png/scripts/pnglibconf.h.prebuilt" "$png/pnglibconf.h"
    compile png -I"$work/include" -I"$png" -I"$zlib" -D'setjmp(place)=0' -DPNG_ARM_NEON_OPT=0 \
        $(sources "$png" png pngerror pngget pngmem pngpread pngread pngrio pngrtran pngrutil pngset pngtrans pngwio \
            pngwrite pngwtran pngwutil) \
        $(sources "$zlib" adler32 compress crc32 deflate inffast inflate inftrees trees uncompr zutil)
    webp=$(echo "$build"/libwebp-*)
    compile webp -I"$webp" -I"$webp/src" \
        "$webp"/src/dec/*.c "$webp"/src/enc/*.c "$webp"/src/dsp/*.c "$webp"/src/utils/*.c "$webp"/sharpyuv/*.c
    stb=$(echo "$build"/libstb-*)
    compile stb -I"$stb" -I"$stb/deprecated"
    mbedtls=$(echo "$build"/Mbed-TLS-*)
    compile mbedtls -I"$mbedtls/include" -I"$mbedtls/library" -DMBEDTLS_CONFIG_FILE='"'"$work/include/mbedtls.h"'"' \
        $(sources "$mbedtls/library" aes asn1parse asn1write bignum chacha20 chachapoly cipher cipher_wrap \
            constant_time ecdsa ecp ecp_curves gcm md platform_util poly1305 sha256 sha512)
    zopfli=$(echo "$build"/zopfli-*/src/zopfli)
    compile zopfli -I"$zopfli" \
        $(find "$zopfli" -name '*.c' ! -name 'zopfli_bin.c')
    tommath=$(echo "$build"/libtommath-*)
    compile tommath -I"$tommath" -DMP_NO_FILE -DMP_FIXED_CUTOFFS "$tommath"/bn_*.c
    flac=$(echo "$build"/flac-*)
    compile flac -I"$flac/include" -I"$flac/src/libFLAC/include" -DFLAC__NO_ASM -DFLAC__HAS_OGG=0 -DNDEBUG \
        -DHAVE_LROUND -DHAVE_STDINT_H -DHAVE_FSEEKO -DPACKAGE_VERSION='"1.4"' -DFLAC__INTEGER_ONLY_LIBRARY_NOT \
        $(sources "$flac/src/libFLAC" bitmath bitreader bitwriter cpu crc fixed float format lpc md5 memory \
            stream_encoder stream_encoder_framing stream_decoder window)
    kissfft=$(echo "$build"/kissfft-*)
    compile kissfft -I"$kissfft" "$kissfft/kiss_fft.c"
}

lzma_sources() {
    sources "$xz/common" tuklib_cpucores tuklib_physmem
    sources "$lzma/common" block_util easy_preset filter_common filter_encoder filter_decoder filter_buffer_encoder \
        hardware_physmem index stream_flags_common stream_flags_encoder stream_flags_decoder vli_size vli_encoder \
        vli_decoder common block_encoder block_decoder block_header_encoder block_header_decoder block_buffer_encoder \
        easy_encoder easy_buffer_encoder easy_encoder_memusage stream_encoder stream_decoder stream_buffer_encoder \
        stream_buffer_decoder index_encoder index_decoder index_hash filter_flags_encoder filter_flags_decoder \
        filter_buffer_decoder block_buffer_decoder easy_decoder_memusage
    sources "$lzma/check" check crc32_fast crc32_table crc64_fast crc64_table sha256
    sources "$lzma/lz" lz_encoder lz_encoder_mf lz_decoder
    sources "$lzma/rangecoder" price_table
    sources "$lzma/lzma" lzma_encoder lzma_encoder_presets lzma_encoder_optimum_fast lzma_encoder_optimum_normal \
        lzma2_encoder lzma_decoder lzma2_decoder fastpos_table
}

if has clang-14 'programs in C'; then
    c_programs
fi
