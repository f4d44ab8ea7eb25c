# Programs in C++: libraries of Debian, each with a `main` of its own in `workloads`.
# shellcheck disable=SC2046 # The names of source files are to be split.
. "$here/fetch/sources.sh"
compiler=clang++-14 suffix=cc libraries='-lc++ -lc++abi'

cpp_programs() {
    echo 'C++ programs, from Debian'
    unpack snappy double-conversion pugixml rapidjson box2d minisat2
    plain='-fno-exceptions -fno-rtti'
    snappy=$(echo "$build"/snappy-*)
    sed 's/\${HAVE_SYS_UIO_H_01}/1/; s/\${PROJECT_VERSION_[A-Z]*}/1/' "$snappy/snappy-stubs-public.h.in" \
        >"$snappy/snappy-stubs-public.h"
    compile snappy $plain -I"$snappy" -I"$work" -DNDEBUG \
        $(sources "$snappy" snappy snappy-sinksource snappy-stubs-internal snappy-c)
    conversion=$(echo "$build"/double-conversion-*)
    compile double-conversion $plain -I"$conversion" -DNDEBUG \
        "$conversion"/double-conversion/*.cc
    pugixml=$(echo "$build"/pugixml-*/src)
    compile pugixml $plain -I"$pugixml" -DPUGIXML_NO_EXCEPTIONS "$pugixml/pugixml.cpp"
    rapidjson=$(echo "$build"/rapidjson-*/include)
    compile rapidjson $plain -I"$rapidjson" -DNDEBUG
    box2d=$(echo "$build"/box2d-*)
    compile box2d $plain -I"$box2d/include" -I"$box2d/src" -DNDEBUG \
        $(find "$box2d/src" -name '*.cpp')
    minisat=$(echo "$build"/minisat2-*)
    # An argument's default belongs to the definition, and there are no exceptions here.
    sed -i 's/friend Lit mkLit(Var var, bool sign = false)/friend Lit mkLit(Var var, bool sign)/
        s/^inline  Lit  mkLit     (Var var, bool sign)/inline Lit mkLit(Var var, bool sign = false)/
        s/throw OutOfMemoryException()/abort()/' \
        "$minisat"/minisat/core/SolverTypes.h "$minisat"/minisat/mtl/*.h
    compile minisat $plain -Wno-reserved-user-defined-literal -I"$minisat" -DNDEBUG -D__STDC_FORMAT_MACROS \
        -D__STDC_LIMIT_MACROS -includestdlib.h \
        "$minisat/minisat/core/Solver.cc"
}

if has clang++-14 'programs in C++'; then
    cpp_programs
fi
