// RapidJSON: a document is written, read with its numbers, and written again in another layout.
#include <cstdio>

#include "rapidjson/document.h"
#include "rapidjson/prettywriter.h"
#include "rapidjson/stringbuffer.h"
extern "C" {
#include "corpus.h"
}

using namespace rapidjson;

int main(int argc, char **argv) {
    uint32_t count = argc > 1 ? atoi(argv[1]) : 100;
    char *text = reinterpret_cast<char *>(corpus(8192));
    StringBuffer buffer;
    Writer<StringBuffer> writer(buffer);
    writer.StartArray();
    for (uint32_t k = 0; k < count; k++) {
        uint32_t number = k * 2654435761u >> 8;
        writer.StartObject();
        writer.Key("id"), writer.Uint(number);
        writer.Key("name"), writer.String(text + number % 5000, number % 30 + 1);
        writer.Key("place"), writer.StartArray(), writer.Double(number / 7.0), writer.Double(number / 1e9), writer.EndArray();
        writer.Key("tags"), writer.StartArray();
        for (uint32_t tag = 0; tag < number % 9; tag++) writer.String(text + tag * 7, 6);
        writer.EndArray(), writer.EndObject();
    }
    writer.EndArray();
    for (int round = 0; round < 4; round++) {
        Document document;
        document.Parse<kParseFullPrecisionFlag>(buffer.GetString(), buffer.GetSize());
        if (document.HasParseError()) return 1;
        StringBuffer pretty;
        PrettyWriter<StringBuffer> again(pretty);
        document.Accept(again);
        double sum = 0;
        for (auto &record : document.GetArray()) sum += record["place"][1].GetDouble();
        printf("%zu -> %zu (%08x), %.6f\n", buffer.GetSize(), pretty.GetSize(),
               checksum(reinterpret_cast<const unsigned char *>(pretty.GetString()), pretty.GetSize()), sum);
    }
    return 0;
}
