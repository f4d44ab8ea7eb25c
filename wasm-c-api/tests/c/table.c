/* Tables of functions: elements, sizes, growth, and calls through them. */

#include "check.h"

static wasm_trap_t *negate(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = -args->data[0].of.i32;
  return NULL;
}

static wasm_func_t *call_indirect;

/* Calls an element, and returns whether it trapped. */
static bool traps(int argument, int index, int expected) {
  wasm_val_t args[2] = {WASM_I32_VAL(argument), WASM_I32_VAL(index)}, result[1] = {WASM_INIT_VAL};
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args), results = WASM_ARRAY_VEC(result);
  wasm_trap_t *trap = wasm_func_call(call_indirect, &arg_vec, &results);
  if (trap) {
    wasm_trap_delete(trap);
    return true;
  }
  CHECK(result[0].of.i32 == expected);
  return false;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *made = instance(
      store,
      "(module (table (export \"table\") 2 10 funcref)"
      " (func $same (export \"same\") (param i32) (result i32) (local.get 0))"
      " (elem (i32.const 1) $same) (type $t (func (param i32) (result i32)))"
      " (func (export \"call\") (param i32 i32) (result i32)"
      "  (call_indirect (type $t) (local.get 0) (local.get 1))))",
      NULL, 0);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_table_t *table = wasm_extern_as_table(exports.data[0]);
  call_indirect = wasm_extern_as_func(exports.data[2]);
  CHECK(wasm_table_size(table) == 2);
  CHECK(!wasm_table_get(table, 0) && !wasm_table_get(table, 9));
  wasm_ref_t *same = wasm_table_get(table, 1);
  CHECK(same && wasm_func_same(wasm_ref_as_func(same), wasm_extern_as_func(exports.data[1])));
  CHECK(traps(5, 0, 0) && !traps(5, 1, 5) && traps(5, 2, 0));

  wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t *host = wasm_func_new(store, type, negate);
  CHECK(wasm_table_set(table, 0, wasm_func_as_ref(host)));
  CHECK(wasm_table_set(table, 1, NULL));
  CHECK(!wasm_table_set(table, 2, NULL));
  CHECK(!traps(5, 0, -5) && traps(5, 1, 0));
  CHECK(wasm_table_grow(table, 3, wasm_func_as_ref(host)) && wasm_table_size(table) == 5);
  CHECK(!traps(5, 4, -5));
  CHECK(!wasm_table_grow(table, 6, NULL));

  wasm_limits_t limits = {5, 5};
  wasm_tabletype_t *table_type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
  wasm_table_t *own = wasm_table_new(store, table_type, NULL);
  CHECK(own && wasm_table_size(own) == 5 && !wasm_table_grow(own, 1, NULL));
  wasm_limits_t none = {0, 0};
  CHECK(!wasm_tabletype_new(wasm_valtype_new_i32(), &none));
  wasm_tabletype_delete(table_type);
  wasm_table_delete(own);
  wasm_func_delete(host);
  wasm_functype_delete(type);
  wasm_ref_delete(same);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("tables\n");
  return 0;
}
