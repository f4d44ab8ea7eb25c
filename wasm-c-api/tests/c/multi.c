/* Several results, of WebAssembly and of the host. */

#include "check.h"

static wasm_trap_t *reverse(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  for (size_t i = 0; i < 4; i++) wasm_val_copy(&results->data[3 - i], &args->data[i]);
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_valtype_t *types[4] = {wasm_valtype_new_i32(), wasm_valtype_new_i64(),
                              wasm_valtype_new_f32(), wasm_valtype_new_f64()};
  wasm_valtype_vec_t params, results_type;
  wasm_valtype_vec_new(&params, 4, types);
  wasm_valtype_t *reversed[4] = {wasm_valtype_new_f64(), wasm_valtype_new_f32(),
                                 wasm_valtype_new_i64(), wasm_valtype_new_i32()};
  wasm_valtype_vec_new(&results_type, 4, reversed);
  wasm_functype_t *type = wasm_functype_new(&params, &results_type);
  wasm_func_t *host = wasm_func_new(store, type, reverse);
  wasm_functype_delete(type);
  wasm_extern_t *imports[] = {wasm_func_as_extern(host)};
  wasm_instance_t *made = instance(
      store,
      "(module (import \"\" \"f\" (func $f (param i32 i64 f32 f64) (result f64 f32 i64 i32)))"
      " (func (export \"run\") (param i32 i64 f32 f64) (result f64 f32 i64 i32)"
      "  (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
      imports, 1);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_val_t args[4] = {WASM_I32_VAL(4), WASM_I64_VAL(3), WASM_F32_VAL(2), WASM_F64_VAL(1)};
  wasm_val_t results[4] = {WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL};
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args), result_vec = WASM_ARRAY_VEC(results);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &arg_vec, &result_vec));
  printf("%.0f %.0f %" PRId64 " %" PRId32 "\n", results[0].of.f64, (double)results[1].of.f32,
         results[2].of.i64, results[3].of.i32);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_func_delete(host);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
