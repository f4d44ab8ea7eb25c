// double-conversion: numbers are printed in the shortest way and read again.
#include <cstdio>
#include <cstring>

#include "double-conversion/double-conversion.h"
extern "C" {
#include "corpus.h"
}

using namespace double_conversion;

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1000;
    StringToDoubleConverter reader(StringToDoubleConverter::NO_FLAGS, 0.0, 0.0, "inf", "nan");
    uint64_t state = 1;
    uint32_t hash = 0, wrong = 0;
    char text[400];
    for (int k = 0; k < count; k++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double number;
        uint64_t bits = k % 3 ? state : static_cast<uint64_t>(0x3ff) << 52 | state >> 12;
        memcpy(&number, &bits, 8);
        if (number != number || number - number != 0) continue;
        StringBuilder builder(text, sizeof text);
        if (k % 4) DoubleToStringConverter::EcmaScriptConverter().ToShortest(number, &builder);
        else DoubleToStringConverter::EcmaScriptConverter().ToPrecision(number, 17, &builder);
        int length = builder.position(), read;
        builder.Finalize();
        hash = hash * 31 + checksum(reinterpret_cast<unsigned char *>(text), length);
        wrong += reader.StringToDouble(text, length, &read) != number;
    }
    printf("%d numbers, %08x, %u wrong\n", count, hash, wrong);
    return 0;
}
