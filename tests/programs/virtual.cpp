// Virtual calls: a tree of expressions evaluated, simplified and printed; shapes behind an interface.
// The argument is the number of rounds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

struct Expression {
    virtual ~Expression() {}
    virtual int64_t evaluate(int64_t x) const = 0;
    virtual int size() const = 0;
    virtual void print(int depth) const = 0;
};

struct Constant final : Expression {
    int64_t value;
    explicit Constant(int64_t value) : value(value) {}
    int64_t evaluate(int64_t) const override { return value; }
    int size() const override { return 1; }
    void print(int) const override { printf("%lld", (long long)value); }
};

struct Variable final : Expression {
    int64_t evaluate(int64_t x) const override { return x; }
    int size() const override { return 1; }
    void print(int) const override { printf("x"); }
};

struct Binary : Expression {
    Expression *left, *right;
    Binary(Expression *left, Expression *right) : left(left), right(right) {}
    ~Binary() override {
        delete left;
        delete right;
    }
    int64_t evaluate(int64_t x) const override { return apply(left->evaluate(x), right->evaluate(x)); }
    int size() const override { return 1 + left->size() + right->size(); }
    void print(int depth) const override {
        if (depth == 0) {
            printf("..");
            return;
        }
        printf("(");
        left->print(depth - 1);
        printf(" %c ", sign());
        right->print(depth - 1);
        printf(")");
    }
    virtual int64_t apply(int64_t a, int64_t b) const = 0;
    virtual char sign() const = 0;
};

#define OPERATION(NAME, SIGN, RESULT)                                            \
    struct NAME final : Binary {                                                 \
        using Binary::Binary;                                                    \
        int64_t apply(int64_t a, int64_t b) const override { return RESULT; }    \
        char sign() const override { return SIGN; }                              \
    };
OPERATION(Add, '+', a + b)
OPERATION(Subtract, '-', a - b)
OPERATION(Multiply, '*', (int64_t)((uint64_t)a * (uint64_t)b))
OPERATION(Xor, '^', a ^ b)
OPERATION(Minimum, '<', a < b ? a : b)

static uint32_t state = 1;
static uint32_t next() {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static Expression *grow(int depth) {
    if (depth == 0) return next() % 3 ? (Expression *)new Variable : new Constant(next() % 100);
    Expression *left = grow(depth - 1), *right = grow(next() % 4 ? depth - 1 : 0);
    switch (next() % 5) {
    case 0: return new Add(left, right);
    case 1: return new Subtract(left, right);
    case 2: return new Multiply(left, right);
    case 3: return new Xor(left, right);
    default: return new Minimum(left, right);
    }
}

struct Shape {
    virtual double area() const = 0;
    virtual void scale(double) = 0;
};
struct Named {
    virtual const char *name() const = 0;
    virtual ~Named() {}
};
struct Circle : Shape, Named {
    double r;
    explicit Circle(double r) : r(r) {}
    double area() const override { return 3.141592653589793 * r * r; }
    void scale(double by) override { r *= by; }
    const char *name() const override { return "circle"; }
};
struct Rectangle : Shape, Named {
    double w, h;
    Rectangle(double w, double h) : w(w), h(h) {}
    double area() const override { return w * h; }
    void scale(double by) override { w *= by, h *= by; }
    const char *name() const override { return "rectangle"; }
};
struct Square : Rectangle {
    explicit Square(double side) : Rectangle(side, side) {}
    const char *name() const override { return "square"; }
};

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 20;
    Expression *tree = grow(11);
    printf("%d nodes: ", tree->size());
    tree->print(3);
    uint64_t sum = 0;
    for (int i = 0; i < rounds; i++) sum = sum * 31 + (uint64_t)tree->evaluate(i);
    printf("\n%016llx\n", (unsigned long long)sum);
    delete tree;

    Circle circle(1);
    Rectangle rectangle(2, 3);
    Square square(4);
    Shape *shapes[] = {&circle, &rectangle, &square};
    Named *named[] = {&circle, &rectangle, &square};
    double total = 0;
    for (int i = 0; i < rounds * 100; i++) {
        Shape *shape = shapes[next() % 3];
        shape->scale(i % 2 ? 1.25 : 0.8);
        total += shape->area();
    }
    for (int i = 0; i < 3; i++) printf("%s %.6f\n", named[i]->name(), shapes[i]->area());
    printf("total %.6f\n", total);
    return 0;
}
