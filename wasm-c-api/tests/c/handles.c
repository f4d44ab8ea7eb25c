/* Handles of wasmtime.h: functions, memories, tables, globals, references, linkers. */

#include "check.h"

static int freed;

static void count_free(void *data) {
  CHECK(data);
  freed++;
}

static wasm_trap_t *add(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                        size_t nargs, wasmtime_val_t *results, size_t nresults) {
  CHECK(nargs == 2 && nresults == 1 && *(int *)env == 7);
  wasmtime_extern_t memory;
  CHECK(wasmtime_caller_export_get(caller, "memory", 6, &memory));
  CHECK(memory.kind == WASMTIME_EXTERN_MEMORY);
  wasmtime_context_t *context = wasmtime_caller_context(caller);
  CHECK(wasmtime_memory_data(context, &memory.of.memory)[0] == 'x');
  results[0].kind = WASMTIME_I32;
  results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasmtime_store_t *store = wasmtime_store_new(engine, &freed, count_free);
  wasmtime_context_t *context = wasmtime_store_context(store);
  CHECK(wasmtime_context_get_data(context) == &freed);
  const char *text =
      "(module (import \"host\" \"add\" (func $add (param i32 i32) (result i32)))"
      " (memory (export \"memory\") 1 4) (data (i32.const 0) \"x\")"
      " (global (export \"global\") (mut externref) (ref.null extern))"
      " (table (export \"table\") 3 funcref)"
      " (func (export \"run\") (param i32) (result i32) (call $add (local.get 0) (i32.const 1)))"
      " (func (export \"same\") (param externref funcref) (result funcref externref)"
      "  (local.get 1) (local.get 0)))";
  wasmtime_module_t *compiled;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled));
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasmtime_instance_t made;
  wasm_trap_t *trap = NULL;
  CHECK(error_says(wasmtime_linker_instantiate(linker, context, compiled, &made, &trap), "add"));
  int seven = 7;
  wasm_functype_t *type = wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_i32(),
                                                wasm_valtype_new_i32());
  check_error(
      wasmtime_linker_define_func(linker, "host", 4, "add", 3, type, add, &seven, count_free));
  wasm_functype_delete(type);
  check_error(wasmtime_linker_instantiate(linker, context, compiled, &made, &trap));
  CHECK(!trap);

  wasmtime_extern_t item, global, again;
  CHECK(!wasmtime_instance_export_get(context, &made, "none", 4, &item));
  CHECK(wasmtime_instance_export_get(context, &made, "run", 3, &item));
  wasmtime_val_t args[2] = {{.kind = WASMTIME_I32, .of = {.i32 = 41}}}, results[2];
  check_error(wasmtime_func_call(context, &item.of.func, args, 1, results, 1, &trap));
  CHECK(!trap && results[0].kind == WASMTIME_I32 && results[0].of.i32 == 42);
  CHECK(error_says(wasmtime_func_call(context, &item.of.func, NULL, 0, results, 1, &trap), "0"));

  /* References keep data of the host alive, until WebAssembly has none. */
  CHECK(wasmtime_instance_export_get(context, &made, "same", 4, &again));
  CHECK(wasmtime_externref_new(context, &seven, count_free, &args[0].of.externref));
  args[0].kind = WASMTIME_EXTERNREF;
  args[1].kind = WASMTIME_FUNCREF;
  args[1].of.funcref = item.of.func;
  check_error(wasmtime_func_call(context, &again.of.func, args, 2, results, 2, &trap));
  CHECK(results[0].of.funcref.store_id == item.of.func.store_id);
  CHECK(wasmtime_externref_data(context, &results[1].of.externref) == &seven);
  CHECK(wasmtime_instance_export_get(context, &made, "global", 6, &global));
  check_error(wasmtime_global_set(context, &global.of.global, &results[1]));
  wasmtime_val_t copy;
  wasmtime_val_clone(&results[1], &copy);
  wasmtime_val_unroot(&results[1]);
  wasmtime_val_unroot(&args[0]);
  wasmtime_val_unroot(&copy);
  check_error(wasmtime_context_gc(context));
  CHECK(freed == 0);
  wasmtime_val_t null = {.kind = WASMTIME_EXTERNREF};
  wasmtime_externref_set_null(&null.of.externref);
  check_error(wasmtime_global_set(context, &global.of.global, &null));
  check_error(wasmtime_context_gc(context));
  CHECK(freed == 1);
  CHECK(error_says(wasmtime_global_set(context, &global.of.global, &args[1]), "type"));

  wasmtime_extern_t table;
  CHECK(wasmtime_instance_export_get(context, &made, "table", 5, &table));
  check_error(wasmtime_table_set(context, &table.of.table, 2, &args[1]));
  wasmtime_val_t element;
  CHECK(wasmtime_table_get(context, &table.of.table, 2, &element));
  CHECK(!wasmtime_funcref_is_null(&element.of.funcref));
  CHECK(wasmtime_table_get(context, &table.of.table, 0, &element));
  CHECK(wasmtime_funcref_is_null(&element.of.funcref));
  CHECK(!wasmtime_table_get(context, &table.of.table, 3, &element));
  uint64_t before;
  check_error(wasmtime_table_grow(context, &table.of.table, 2, &element, &before));
  CHECK(before == 3 && wasmtime_table_size(context, &table.of.table) == 5);

  wasmtime_extern_t memory;
  char *name;
  size_t name_len;
  CHECK(wasmtime_instance_export_nth(context, &made, 0, &name, &name_len, &memory));
  CHECK(name_len == 6 && !memcmp(name, "memory", 6));
  check_error(wasmtime_memory_grow(context, &memory.of.memory, 2, &before));
  CHECK(before == 1 && wasmtime_memory_size(context, &memory.of.memory) == 3);
  CHECK(error_says(wasmtime_memory_grow(context, &memory.of.memory, 2, &before), "memory"));

  wasmtime_linker_delete(linker);
  wasmtime_module_delete(compiled);
  wasmtime_store_delete(store);
  wasm_engine_delete(engine);
  CHECK(freed == 3);
  printf("handles\n");
  return 0;
}
