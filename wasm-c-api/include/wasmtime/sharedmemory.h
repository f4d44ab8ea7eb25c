/* wasmtime/sharedmemory.h
 *
 * Memories that several stores share, and so several threads.
 */

#ifndef WASMTIME_SHAREDMEMORY_H
#define WASMTIME_SHAREDMEMORY_H

#include <wasm.h>
#include <wasmtime/conf.h>
#include <wasmtime/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wasmtime_sharedmemory wasmtime_sharedmemory_t;

WASM_API_EXTERN wasmtime_error_t *wasmtime_sharedmemory_new(
    const wasm_engine_t *engine, const wasm_memorytype_t *ty, wasmtime_sharedmemory_t **ret);
WASM_API_EXTERN void wasmtime_sharedmemory_delete(wasmtime_sharedmemory_t *memory);

WASM_API_EXTERN wasmtime_sharedmemory_t *wasmtime_sharedmemory_clone(
    const wasmtime_sharedmemory_t *memory);

WASM_API_EXTERN wasm_memorytype_t *wasmtime_sharedmemory_type(
    const wasmtime_sharedmemory_t *memory);
WASM_API_EXTERN uint8_t *wasmtime_sharedmemory_data(const wasmtime_sharedmemory_t *memory);
WASM_API_EXTERN size_t wasmtime_sharedmemory_data_size(const wasmtime_sharedmemory_t *memory);
WASM_API_EXTERN uint64_t wasmtime_sharedmemory_size(const wasmtime_sharedmemory_t *memory);

WASM_API_EXTERN wasmtime_error_t *wasmtime_sharedmemory_grow(
    const wasmtime_sharedmemory_t *memory, uint64_t delta, uint64_t *prev_size);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_SHAREDMEMORY_H */
