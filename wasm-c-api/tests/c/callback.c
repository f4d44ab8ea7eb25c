/* Host functions with arguments, results, and data of their own. */

#include "check.h"

static wasm_trap_t *print(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  printf("print %d\n", args->data[0].of.i32);
  wasm_val_copy(&results->data[0], &args->data[0]);
  return NULL;
}

static wasm_trap_t *closure(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  CHECK(args->size == 0);
  printf("closure %d\n", *(int *)env);
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = 0;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *one = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_functype_t *none = wasm_functype_new_0_1(wasm_valtype_new_i32());
  int number = 42;
  wasm_func_t *printer = wasm_func_new(store, one, print);
  wasm_func_t *closing = wasm_func_new_with_env(store, none, closure, &number, NULL);
  CHECK(wasm_func_param_arity(printer) == 1 && wasm_func_result_arity(closing) == 1);
  wasm_functype_delete(one);
  wasm_functype_delete(none);
  wasm_extern_t *imports[] = {wasm_func_as_extern(printer), wasm_func_as_extern(closing)};
  wasm_instance_t *made = instance(
      store,
      "(module (import \"\" \"print\" (func $p (param i32) (result i32)))"
      " (import \"\" \"closure\" (func $c (result i32)))"
      " (func (export \"run\") (param i32 i32) (result i32)"
      "  (i32.add (call $p (i32.add (local.get 0) (local.get 1))) (call $c))))",
      imports, 2);
  wasm_func_delete(printer);
  wasm_func_delete(closing);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_instance_delete(made);
  wasm_val_t args[2] = {WASM_I32_VAL(3), WASM_I32_VAL(4)};
  wasm_val_t results[1] = {WASM_INIT_VAL};
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args), result_vec = WASM_ARRAY_VEC(results);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &arg_vec, &result_vec));
  printf("result %d\n", results[0].of.i32);
  wasm_extern_vec_delete(&exports);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
