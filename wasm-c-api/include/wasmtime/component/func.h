/* wasmtime/component/func.h
 *
 * Functions of components.
 */

#ifndef WASMTIME_COMPONENT_FUNC_H
#define WASMTIME_COMPONENT_FUNC_H

#include <wasmtime/async.h>
#include <wasmtime/component/types/func.h>
#include <wasmtime/component/val.h>
#include <wasmtime/conf.h>
#include <wasmtime/error.h>
#include <wasmtime/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wasmtime_component_func {
  struct {
    uint64_t store_id;
    uint32_t __private1;
  };
  uint32_t __private2;
} wasmtime_component_func_t;

WASM_API_EXTERN wasmtime_component_func_type_t *wasmtime_component_func_type(
    const wasmtime_component_func_t *func, wasmtime_context_t *context);

WASM_API_EXTERN wasmtime_error_t *wasmtime_component_func_call(
    const wasmtime_component_func_t *func, wasmtime_context_t *context,
    const wasmtime_component_val_t *args, size_t args_size, wasmtime_component_val_t *results,
    size_t results_size);

WASM_API_EXTERN wasmtime_error_t *wasmtime_component_func_post_return(
    const wasmtime_component_func_t *func, wasmtime_context_t *context);

WASM_API_EXTERN wasmtime_call_future_t *wasmtime_component_func_call_async(
    const wasmtime_component_func_t *func, wasmtime_context_t *context,
    const wasmtime_component_val_t *args, size_t args_size, wasmtime_component_val_t *results,
    size_t results_size, wasmtime_error_t **error_ret);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_COMPONENT_FUNC_H */
