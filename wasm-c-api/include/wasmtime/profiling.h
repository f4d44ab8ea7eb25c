/* wasmtime/profiling.h
 *
 * A profiler that samples a guest, for https://profiler.firefox.com.
 */

#ifndef WASMTIME_PROFILING_H
#define WASMTIME_PROFILING_H

#include <wasm.h>
#include <wasmtime/conf.h>
#include <wasmtime/error.h>
#include <wasmtime/module.h>
#include <wasmtime/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wasmtime_guestprofiler wasmtime_guestprofiler_t;
WASM_API_EXTERN void wasmtime_guestprofiler_delete(wasmtime_guestprofiler_t *guestprofiler);

typedef struct wasmtime_guestprofiler_modules {
  const wasm_name_t *name;
  const wasmtime_module_t *mod;
} wasmtime_guestprofiler_modules_t;

WASM_API_EXTERN wasmtime_guestprofiler_t *wasmtime_guestprofiler_new(
    const wasm_engine_t *engine, const wasm_name_t *module_name, uint64_t interval_nanos,
    const wasmtime_guestprofiler_modules_t *modules, size_t modules_len);

WASM_API_EXTERN void wasmtime_guestprofiler_sample(
    wasmtime_guestprofiler_t *guestprofiler, const wasmtime_store_t *store, uint64_t delta_nanos);

WASM_API_EXTERN wasmtime_error_t *wasmtime_guestprofiler_finish(
    wasmtime_guestprofiler_t *guestprofiler, wasm_byte_vec_t *out);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_PROFILING_H */
