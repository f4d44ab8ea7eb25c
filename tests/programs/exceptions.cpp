// Exceptions: thrown over many frames, caught by type, by base class and by anything, thrown again,
// with destructors on the way; and from constructors, out of virtual calls, and within handlers.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

static int depth = 0;
static int destroyed = 0;

struct Guard {
    const char *name;
    explicit Guard(const char *name) : name(name) { depth++; }
    ~Guard() {
        depth--;
        destroyed++;
    }
};

struct Failure {
    int code;
    explicit Failure(int code) : code(code) {}
    virtual ~Failure() {}
    virtual const char *what() const { return "failure"; }
};

struct Special final : Failure {
    char text[24];
    explicit Special(int code) : Failure(code) { snprintf(text, sizeof text, "special %d", code); }
    const char *what() const override { return text; }
};

struct Other {
    long long value;
};

// Throws what the number says, from `frames` frames below.
__attribute__((noinline)) static void thrower(int frames, int what) {
    Guard guard("frame");
    if (frames > 0) {
        thrower(frames - 1, what);
        depth += 0;
        return;
    }
    switch (what) {
    case 0: throw 42;
    case 1: throw "text";
    case 2: throw Failure(7);
    case 3: throw Special(8);
    case 4: throw Other{1LL << 40};
    case 5: throw std::runtime_error("runtime error");
    case 6: throw std::bad_alloc();
    default: return;
    }
}

static void catch_by_type(int frames, int what) {
    int before = destroyed;
    try {
        thrower(frames, what);
        printf("nothing");
    } catch (int number) {
        printf("int %d", number);
    } catch (const char *text) {
        printf("text %s", text);
    } catch (const Special &special) {
        printf("Special %s %d", special.what(), special.code);
    } catch (const Failure &failure) {
        printf("Failure %s %d", failure.what(), failure.code);
    } catch (const std::exception &error) {
        printf("std::exception %s", error.what());
    } catch (...) {
        printf("something else");
    }
    printf(", %d destroyed, depth %d\n", destroyed - before, depth);
}

// An inner handler takes some, and throws others again, as they are or as something else.
static int rethrow(int what) {
    Guard outer("outer");
    try {
        Guard inner("inner");
        try {
            thrower(3, what);
        } catch (const Failure &failure) {
            Guard handler("handler");
            if (failure.code == 7) throw;
            throw Other{failure.code};
        } catch (int number) {
            return number;
        }
    } catch (const Other &other) {
        return (int)other.value * 100;
    } catch (const Failure &failure) {
        return -failure.code;
    } catch (...) {
        try {
            throw;
        } catch (const std::exception &error) {
            return (int)strlen(error.what());
        } catch (...) {
            return -1000;
        }
    }
    return 0;
}

// A constructor that fails destroys what was made before.
struct Parts {
    Guard first, second;
    explicit Parts(bool fail) : first("first"), second("second") {
        if (fail) throw Failure(1);
    }
};

struct Visitor {
    virtual ~Visitor() {}
    virtual void visit(int node) = 0;
};

struct Finder final : Visitor {
    int wanted;
    explicit Finder(int wanted) : wanted(wanted) {}
    void visit(int node) override {
        if (node == wanted) throw Other{node};
    }
};

__attribute__((noinline)) static void walk(Visitor &visitor, int node, int size) {
    if (node >= size) return;
    Guard guard("walk");
    walk(visitor, 2 * node + 1, size);
    visitor.visit(node);
    walk(visitor, 2 * node + 2, size);
}

// The destructor of something that an exception leaves catches one of its own.
struct Cleanup {
    ~Cleanup() {
        try {
            thrower(2, 3);
        } catch (const Failure &failure) {
            printf("within a destructor: %s, %d uncaught\n", failure.what(),
                   std::uncaught_exceptions());
        }
    }
};

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 1000;
    for (int frames = 0; frames <= 10; frames += 5) {
        for (int what = 0; what <= 7; what++) catch_by_type(frames, what);
    }
    for (int what = 0; what <= 7; what++) printf("%d ", rethrow(what));
    printf("\n");
    for (int fail = 0; fail <= 1; fail++) {
        int before = destroyed;
        try {
            Parts *parts = new Parts(fail);
            delete parts;
            printf("made");
        } catch (const Failure &) {
            printf("not made");
        }
        printf(", %d destroyed\n", destroyed - before);
    }
    try {
        Finder finder(37);
        walk(finder, 0, 100);
    } catch (const Other &other) {
        printf("found %lld at depth %d\n", other.value, depth);
    }
    try {
        Cleanup cleanup;
        throw Failure(3);
    } catch (const Failure &failure) {
        printf("outside: %d, %d uncaught\n", failure.code, std::uncaught_exceptions());
    }
    std::exception_ptr kept;
    try {
        throw Special(9);
    } catch (...) {
        kept = std::current_exception();
    }
    try {
        std::rethrow_exception(kept);
    } catch (const Special &special) {
        printf("kept: %s\n", special.what());
    }
    long long sum = 0;
    for (int round = 0; round < rounds; round++) {
        try {
            thrower(round % 4, round % 7);
        } catch (int number) {
            sum += number;
        } catch (const Failure &failure) {
            sum += failure.code * 3;
        } catch (...) {
            sum += 1;
        }
    }
    printf("sum %lld, depth %d\n", sum, depth);
    return depth;
}
