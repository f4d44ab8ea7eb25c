// pugixml: a document in XML is read into a tree, asked by paths, changed and written.
#include <cstdio>
#include <string>

#include "pugixml.hpp"
extern "C" {
#include "markup.h"
}

struct Counter : pugi::xml_writer {
    uint32_t hash = 0;
    size_t length = 0;
    void write(const void *data, size_t size) override {
        hash = hash * 31 + checksum(static_cast<const unsigned char *>(data), size);
        length += size;
    }
};

int main(int argc, char **argv) {
    size_t length;
    char *text = markup((argc > 1 ? atoi(argv[1]) : 64) * 1024, &length);
    for (int round = 0; round < 4; round++) {
        pugi::xml_document document;
        if (!document.load_buffer(text, length)) return 1;
        pugi::xpath_node_set items = document.select_nodes("//item[@class='a b']/p | //entry[contains(@key, '<')]");
        size_t found = items.size();
        for (auto &item : items) item.node().append_attribute("seen").set_value(round);
        Counter counter;
        document.save(counter);
        printf("%zu: %zu found, %zu written, %08x\n", length, found, counter.length, counter.hash);
    }
    return 0;
}
