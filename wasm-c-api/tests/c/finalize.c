/* Data of the host is finalized, each once, by the time that its store is gone. A store may have more
   instances than Rust lets it have by default. */

#include "check.h"

#define INSTANCES 10010

static int finalized;

static void finalizer(void *data) {
  CHECK(data);
  finalized++;
}

static wasm_trap_t *nothing(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)env, (void)args, (void)results;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_module_t *compiled = module(store, "(module (func (export \"f\")))");
  wasm_functype_t *type = wasm_functype_new_0_0();
  for (int i = 1; i <= INSTANCES; i++) {
    void *data = (void *)(intptr_t)i;
    wasm_instance_t *made = wasm_instance_new(store, compiled, NULL, NULL);
    wasm_instance_set_host_info_with_finalizer(made, data, finalizer);
    wasm_instance_t *copy = wasm_instance_copy(made);
    CHECK(wasm_instance_get_host_info(copy) == data);
    wasm_instance_delete(made);
    wasm_instance_delete(copy);
    wasm_foreign_t *foreign = wasm_foreign_new(store);
    wasm_foreign_set_host_info_with_finalizer(foreign, data, finalizer);
    wasm_foreign_delete(foreign);
    /* The store has the function, and its data. */
    wasm_func_delete(wasm_func_new_with_env(store, type, nothing, data, finalizer));
  }
  CHECK(finalized == 2 * INSTANCES);
  wasm_functype_delete(type);
  wasm_module_delete(compiled);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("%d finalized\n", finalized);
  return 0;
}
