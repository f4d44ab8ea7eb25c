/* wasmtime/externref.h
 *
 * References to data of the host. The finalizer is called when WebAssembly has the reference no
 * more.
 */

#ifndef WASMTIME_EXTERNREF_H
#define WASMTIME_EXTERNREF_H

#include <wasmtime/conf.h>
#include <wasmtime/val.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes it null. What is in it is not freed. */
static inline void wasmtime_externref_set_null(wasmtime_externref_t *ref) { ref->store_id = 0; }

static inline bool wasmtime_externref_is_null(const wasmtime_externref_t *ref) { return ref->store_id == 0; }

WASM_API_EXTERN bool wasmtime_externref_new(
    wasmtime_context_t *context, void *data, void (*finalizer)(void *), wasmtime_externref_t *out);

WASM_API_EXTERN void *wasmtime_externref_data(
    wasmtime_context_t *context, const wasmtime_externref_t *data);

WASM_API_EXTERN void wasmtime_externref_clone(
    const wasmtime_externref_t *ref, wasmtime_externref_t *out);
WASM_API_EXTERN void wasmtime_externref_unroot(wasmtime_externref_t *ref);

WASM_API_EXTERN void wasmtime_externref_from_raw(
    wasmtime_context_t *context, uint32_t raw, wasmtime_externref_t *out);

WASM_API_EXTERN uint32_t wasmtime_externref_to_raw(
    wasmtime_context_t *context, const wasmtime_externref_t *ref);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_EXTERNREF_H */
