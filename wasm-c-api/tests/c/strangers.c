/* Objects of another store: errors where there are errors, and themselves when they come back. */

#include "check.h"

static int calls;

static wasm_trap_t *answer(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  CHECK(args->size == 0);
  calls++;
  results->data[0] = (wasm_val_t){.kind = WASM_I32, .of = {.i32 = 42}};
  return NULL;
}

/* What the host function below returns. */
static wasm_ref_t *stranger;

static wasm_trap_t *give(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  CHECK(args->size == 0);
  results->data[0] = (wasm_val_t){.kind = WASM_FUNCREF, .of = {.ref = wasm_ref_copy(stranger)}};
  return NULL;
}

/* Whether a function of no parameters returns 42. */
static bool answers(const wasm_func_t *func) {
  wasm_val_t result[] = {WASM_INIT_VAL};
  wasm_val_vec_t none = WASM_EMPTY_VEC, results = WASM_ARRAY_VEC(result);
  return !wasm_func_call(func, &none, &results) && result[0].of.i32 == 42;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine), *other = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasm_func_t *func = wasm_func_new(other, type, answer);
  wasm_functype_delete(type);
  CHECK(answers(func));
  stranger = wasm_func_as_ref(func);

  /* As an externref it is data, which knows its store. */
  wasm_instance_t *made = instance(
      store,
      "(module (func (export \"same\") (param externref) (result externref) (local.get 0))"
      " (func (export \"func\") (param funcref)) (table (export \"table\") 2 funcref)"
      " (global (export \"global\") (mut externref) (ref.null extern)))",
      NULL, 0);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_val_t arg[1] = {WASM_REF_VAL(stranger)}, result[1] = {WASM_INIT_VAL};
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), results = WASM_ARRAY_VEC(result), none = WASM_EMPTY_VEC;
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &args, &results));
  wasm_func_t *back = wasm_ref_as_func(result[0].of.ref);
  CHECK(back && wasm_func_same(back, func) && answers(back));
  CHECK(wasm_func_result_arity(back) == 1);

  /* As a function of this store it is an error. */
  arg[0].kind = WASM_FUNCREF;
  wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports.data[1]), &args, &none);
  CHECK(trap);
  wasm_trap_delete(trap);
  CHECK(!wasm_table_set(wasm_extern_as_table(exports.data[2]), 0, stranger));
  CHECK(!wasm_table_grow(wasm_extern_as_table(exports.data[2]), 1, stranger));
  wasm_globaltype_t *global = wasm_globaltype_new(wasm_valtype_new_funcref(), WASM_VAR);
  CHECK(!wasm_global_new(store, global, &arg[0]));
  wasm_globaltype_delete(global);
  wasm_module_t *imports =
      module(store, "(module (import \"\" \"\" (func (result i32))) (func (export \"f\")))");
  wasm_extern_t *import[] = {wasm_func_as_extern(func)};
  wasm_extern_vec_t externs = WASM_ARRAY_VEC(import);
  trap = NULL;
  CHECK(!wasm_instance_new(store, imports, &externs, &trap) && trap);
  wasm_trap_delete(trap);
  wasm_module_delete(imports);
  type = wasm_functype_new_0_1(wasm_valtype_new_funcref());
  wasm_func_t *gives = wasm_func_new(store, type, give);
  wasm_functype_delete(type);
  trap = wasm_func_call(gives, &none, &results);
  CHECK(trap);
  wasm_trap_delete(trap);
  wasm_func_delete(gives);

  /* What is kept in WebAssembly keeps no other store. */
  wasm_val_t kept = {.kind = WASM_EXTERNREF, .of = {.ref = stranger}};
  wasm_global_set(wasm_extern_as_global(exports.data[3]), &kept);
  wasm_func_delete(back);
  wasm_func_delete(func);
  wasm_store_delete(other);
  wasm_global_get(wasm_extern_as_global(exports.data[3]), &kept);
  CHECK(kept.kind == WASM_EXTERNREF && kept.of.ref);
  wasm_val_t freed[1] = {kept};
  wasm_val_vec_t call = WASM_ARRAY_VEC(freed);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &call, &results));
  wasm_val_delete(&result[0]);
  wasm_val_delete(&kept);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  CHECK(calls == 2);
  printf("strangers\n");
  return 0;
}
