/* wasmtime/engine.h
 *
 * Engines.
 */

#ifndef WASMTIME_ENGINE_H
#define WASMTIME_ENGINE_H

#include <wasm.h>

#ifdef __cplusplus
extern "C" {
#endif

WASM_API_EXTERN wasm_engine_t *wasmtime_engine_clone(const wasm_engine_t *engine);
WASM_API_EXTERN void wasmtime_engine_increment_epoch(const wasm_engine_t *engine);
WASM_API_EXTERN bool wasmtime_engine_is_pulley(const wasm_engine_t *engine);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_ENGINE_H */
