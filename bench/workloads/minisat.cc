// MiniSat: random clauses of three literals near the threshold, and pigeons that do not fit into
// their holes.
#include <cstdio>
#include <cstdlib>

#include "minisat/core/Solver.h"

using namespace Minisat;

static void solve(const char *name, Solver &solver) {
    bool result = solver.solve();
    printf("%s: %s, %d conflicts\n", name, result ? "satisfiable" : "unsatisfiable", static_cast<int>(solver.conflicts));
}

int main(int argc, char **argv) {
    int size = argc > 1 ? atoi(argv[1]) : 50;
    uint32_t state = 1;
    for (int round = 0; round < 3; round++) {
        Solver solver;
        for (int k = 0; k < size; k++) solver.newVar();
        for (int k = 0; k < size * 425 / 100; k++) {
            vec<Lit> clause;
            for (int literal = 0; literal < 3; literal++) {
                state = state * 1664525 + 1013904223;
                clause.push(mkLit((state >> 10) % size, (state >> 9) & 1));
            }
            solver.addClause(clause);
        }
        solve("random", solver);
    }
    Solver solver;
    const int holes = 7;
    for (int k = 0; k < holes * (holes + 1); k++) solver.newVar();
    for (int pigeon = 0; pigeon <= holes; pigeon++) {
        vec<Lit> clause;
        for (int hole = 0; hole < holes; hole++) clause.push(mkLit(pigeon * holes + hole));
        solver.addClause(clause);
        for (int other = 0; other < pigeon; other++)
            for (int hole = 0; hole < holes; hole++)
                solver.addClause(~mkLit(pigeon * holes + hole), ~mkLit(other * holes + hole));
    }
    solve("pigeons", solver);
    return 0;
}
