/* A module that calls the host. */

#include "check.h"

static wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  printf("hello, world\n");
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *host = wasm_func_new(store, type, hello);
  wasm_functype_delete(type);
  wasm_extern_t *imports[] = {wasm_func_as_extern(host)};
  wasm_instance_t *made = instance(
      store, "(module (import \"\" \"hello\" (func $f)) (func (export \"run\") (call $f)))",
      imports, 1);
  wasm_func_delete(host);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  CHECK(exports.size == 1);
  wasm_instance_delete(made);
  wasm_func_t *run = wasm_extern_as_func(exports.data[0]);
  CHECK(run);
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  CHECK(!wasm_func_call(run, &none, &none));
  wasm_extern_vec_delete(&exports);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
