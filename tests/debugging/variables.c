/* Variables of several kinds, for debuggers: parameters, structures, arrays, pointers, globals. */

struct point { int x, y; };

struct node {
    struct point at;
    const char *name;
    struct node *next;
    unsigned flags : 3;
    double weight;
};

enum color { RED, GREEN = 5 };

static struct node nodes[2];
int counter = 7;

static int __attribute__((noinline)) sum(const struct node *list, long long start, double scale)
{
    long long total = start;
    for (; list; list = list->next) {
        struct point here = list->at;
        enum color c = here.x > 1 ? GREEN : RED;
        total += here.x + here.y + c;
        counter++;
    }
    return (int)(total * scale);
}

int run(int a)
{
    char text[6] = "hello";
    nodes[0].at.x = a;
    nodes[0].at.y = 2;
    nodes[0].name = "first";
    nodes[0].next = &nodes[1];
    nodes[1].at.x = 1;
    nodes[1].name = "second";
    nodes[1].weight = 1.5;
    int result = sum(nodes, 100, 2.0);
    return result + text[0];
}
