/* Sizes and limits that can't be: errors, or nulls where the header has no errors. */

#include "check.h"

/* What is empty or freed has no data, and may be freed again. */
static void empty(void) {
  wasm_byte_vec_t bytes;
  wasm_byte_vec_new_empty(&bytes);
  CHECK(bytes.size == 0 && !bytes.data);
  wasm_byte_vec_new(&bytes, 3, "abc");
  CHECK(bytes.size == 3 && bytes.data);
  wasm_byte_vec_delete(&bytes);
  CHECK(bytes.size == 0 && !bytes.data);
  wasm_byte_vec_delete(&bytes);
  wasmtime_component_vallist_t list;
  wasmtime_component_vallist_new_empty(&list);
  CHECK(list.size == 0 && !list.data);
  wasmtime_component_vallist_delete(&list);
}

int main(void) {
  empty();
  wasm_engine_t *engine = wasm_engine_new();
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasm_memorytype_t *type;
  CHECK(wasmtime_memorytype_new(2, true, 1, false, false, 16, &type) != NULL);
  CHECK(wasmtime_memorytype_new(1, false, 0, false, false, 200, &type) != NULL);
  CHECK(wasmtime_memorytype_new(UINT64_MAX, false, 0, false, false, 16, &type) != NULL);
  CHECK(wasmtime_memorytype_new(1, false, 0, false, true, 16, &type) != NULL);
  wasm_limits_t wrong = {2, 1};
  CHECK(!wasm_memorytype_new(&wrong));
  check_error(wasmtime_memorytype_new(1, false, 0, false, false, 16, &type));
  wasmtime_memory_t memory;
  uint64_t before = 77;
  check_error(wasmtime_memory_new(context, type, &memory));
  CHECK(wasmtime_memory_grow(context, &memory, UINT64_MAX, &before) != NULL);
  CHECK(wasmtime_memory_grow(context, &memory, 65536, &before) != NULL && before == 77);
  wasmtime_sharedmemory_t *shared;
  CHECK(wasmtime_sharedmemory_new(engine, type, &shared) != NULL);
  wasm_memorytype_delete(type);
  check_error(wasmtime_memorytype_new(UINT64_MAX >> 16, false, 0, true, false, 16, &type));
  CHECK(wasmtime_memory_new(context, type, &memory) != NULL);
  wasm_memorytype_delete(type);

  /* Tables. */
  wasmtime_val_t null = {.kind = WASMTIME_FUNCREF};
  wasmtime_funcref_set_null(&null.of.funcref);
  wasmtime_table_t table;
  CHECK(!wasm_tabletype_new(wasm_valtype_new_funcref(), &wrong));
  wasm_limits_t large = {UINT32_MAX, wasm_limits_max_default};
  wasm_tabletype_t *elements = wasm_tabletype_new(wasm_valtype_new_funcref(), &large);
  /* There is room for it, or an error. */
  wasmtime_error_t *full = wasmtime_table_new(context, elements, &null, &table);
  if (full) wasmtime_error_delete(full);
  wasm_tabletype_delete(elements);
  CHECK(!wasm_tabletype_new(wasm_valtype_new_i32(), &large));
  wasm_limits_t small = {1, 10};
  elements = wasm_tabletype_new(wasm_valtype_new_funcref(), &small);
  wasmtime_val_t number = {.kind = WASMTIME_I32};
  CHECK(wasmtime_table_new(context, elements, &number, &table) != NULL);
  check_error(wasmtime_table_new(context, elements, &null, &table));
  wasm_tabletype_delete(elements);
  CHECK(wasmtime_table_grow(context, &table, UINT64_MAX, &null, &before) != NULL);
  CHECK(wasmtime_table_grow(context, &table, 1, &number, &before) != NULL);
  CHECK(wasmtime_table_set(context, &table, UINT64_MAX, &null) != NULL);
  CHECK(wasmtime_table_set(context, &table, 0, &number) != NULL);
  CHECK(!wasmtime_table_get(context, &table, UINT64_MAX, &number));

  /* Limits of stores; negative ones are none. */
  wasmtime_store_limiter(store, 1 << 16, 1, 0, -1, INT64_MIN);
  check_error(wasmtime_memorytype_new(2, false, 0, false, false, 16, &type));
  CHECK(wasmtime_memory_new(context, type, &memory) != NULL);
  wasm_memorytype_delete(type);
  const char *text = "(module)";
  wasmtime_module_t *compiled;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled));
  wasmtime_instance_t made;
  wasm_trap_t *trap = NULL;
  CHECK(wasmtime_instance_new(context, compiled, NULL, 0, &made, &trap) && !trap);
  wasmtime_module_delete(compiled);

  /* Names that are no text, or nowhere. */
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasmtime_extern_t item = {.kind = WASMTIME_EXTERN_TABLE, .of = {.table = table}};
  CHECK(wasmtime_linker_define(linker, context, "\xff", 1, "", 0, &item) != NULL);
  check_error(wasmtime_linker_define(linker, context, NULL, 0, NULL, 0, &item));
  CHECK(wasmtime_linker_define(linker, context, "", 0, "", 0, &item) != NULL);
  CHECK(wasmtime_linker_get(linker, context, NULL, 0, NULL, 0, &item));
  CHECK(!wasmtime_linker_get(linker, context, "\xff", 1, "", 0, &item));
  CHECK(!wasmtime_linker_get(linker, context, "none", 4, "", 0, &item));
  wasmtime_linker_delete(linker);

  /* Arrays and structures. */
  wasmtime_field_type_t field = {.mutable_ = true, .storage = {.kind = WASMTIME_STORAGE_TYPE_KIND_I8}};
  wasmtime_array_type_t *bytes = wasmtime_array_type_new(engine, &field);
  wasmtime_array_ref_pre_t *pre = wasmtime_array_ref_pre_new(context, bytes);
  wasmtime_arrayref_t array;
  wasmtime_val_t one = {.kind = WASMTIME_I32, .of = {.i32 = 1}}, got;
  CHECK(wasmtime_arrayref_new(context, pre, &one, UINT32_MAX, &array) != NULL);
  CHECK(wasmtime_arrayref_new(context, pre, &null, 1, &array) != NULL);
  check_error(wasmtime_arrayref_new(context, pre, &one, 3, &array));
  CHECK(wasmtime_arrayref_get(context, &array, 3, &got) != NULL);
  CHECK(wasmtime_arrayref_set(context, &array, UINT32_MAX, &one) != NULL);
  CHECK(wasmtime_arrayref_set(context, &array, 0, &null) != NULL);
  wasmtime_arrayref_unroot(&array);
  CHECK(wasmtime_arrayref_get(context, &array, 0, &got) != NULL);
  wasmtime_arrayref_unroot(&array);
  wasmtime_array_ref_pre_delete(pre);
  wasmtime_array_type_delete(bytes);
  wasmtime_struct_type_t *none = wasmtime_struct_type_new(engine, NULL, 0);
  CHECK(none && !wasmtime_struct_type_field(none, 0, &field));
  wasmtime_struct_ref_pre_t *empty = wasmtime_struct_ref_pre_new(context, none);
  wasmtime_structref_t object;
  CHECK(wasmtime_structref_new(context, empty, &one, 1, &object) != NULL);
  check_error(wasmtime_structref_new(context, empty, NULL, 0, &object));
  CHECK(wasmtime_structref_field(context, &object, SIZE_MAX, &got) != NULL);
  CHECK(wasmtime_structref_set_field(context, &object, 0, &one) != NULL);
  wasmtime_structref_unroot(&object);
  wasmtime_struct_ref_pre_delete(empty);
  wasmtime_struct_type_delete(none);
  wasmtime_store_delete(store);
  wasm_engine_delete(engine);
  printf("sizes\n");
  return 0;
}
