/* wasmtime/module.h
 *
 * Modules. `wasmtime_module_new` takes WebAssembly in binary form or as text and compiles it;
 * `wasmtime_module_deserialize` takes what `wasmtime_module_serialize` gave. Whoever mixes them up
 * gets an error that says so; `wasm_runtime_module_open` in `wasm_runtime.h` takes either.
 * What is deserialized is run as it is: it must come from this library and be unchanged.
 */

#ifndef WASMTIME_MODULE_H
#define WASMTIME_MODULE_H

#include <wasm.h>
#include <wasmtime/conf.h>
#include <wasmtime/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wasmtime_module wasmtime_module_t;

WASM_API_EXTERN wasmtime_error_t *wasmtime_module_new(
    wasm_engine_t *engine, const uint8_t *wasm, size_t wasm_len, wasmtime_module_t **ret);
WASM_API_EXTERN void wasmtime_module_delete(wasmtime_module_t *m);
WASM_API_EXTERN wasmtime_module_t *wasmtime_module_clone(const wasmtime_module_t *m);

WASM_API_EXTERN void wasmtime_module_imports(
    const wasmtime_module_t *module, wasm_importtype_vec_t *out);

WASM_API_EXTERN void wasmtime_module_exports(
    const wasmtime_module_t *module, wasm_exporttype_vec_t *out);

WASM_API_EXTERN wasmtime_error_t *wasmtime_module_validate(
    wasm_engine_t *engine, const uint8_t *wasm, size_t wasm_len);

WASM_API_EXTERN wasmtime_error_t *wasmtime_module_serialize(
    const wasmtime_module_t *module, wasm_byte_vec_t *ret);

WASM_API_EXTERN wasmtime_error_t *wasmtime_module_deserialize(
    wasm_engine_t *engine, const uint8_t *bytes, size_t bytes_len, wasmtime_module_t **ret);

WASM_API_EXTERN wasmtime_error_t *wasmtime_module_deserialize_file(
    wasm_engine_t *engine, const char *path, wasmtime_module_t **ret);

WASM_API_EXTERN void wasmtime_module_image_range(
    const wasmtime_module_t *module, void **start, void **end);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_MODULE_H */
