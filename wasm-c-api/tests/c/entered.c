/* Callbacks that enter WebAssembly again, that free what they are called by, and that fail. */

#include "check.h"

static int freed;

static void count_free(void *data) {
  CHECK(data);
  freed++;
}

/* What a callback of wasm.h may free: everything that leads to its store. */
static struct {
  wasm_store_t *store;
  wasm_func_t *host, *run;
  wasm_instance_t *instance;
  wasm_extern_vec_t exports;
} all;

static wasm_trap_t *free_all(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  CHECK(env == &all && args->size == 1 && results->size == 1);
  wasm_func_delete(all.host);
  wasm_instance_delete(all.instance);
  wasm_extern_vec_delete(&all.exports);
  wasm_store_delete(all.store);
  CHECK(freed == 0);
  results->data[0] = (wasm_val_t){.kind = WASM_I32, .of = {.i32 = args->data[0].of.i32 + 1}};
  return NULL;
}

/* A store that is freed by a call in it stays until the call has ended. */
static void frees(wasm_engine_t *engine) {
  all.store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  all.host = wasm_func_new_with_env(all.store, type, free_all, &all, count_free);
  wasm_functype_delete(type);
  wasm_extern_t *imports[] = {wasm_func_as_extern(all.host)};
  all.instance = instance(all.store,
                          "(module (import \"\" \"\" (func $f (param i32) (result i32)))"
                          " (memory 1) (func (export \"run\") (param i32) (result i32)"
                          "  (i32.store (i32.const 0) (call $f (local.get 0)))"
                          "  (i32.mul (i32.load (i32.const 0)) (i32.const 2))))",
                          imports, 1);
  wasm_instance_exports(all.instance, &all.exports);
  wasm_val_t arg[] = {WASM_I32_VAL(20)}, result[] = {WASM_INIT_VAL};
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), results = WASM_ARRAY_VEC(result);
  CHECK(!wasm_func_call(wasm_extern_as_func(all.exports.data[0]), &args, &results));
  CHECK(result[0].kind == WASM_I32 && result[0].of.i32 == 42 && freed == 1);
}

/* Calls what it was called by, one deeper, until there is no depth left; then traps. */
static wasm_trap_t *deeper(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                           size_t nargs, wasmtime_val_t *results, size_t nresults) {
  CHECK(nargs == 2 && nresults == 2 && args[1].kind == WASMTIME_EXTERNREF);
  wasmtime_context_t *context = wasmtime_caller_context(caller);
  CHECK(wasmtime_externref_data(context, &args[1].of.externref) == env);
  if (args[0].of.i32 == 0) return wasmtime_trap_new("deep enough", 11);
  wasmtime_extern_t run;
  CHECK(wasmtime_caller_export_get(caller, "run", 3, &run));
  wasmtime_val_t next[2] = {{.kind = WASMTIME_I32, .of = {.i32 = args[0].of.i32 - 1}}, args[1]};
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error =
      wasmtime_func_call(context, &run.of.func, next, 2, results, 2, &trap);
  if (!error && !trap) wasmtime_val_unroot(&results[1]);
  if (trap) wasm_trap_delete(trap);
  /* The arguments are what they were, and an object that was collected would not be. */
  check_error(wasmtime_context_gc(context));
  CHECK(wasmtime_externref_data(context, &args[1].of.externref) == env);
  if (error) wasmtime_error_delete(error);
  if (args[0].of.i32 % 2) return wasmtime_trap_new("odd", 3);
  results[0] = (wasmtime_val_t){.kind = WASMTIME_I32, .of = {.i32 = args[0].of.i32}};
  wasmtime_val_clone(&args[1], &results[1]);
  return NULL;
}

static void enters(wasm_engine_t *engine) {
  freed = 0;
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  const char *text =
      "(module (import \"\" \"\" (func $f (param i32 externref) (result i32 externref)))"
      " (func (export \"run\") (param i32 externref) (result i32 externref)"
      "  (call $f (local.get 0) (local.get 1))))";
  wasmtime_module_t *compiled;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled));
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasm_valtype_t *kinds[] = {wasm_valtype_new_i32(), wasm_valtype_new_externref()};
  wasm_valtype_t *same[] = {wasm_valtype_new_i32(), wasm_valtype_new_externref()};
  wasm_valtype_vec_t params, results;
  wasm_valtype_vec_new(&params, 2, kinds);
  wasm_valtype_vec_new(&results, 2, same);
  wasm_functype_t *type = wasm_functype_new(&params, &results);
  check_error(
      wasmtime_linker_define_func(linker, "", 0, "", 0, type, deeper, &freed, count_free));
  wasm_functype_delete(type);
  wasmtime_instance_t made;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_linker_instantiate(linker, context, compiled, &made, &trap));
  wasmtime_extern_t run;
  CHECK(wasmtime_instance_export_get(context, &made, "run", 3, &run));
  wasmtime_val_t args[2] = {{.kind = WASMTIME_I32}}, out[2];
  args[1].kind = WASMTIME_EXTERNREF;
  CHECK(wasmtime_externref_new(context, &freed, count_free, &args[1].of.externref));
  for (int depth = 0; depth < 6; depth++) {
    args[0].of.i32 = depth;
    wasmtime_error_t *error = wasmtime_func_call(context, &run.of.func, args, 2, out, 2, &trap);
    if (depth == 0) {
      CHECK(trap || error_says(error, "deep enough"));
    } else if (depth % 2) {
      CHECK(trap || error_says(error, "odd"));
    } else {
      check_error(error);
      CHECK(!trap && out[0].of.i32 == depth);
      CHECK(wasmtime_externref_data(context, &out[1].of.externref) == &freed);
      wasmtime_val_unroot(&out[1]);
    }
    if (trap) wasm_trap_delete(trap);
    trap = NULL;
  }
  /* Handles are freed after their store, which frees the object. */
  wasmtime_linker_delete(linker);
  wasmtime_module_delete(compiled);
  wasmtime_val_t copy;
  wasmtime_val_clone(&args[1], &copy);
  wasmtime_store_delete(store);
  CHECK(freed == 2);
  wasmtime_val_unroot(&args[1]);
  wasmtime_val_unroot(&args[1]);
  wasmtime_val_unroot(&copy);
  CHECK(freed == 2);
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  frees(engine);
  enters(engine);
  wasm_engine_delete(engine);
  printf("entered\n");
  return 0;
}
