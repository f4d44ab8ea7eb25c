/* What is wrong is said, with the function that is right. */

#include "check.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_byte_vec_t wasm = binary("(module (func (export \"f\")))"), artifact;
  wasmtime_module_t *compiled;
  check_error(wasmtime_module_new(engine, (uint8_t *)wasm.data, wasm.size, &compiled));
  check_error(wasmtime_module_serialize(compiled, &artifact));
  wasmtime_module_delete(compiled);

  wasmtime_error_t *error =
      wasmtime_module_new(engine, (uint8_t *)artifact.data, artifact.size, &compiled);
  CHECK(error_says(error, "wasmtime_module_deserialize"));
  error = wasmtime_module_deserialize(engine, (uint8_t *)wasm.data, wasm.size, &compiled);
  CHECK(error_says(error, "wasmtime_module_new"));
  const char *text = " (module)";
  error = wasmtime_module_deserialize(engine, (const uint8_t *)text, strlen(text), &compiled);
  CHECK(error_says(error, "text format"));
  FILE *file = fopen("module.wasm", "wb");
  CHECK(file && fwrite(wasm.data, wasm.size, 1, file) == 1 && !fclose(file));
  error = wasmtime_module_deserialize_file(engine, "module.wasm", &compiled);
  CHECK(error_says(error, "wasmtime_module_new"));
  error = wasmtime_module_deserialize_file(engine, "none.wasm", &compiled);
  CHECK(error_says(error, "none.wasm"));
  check_error(wasmtime_module_deserialize(engine, (uint8_t *)artifact.data, artifact.size,
                                          &compiled));
  wasmtime_module_delete(compiled);
  CHECK(error_says(wasmtime_module_validate(engine, (uint8_t *)"\0asm\1\0\0\0x", 9), "offset"));

  /* Settings that can't be are refused when the engine is made. */
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_WINCH);
  CHECK(!wasm_engine_new_with_config(config));
  config = wasm_config_new();
  CHECK(error_says(wasmtime_config_target_set(config, "nonsense"), "nonsense"));
  wasm_config_delete(config);

  /* A NULL is freed by nothing. */
  wasmtime_module_delete(NULL);
  wasmtime_error_delete(NULL);
  wasm_config_delete(NULL);
  wasm_byte_vec_delete(&wasm);
  wasm_byte_vec_delete(&artifact);
  wasm_engine_delete(engine);
  printf("messages\n");
  return 0;
}
