/* wasmtime.h
 *
 * The API of a WebAssembly runtime that bindings for Wasmtime 48 load.
 *
 * Ownership: a pointer to an opaque structure that a function returns, or writes to a place that it
 * is given, is the caller's, who frees it with the `…_delete` of its type. Pointers to `const` are
 * lent. A `…_delete` may be given NULL. Functions that return `wasmtime_error_t *` return NULL on
 * success.
 */

#ifndef WASMTIME_API_H
#define WASMTIME_API_H

#include <wasi.h>
#include <wasmtime/anyref.h>
#include <wasmtime/arrayref.h>
#include <wasmtime/async.h>
#include <wasmtime/component.h>
#include <wasmtime/conf.h>
#include <wasmtime/config.h>
#include <wasmtime/engine.h>
#include <wasmtime/eqref.h>
#include <wasmtime/error.h>
#include <wasmtime/exnref.h>
#include <wasmtime/extern.h>
#include <wasmtime/externref.h>
#include <wasmtime/func.h>
#include <wasmtime/global.h>
#include <wasmtime/instance.h>
#include <wasmtime/linker.h>
#include <wasmtime/memory.h>
#include <wasmtime/module.h>
#include <wasmtime/profiling.h>
#include <wasmtime/sharedmemory.h>
#include <wasmtime/store.h>
#include <wasmtime/structref.h>
#include <wasmtime/table.h>
#include <wasmtime/tag.h>
#include <wasmtime/trap.h>
#include <wasmtime/types.h>
#include <wasmtime/val.h>
#include <wasmtime/wat.h>

#define WASMTIME_VERSION "48.0.8"
#define WASMTIME_VERSION_MAJOR 48
#define WASMTIME_VERSION_MINOR 0
#define WASMTIME_VERSION_PATCH 8

#endif /* WASMTIME_API_H */
