/* Types of what a module imports and exports, and of what an instance has. */

#include "check.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_module_t *compiled = module(
      store, "(module (import \"m\" \"i\" (func (param i64 f32) (result externref)))"
             " (func (export \"func\") (param i32 f64) (result f32 i64) (unreachable))"
             " (global (export \"global\") (mut f64) (f64.const 0))"
             " (table (export \"table\") 0 50 funcref) (memory (export \"memory\") 1)"
             " (memory (export \"bounded\") 2 3))");
  wasm_importtype_vec_t imports;
  wasm_module_imports(compiled, &imports);
  CHECK(imports.size == 1);
  CHECK(!strncmp(wasm_importtype_module(imports.data[0])->data, "m", 1));
  CHECK(!strncmp(wasm_importtype_name(imports.data[0])->data, "i", 1));
  const wasm_functype_t *imported =
      wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[0]));
  CHECK(imported && wasm_functype_params(imported)->size == 2);
  CHECK(wasm_valtype_kind(wasm_functype_params(imported)->data[1]) == WASM_F32);
  CHECK(wasm_valtype_kind(wasm_functype_results(imported)->data[0]) == WASM_EXTERNREF);
  wasm_importtype_vec_delete(&imports);

  wasm_exporttype_vec_t exports, copy;
  wasm_module_exports(compiled, &exports);
  wasm_exporttype_vec_copy(&copy, &exports);
  wasm_exporttype_vec_delete(&exports);
  printf("%zu exports\n", copy.size);
  wasm_externkind_t kinds[] = {WASM_EXTERN_FUNC, WASM_EXTERN_GLOBAL, WASM_EXTERN_TABLE,
                               WASM_EXTERN_MEMORY, WASM_EXTERN_MEMORY};
  for (size_t i = 0; i < copy.size; i++)
    CHECK(wasm_externtype_kind(wasm_exporttype_type(copy.data[i])) == kinds[i]);
  const wasm_globaltype_t *global =
      wasm_externtype_as_globaltype_const(wasm_exporttype_type(copy.data[1]));
  CHECK(wasm_globaltype_mutability(global) == WASM_VAR);
  CHECK(wasm_valtype_kind(wasm_globaltype_content(global)) == WASM_F64);
  const wasm_tabletype_t *table =
      wasm_externtype_as_tabletype_const(wasm_exporttype_type(copy.data[2]));
  CHECK(wasm_tabletype_limits(table)->max == 50);
  CHECK(wasm_valtype_kind(wasm_tabletype_element(table)) == WASM_FUNCREF);
  const wasm_externtype_t *memory = wasm_exporttype_type(copy.data[3]);
  CHECK(!wasm_externtype_as_tabletype_const(memory));
  const wasm_limits_t *limits = wasm_memorytype_limits(wasm_externtype_as_memorytype_const(memory));
  CHECK(limits->min == 1 && limits->max == wasm_limits_max_default);
  wasm_exporttype_vec_delete(&copy);
  wasm_module_delete(compiled);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
