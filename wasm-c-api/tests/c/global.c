/* Globals that the host makes, reads and writes, and that a module imports and exports. */

#include "check.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_VAR);
  wasm_val_t seven = WASM_I64_VAL(7), eight = WASM_I64_VAL(8), single = WASM_F32_VAL(1);
  wasm_global_t *global = wasm_global_new(store, type, &seven);
  CHECK(global && !wasm_global_new(store, type, &single));
  wasm_globaltype_delete(type);
  wasm_extern_t *imports[] = {wasm_global_as_extern(global)};
  wasm_instance_t *made =
      instance(store,
               "(module (import \"\" \"g\" (global $g (mut i64))) (export \"g\" (global $g))"
               " (func (export \"get\") (result i64) (global.get $g))"
               " (func (export \"set\") (param i64) (global.set $g (local.get 0))))",
               imports, 1);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  CHECK(wasm_global_same(global, wasm_extern_as_global(exports.data[0])));
  wasm_val_t result[1] = {WASM_INIT_VAL}, nine[1] = {WASM_I64_VAL(9)};
  wasm_val_vec_t none = WASM_EMPTY_VEC, results = WASM_ARRAY_VEC(result), args = WASM_ARRAY_VEC(nine);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[1]), &none, &results));
  CHECK(result[0].kind == WASM_I64 && result[0].of.i64 == 7);
  wasm_global_set(global, &eight);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[1]), &none, &results));
  CHECK(result[0].of.i64 == 8);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[2]), &args, &none));
  wasm_val_t read;
  wasm_global_get(wasm_extern_as_global(exports.data[0]), &read);
  CHECK(read.of.i64 == 9);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_global_delete(global);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("globals\n");
  return 0;
}
