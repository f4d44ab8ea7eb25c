/* Calls and functions that check nothing: raw values, references, traps, functions as pointers. */

#include "check.h"

static int freed;

static void count_free(void *data) {
  CHECK(data == &freed);
  freed++;
}

static wasm_trap_t *host(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                         size_t count) {
  CHECK(env == &freed && count == 2 && wasmtime_caller_context(caller));
  if (values[0].i32 == 13) return wasmtime_trap_new("unlucky", 7);
  values[0].i64 = (int64_t)values[0].i32 + values[1].i64;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  const char *text =
      "(module (import \"host\" \"add\" (func $add (param i32 i64) (result i64)))"
      " (export \"add\" (func $add))"
      " (func (export \"run\") (param i32 i64) (result i64)"
      "  (i64.mul (call $add (local.get 0) (local.get 1)) (i64.const 2)))"
      " (func (export \"same\") (param externref funcref) (result externref funcref)"
      "  (local.get 0) (local.get 1)))";
  wasmtime_module_t *compiled;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled));
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasm_functype_t *type = wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_i64(),
                                                wasm_valtype_new_i64());
  CHECK(error_says(wasmtime_linker_define_func_unchecked(linker, "host", 4, "\xff", 1, type, host,
                                                         &freed, count_free),
                   "utf-8"));
  CHECK(freed == 1);
  check_error(wasmtime_linker_define_func_unchecked(linker, "host", 4, "add", 3, type, host, &freed,
                                                    count_free));
  wasmtime_func_t own;
  wasmtime_func_new_unchecked(context, type, host, &freed, count_free, &own);
  wasm_functype_delete(type);
  wasmtime_instance_t made;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_linker_instantiate(linker, context, compiled, &made, &trap));
  wasmtime_extern_t run, same, add;
  CHECK(wasmtime_instance_export_get(context, &made, "run", 3, &run));
  CHECK(wasmtime_instance_export_get(context, &made, "same", 4, &same));
  CHECK(wasmtime_instance_export_get(context, &made, "add", 3, &add));

  wasmtime_func_t *funcs[] = {&run.of.func, &own, &add.of.func};
  for (int i = 0; i < 3; i++) {
    wasmtime_val_raw_t values[2] = {{.i32 = -2}, {.i64 = 23}};
    check_error(wasmtime_func_call_unchecked(context, funcs[i], values, 2, &trap));
    CHECK(!trap && values[0].i64 == (i == 0 ? 42 : 21));
    values[0].i32 = 13;
    wasmtime_error_t *error = wasmtime_func_call_unchecked(context, funcs[i], values, 2, &trap);
    CHECK(trap || error);
    if (trap) wasm_trap_delete(trap);
    if (error) CHECK(error_says(error, "unlucky"));
    trap = NULL;
  }

  /* References as numbers and pointers; null is 0. */
  wasmtime_externref_t object, back;
  int data;
  CHECK(wasmtime_externref_new(context, &data, NULL, &object));
  wasmtime_val_raw_t values[2];
  values[0].externref = wasmtime_externref_to_raw(context, &object);
  values[1].funcref = wasmtime_func_to_raw(context, &own);
  CHECK(values[0].externref && values[1].funcref);
  check_error(wasmtime_func_call_unchecked(context, &same.of.func, values, 2, &trap));
  CHECK(!trap);
  wasmtime_externref_from_raw(context, values[0].externref, &back);
  CHECK(wasmtime_externref_data(context, &back) == &data);
  wasmtime_func_t func;
  wasmtime_func_from_raw(context, values[1].funcref, &func);
  CHECK(func.store_id == own.store_id);
  wasmtime_externref_unroot(&back);
  wasmtime_externref_unroot(&object);
  values[0].externref = 0;
  values[1].funcref = NULL;
  check_error(wasmtime_func_call_unchecked(context, &same.of.func, values, 2, &trap));
  wasmtime_externref_from_raw(context, values[0].externref, &back);
  wasmtime_func_from_raw(context, values[1].funcref, &func);
  CHECK(wasmtime_externref_is_null(&back) && wasmtime_funcref_is_null(&func));
  CHECK(!wasmtime_func_to_raw(context, &func));

  wasmtime_linker_delete(linker);
  wasmtime_module_delete(compiled);
  wasmtime_store_delete(store);
  CHECK(freed == 3);
  wasm_engine_delete(engine);
  printf("unchecked\n");
  return 0;
}
