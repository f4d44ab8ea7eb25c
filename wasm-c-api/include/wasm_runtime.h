/* wasm_runtime.h
 *
 * What this runtime has beyond Wasmtime's API: modules of either kind, artifacts that are trusted
 * by a key, states of instances that are saved, restored and copied, and hooks that see calls with
 * their names and values. Ownership is as in `wasmtime.h`.
 */

#ifndef WASM_RUNTIME_H
#define WASM_RUNTIME_H

#include <wasmtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is missing ---- */

/* Goes through the functions that this library has in name only, since it was built without
 * something or the runtime does not have it: each returns an error, or ends the program where it
 * has no way to fail, and has no other effect. Writes the name of the one at a place of the list,
 * and why it is missing; `reason` may be NULL. Returns false at the end of the list, and writes
 * nothing then. The strings are never freed. */
WASM_API_EXTERN bool wasm_runtime_missing_function(
    size_t index, const char **name, const char **reason);

/* ---- Modules ---- */

/* Makes a module of bytes, whatever they are: WebAssembly in binary form or as text is compiled,
 * and what `wasmtime_module_serialize` gave is loaded. The latter is run as it is: the caller
 * answers for it that it comes from this library and is unchanged. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_module_open(
    wasm_engine_t *engine, const uint8_t *bytes, size_t len, wasmtime_module_t **out);

/* As above, of a file. One that is loaded is mapped, and must not change while the module lives. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_module_open_file(
    wasm_engine_t *engine, const char *path, wasmtime_module_t **out);

/* Has the engines of a configuration trust artifacts that were signed with a key: an Ed25519 public
 * key as PEM, as `wasm-runtime keygen` or `openssl pkey -pubout` writes it. What the holder of the
 * key signs is run as it is. It may be called for several keys. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_config_trust_key(
    wasm_config_t *config, const char *pem, size_t len);

/* Loads an artifact that the engine trusts, whoever may have written it: any other is an error. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_module_deserialize_trusted(
    wasm_engine_t *engine, const uint8_t *bytes, size_t len, wasmtime_module_t **out);

/* ---- States of instances ---- */

/* A saved state: memories, tables, globals, and what they refer to. */
typedef struct wasm_runtime_snapshot wasm_runtime_snapshot_t;

/* Saves the state of instances of a store, while nothing of it runs. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_snapshot_new(
    wasmtime_context_t *context, const wasmtime_instance_t *instances, size_t count,
    wasm_runtime_snapshot_t **out);
WASM_API_EXTERN void wasm_runtime_snapshot_delete(wasm_runtime_snapshot_t *snapshot);

/* How many instances it has. */
WASM_API_EXTERN size_t wasm_runtime_snapshot_count(const wasm_runtime_snapshot_t *snapshot);

/* Brings the instances back to the state, in the store that it was taken of. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_snapshot_restore(
    const wasm_runtime_snapshot_t *snapshot, wasmtime_context_t *context);

/* Makes new instances in that state, in any store of the engine: as many as the snapshot has, in
 * their order. The linker provides what they import. */
WASM_API_EXTERN wasmtime_error_t *wasm_runtime_snapshot_fork(
    const wasm_runtime_snapshot_t *snapshot, wasmtime_context_t *context,
    const wasmtime_linker_t *linker, wasmtime_instance_t *instances);

/* ---- Hooks ---- */

/* What a hook is notified of. */
typedef uint8_t wasm_runtime_call_event_t;
#define WASM_RUNTIME_CALLING_WASM 0
#define WASM_RUNTIME_RETURNING_FROM_WASM 1
#define WASM_RUNTIME_CALLING_HOST 2
#define WASM_RUNTIME_RETURNING_FROM_HOST 3

/* A call between host and WebAssembly, at its beginning or its end. It is lent to the hook. */
typedef struct wasm_runtime_call {
  wasm_runtime_call_event_t event;
  /* At an end: whether the call failed, and so has no results. */
  bool failed;
  /* How many calls it is within. */
  size_t depth;
  /* The name of the function, or the one that it is imported by; not ended by a zero. NULL if it
   * has none. */
  const char *name;
  size_t name_len;
  /* The name of its module, or of the module that it is imported from. */
  const char *module;
  size_t module_len;
  /* The arguments at the beginning, the results at the end. */
  const wasmtime_val_t *values;
  size_t nvalues;
} wasm_runtime_call_t;

/* Is notified of a call. An error ends the call, or replaces what it returned. */
typedef wasmtime_error_t *(*wasm_runtime_call_hook_t)(
    void *env, wasmtime_context_t *context, const wasm_runtime_call_t *call);

/* Which calls a hook is notified of. */
#define WASM_RUNTIME_CALLS_TO_WASM 1
#define WASM_RUNTIME_CALLS_TO_HOST 2

/* Adds a hook to a store, while nothing of it runs. Several are notified in the order in which they
 * were added, and of returns in reverse. */
WASM_API_EXTERN void wasm_runtime_store_add_call_hook(
    wasmtime_store_t *store, uint8_t calls, wasm_runtime_call_hook_t hook, void *env,
    void (*finalizer)(void *));

#ifdef __cplusplus
}
#endif

#endif /* WASM_RUNTIME_H */
