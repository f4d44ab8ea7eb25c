/* Objects of the host that WebAssembly passes on, keeps in globals and tables, and gives back. */

#include "check.h"

static wasm_trap_t *pass(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  wasm_val_copy(&results->data[0], &args->data[0]);
  return NULL;
}

/* Calls a function with an object, and returns the one that comes back. */
static wasm_ref_t *call(const wasm_func_t *func, wasm_ref_t *object, size_t nresults) {
  wasm_val_t arg[1] = {WASM_REF_VAL(object)}, result[1] = {WASM_INIT_VAL};
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), results = {nresults, result};
  CHECK(!wasm_func_call(func, &args, &results));
  return result[0].of.ref;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type =
      wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
  wasm_func_t *host = wasm_func_new(store, type, pass);
  wasm_functype_delete(type);
  wasm_extern_t *imports[] = {wasm_func_as_extern(host)};
  wasm_instance_t *made = instance(
      store,
      "(module (import \"\" \"pass\" (func $f (param externref) (result externref)))"
      " (global (export \"global\") (mut externref) (ref.null extern))"
      " (table (export \"table\") 10 externref)"
      " (func (export \"set\") (param externref) (global.set 0 (local.get 0)))"
      " (func (export \"through\") (param externref) (result externref)"
      "  (call $f (local.get 0))))",
      imports, 1);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_global_t *global = wasm_extern_as_global(exports.data[0]);
  wasm_table_t *table = wasm_extern_as_table(exports.data[1]);
  wasm_func_t *set = wasm_extern_as_func(exports.data[2]);
  wasm_func_t *through = wasm_extern_as_func(exports.data[3]);

  wasm_foreign_t *foreign[2] = {wasm_foreign_new(store), wasm_foreign_new(store)};
  CHECK(!wasm_foreign_same(foreign[0], foreign[1]));
  for (int i = 0; i < 2; i++) {
    wasm_ref_t *object = wasm_foreign_as_ref(foreign[i]);
    wasm_foreign_set_host_info(foreign[i], (void *)(intptr_t)(i + 1));
    wasm_ref_t *back = call(through, object, 1);
    CHECK(back && wasm_ref_same(back, object));
    CHECK(wasm_ref_get_host_info(back) == (void *)(intptr_t)(i + 1));
    wasm_ref_delete(back);
    call(set, object, 0);
    wasm_val_t val;
    wasm_global_get(global, &val);
    CHECK(val.kind == WASM_EXTERNREF && wasm_ref_same(val.of.ref, object));
    CHECK(wasm_ref_as_foreign(val.of.ref) && !wasm_ref_as_func(val.of.ref));
    wasm_val_delete(&val);
    CHECK(wasm_table_set(table, i, object));
    wasm_ref_t *element = wasm_table_get(table, i);
    CHECK(wasm_ref_same(element, object));
    wasm_ref_delete(element);
  }
  CHECK(!call(through, NULL, 1));
  /* Any object is a reference, a function and an instance too. */
  wasm_ref_t *back = call(through, wasm_func_as_ref(set), 1);
  CHECK(wasm_func_same(wasm_ref_as_func(back), set));
  wasm_ref_delete(back);
  back = call(through, wasm_instance_as_ref(made), 1);
  CHECK(wasm_ref_as_instance(back));
  wasm_ref_delete(back);

  wasm_foreign_delete(foreign[0]);
  wasm_foreign_delete(foreign[1]);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_func_delete(host);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("host references\n");
  return 0;
}
