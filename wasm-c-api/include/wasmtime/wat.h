/* wasmtime/wat.h
 *
 * The text format.
 */

#ifndef WASMTIME_WAT_H
#define WASMTIME_WAT_H

#include <wasmtime/conf.h>
#include <wasmtime/error.h>

#ifdef __cplusplus
extern "C" {
#endif

WASM_API_EXTERN wasmtime_error_t *wasmtime_wat2wasm(
    const char *wat, size_t wat_len, wasm_byte_vec_t *ret);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_WAT_H */
