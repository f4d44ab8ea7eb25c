/* wasmtime/exnref.h
 *
 * Exceptions, and those that are thrown: a host function throws one by returning the trap that
 * `wasmtime_context_set_exception` gives.
 */

#ifndef WASMTIME_EXNREF_H
#define WASMTIME_EXNREF_H

#include <wasmtime/conf.h>
#include <wasmtime/types/exnref.h>
#include <wasmtime/val.h>

#ifdef __cplusplus
extern "C" {
#endif

WASM_API_EXTERN wasmtime_error_t *wasmtime_exnref_new(
    wasmtime_context_t *store, const wasmtime_tag_t *tag, const wasmtime_val_t *fields,
    size_t nfields, wasmtime_exnref_t *exn_ret);

/* Makes it null. What is in it is not freed. */
static inline void wasmtime_exnref_set_null(wasmtime_exnref_t *ref) { ref->store_id = 0; }

static inline bool wasmtime_exnref_is_null(const wasmtime_exnref_t *ref) { return ref->store_id == 0; }

WASM_API_EXTERN void wasmtime_exnref_clone(const wasmtime_exnref_t *ref, wasmtime_exnref_t *out);
WASM_API_EXTERN void wasmtime_exnref_unroot(wasmtime_exnref_t *ref);

WASM_API_EXTERN void wasmtime_exnref_from_raw(
    wasmtime_context_t *context, uint32_t raw, wasmtime_exnref_t *out);

WASM_API_EXTERN uint32_t wasmtime_exnref_to_raw(
    wasmtime_context_t *context, const wasmtime_exnref_t *ref);

WASM_API_EXTERN wasmtime_error_t *wasmtime_exnref_tag(
    wasmtime_context_t *store, const wasmtime_exnref_t *exn, wasmtime_tag_t *tag_ret);

WASM_API_EXTERN size_t wasmtime_exnref_field_count(
    wasmtime_context_t *store, const wasmtime_exnref_t *exn);

WASM_API_EXTERN wasmtime_error_t *wasmtime_exnref_field(
    wasmtime_context_t *store, const wasmtime_exnref_t *exn, size_t index,
    wasmtime_val_t *val_ret);

WASM_API_EXTERN wasm_trap_t *wasmtime_context_set_exception(
    wasmtime_context_t *store, const wasmtime_exnref_t *exn);

WASM_API_EXTERN bool wasmtime_context_take_exception(
    wasmtime_context_t *store, wasmtime_exnref_t *exn_ret);
WASM_API_EXTERN bool wasmtime_context_has_exception(wasmtime_context_t *store);

WASM_API_EXTERN wasmtime_exn_type_t *wasmtime_exnref_type(
    wasmtime_context_t *context, const wasmtime_exnref_t *exnref);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_EXNREF_H */
