/* wasm_runtime.h: modules of either kind, saved states, copies, hooks. */

#include "check.h"
#include <wasm_runtime.h>

static int calls, returns;

static wasmtime_error_t *hook(void *env, wasmtime_context_t *context,
                              const wasm_runtime_call_t *call) {
  CHECK(context && env == &calls);
  if (call->event == WASM_RUNTIME_CALLING_WASM) {
    CHECK(call->name_len == 3 && !memcmp(call->name, "add", 3));
    CHECK(call->nvalues == 1 && call->values[0].of.i32 == 2);
    calls++;
  } else {
    CHECK(call->event == WASM_RUNTIME_RETURNING_FROM_WASM && !call->failed);
    CHECK(call->nvalues == 1 && call->values[0].kind == WASMTIME_I32);
    returns++;
  }
  return NULL;
}

/* Adds 2, and returns the sum. */
static int add(wasmtime_context_t *context, wasmtime_instance_t *instance) {
  wasmtime_extern_t item;
  CHECK(wasmtime_instance_export_get(context, instance, "add", 3, &item));
  wasmtime_val_t two = {.kind = WASMTIME_I32, .of = {.i32 = 2}}, sum;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_func_call(context, &item.of.func, &two, 1, &sum, 1, &trap));
  CHECK(!trap);
  return sum.of.i32;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  const char *text = "(module (global $sum (mut i32) (i32.const 0))"
                     " (func $add (export \"add\") (param i32) (result i32)"
                     "  (global.set $sum (i32.add (global.get $sum) (local.get 0)))"
                     "  (global.get $sum)))";
  wasmtime_module_t *compiled, *loaded;
  check_error(wasm_runtime_module_open(engine, (const uint8_t *)text, strlen(text), &compiled));
  wasm_byte_vec_t artifact;
  check_error(wasmtime_module_serialize(compiled, &artifact));
  check_error(
      wasm_runtime_module_open(engine, (uint8_t *)artifact.data, artifact.size, &loaded));
  FILE *file = fopen("module.cwasm", "wb");
  CHECK(file && fwrite(artifact.data, artifact.size, 1, file) == 1 && !fclose(file));
  wasmtime_module_delete(loaded);
  check_error(wasm_runtime_module_open_file(engine, "module.cwasm", &loaded));

  /* Nobody is trusted unless a key says so. */
  wasmtime_module_t *trusted;
  CHECK(error_says(wasm_runtime_module_deserialize_trusted(engine, (uint8_t *)artifact.data,
                                                           artifact.size, &trusted),
                   "trust"));
  wasm_config_t *config = wasm_config_new();
  CHECK(wasm_runtime_config_trust_key(config, "no key", 6) != NULL);
  wasm_config_delete(config);
  wasm_byte_vec_delete(&artifact);

  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_store_t *other = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_context_t *elsewhere = wasmtime_store_context(other);
  wasm_runtime_store_add_call_hook(store, WASM_RUNTIME_CALLS_TO_WASM, hook, &calls, NULL);
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasmtime_instance_t made, copy;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_linker_instantiate(linker, context, loaded, &made, &trap));
  CHECK(add(context, &made) == 2 && add(context, &made) == 4);
  wasm_runtime_snapshot_t *snapshot;
  check_error(wasm_runtime_snapshot_new(context, &made, 1, &snapshot));
  CHECK(wasm_runtime_snapshot_count(snapshot) == 1);
  CHECK(add(context, &made) == 6);
  check_error(wasm_runtime_snapshot_restore(snapshot, context));
  CHECK(add(context, &made) == 6 && calls == 4 && returns == 4);
  CHECK(error_says(wasm_runtime_snapshot_restore(snapshot, elsewhere), "another store"));
  check_error(wasm_runtime_snapshot_fork(snapshot, elsewhere, linker, &copy));
  CHECK(add(elsewhere, &copy) == 6 && add(elsewhere, &copy) == 8 && calls == 4);

  wasm_runtime_snapshot_delete(snapshot);
  wasmtime_linker_delete(linker);
  wasmtime_module_delete(compiled);
  wasmtime_module_delete(loaded);
  wasmtime_store_delete(store);
  wasmtime_store_delete(other);
  wasm_engine_delete(engine);
  printf("beyond\n");
  return 0;
}
