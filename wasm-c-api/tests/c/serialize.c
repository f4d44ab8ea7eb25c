/* A module is serialized, and loaded in another engine. */

#include "check.h"

static wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  printf("hello, artifact\n");
  return NULL;
}

int main(void) {
  wasm_byte_vec_t artifact;
  {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_module_t *compiled = module(
        store, "(module (import \"\" \"f\" (func $f)) (func (export \"run\") (call $f)))");
    wasm_module_serialize(compiled, &artifact);
    CHECK(artifact.size > 0);
    wasm_module_delete(compiled);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
  }
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_module_t *loaded = wasm_module_deserialize(store, &artifact);
  CHECK(loaded);
  /* It is no WebAssembly, and damage is noticed. */
  CHECK(!wasm_module_new(store, &artifact));
  artifact.data[artifact.size / 2] = 0;
  wasm_byte_vec_t half = {100, artifact.data};
  CHECK(!wasm_module_deserialize(store, &half));
  wasm_byte_vec_delete(&artifact);
  wasm_functype_t *type = wasm_functype_new_0_0();
  wasm_func_t *host = wasm_func_new(store, type, hello);
  wasm_functype_delete(type);
  wasm_extern_t *import[] = {wasm_func_as_extern(host)};
  wasm_extern_vec_t imports = WASM_ARRAY_VEC(import);
  wasm_instance_t *made = wasm_instance_new(store, loaded, &imports, NULL);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), NULL, NULL));
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_func_delete(host);
  wasm_module_delete(loaded);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
