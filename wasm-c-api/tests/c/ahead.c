/* A library without a compiler runs an artifact, and says what it does not have. It is given the
 * artifact of a module that exports `add`. */

#include <wasm_runtime.h>

#include "check.h"

int main(int argc, char **argv) {
  CHECK(argc == 2);
  wasm_engine_t *engine = wasm_engine_new();
  wasmtime_module_t *module;
  wasm_byte_vec_t wasm;
  const char *text = "(module)";
  CHECK(error_says(wasmtime_wat2wasm(text, strlen(text), &wasm),
                   "wasmtime_wat2wasm: this library has no compiler"));
  CHECK(error_says(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &module),
                   "wasmtime_module_new: this library has no compiler"));
  CHECK(error_says(wasmtime_module_validate(engine, (const uint8_t *)text, strlen(text)),
                   "wasmtime_module_validate: this library has no compiler"));
  const char *name, *reason;
  bool found = false;
  for (size_t i = 0; wasm_runtime_missing_function(i, &name, &reason); i++) {
    found = found || !strcmp(name, "wasmtime_wat2wasm");
  }
  CHECK(found);
  check_error(wasmtime_module_deserialize_file(engine, argv[1], &module));
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_instance_new(context, module, NULL, 0, &instance, &trap));
  wasmtime_extern_t add;
  CHECK(!trap && wasmtime_instance_export_get(context, &instance, "add", 3, &add));
  wasmtime_val_t args[2], sum;
  args[0] = (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = 40};
  args[1] = (wasmtime_val_t){.kind = WASMTIME_I32, .of.i32 = 2};
  check_error(wasmtime_func_call(context, &add.of.func, args, 2, &sum, 1, &trap));
  CHECK(!trap && sum.kind == WASMTIME_I32);
  printf("%d\n", sum.of.i32);
  wasmtime_module_delete(module);
  wasmtime_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
