/* Start functions: one that runs, and one that traps. */

#include "check.h"

static int started;

static wasm_trap_t *start(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  started++;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *host = wasm_func_new(store, type, start);
  wasm_functype_delete(type);
  wasm_extern_t *imports[] = {wasm_func_as_extern(host)};
  wasm_instance_delete(
      instance(store, "(module (import \"\" \"f\" (func $f)) (start $f))", imports, 1));
  CHECK(started == 1);
  wasm_module_t *compiled = module(store, "(module (func $f (unreachable)) (start $f))");
  wasm_trap_t *trap = NULL;
  CHECK(!wasm_instance_new(store, compiled, NULL, &trap) && trap);
  wasm_frame_t *origin = wasm_trap_origin(trap);
  CHECK(origin && wasm_frame_func_index(origin) == 0);
  wasm_frame_delete(origin);
  wasm_trap_delete(trap);
  wasm_module_delete(compiled);
  wasm_func_delete(host);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("started, trapped\n");
  return 0;
}
