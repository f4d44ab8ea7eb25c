/* wasmtime/types/structref.h
 *
 * Types of structures, and of what is stored in fields.
 */

#ifndef WASMTIME_TYPES_STRUCTREF_H
#define WASMTIME_TYPES_STRUCTREF_H

#include <wasm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t wasmtime_storage_type_kind_t;

#define WASMTIME_STORAGE_TYPE_KIND_I8 0
#define WASMTIME_STORAGE_TYPE_KIND_I16 1
#define WASMTIME_STORAGE_TYPE_KIND_VALTYPE 2

typedef struct wasmtime_storage_type {
  wasmtime_storage_type_kind_t kind;
  wasm_valtype_t *valtype;
} wasmtime_storage_type_t;

WASM_API_EXTERN void wasmtime_storage_type_clone(
    const wasmtime_storage_type_t *storage, wasmtime_storage_type_t *out);
WASM_API_EXTERN void wasmtime_storage_type_delete(wasmtime_storage_type_t *storage);

typedef struct wasmtime_field_type {
  bool mutable_;
  wasmtime_storage_type_t storage;
} wasmtime_field_type_t;

WASM_API_EXTERN void wasmtime_field_type_clone(
    const wasmtime_field_type_t *field, wasmtime_field_type_t *out);
WASM_API_EXTERN void wasmtime_field_type_delete(wasmtime_field_type_t *field);
typedef struct wasmtime_struct_type wasmtime_struct_type_t;

WASM_API_EXTERN wasmtime_struct_type_t *wasmtime_struct_type_new(
    const wasm_engine_t *engine, const wasmtime_field_type_t *fields, size_t nfields);
WASM_API_EXTERN wasmtime_struct_type_t *wasmtime_struct_type_copy(const wasmtime_struct_type_t *ty);
WASM_API_EXTERN void wasmtime_struct_type_delete(wasmtime_struct_type_t *ty);
WASM_API_EXTERN size_t wasmtime_struct_type_num_fields(const wasmtime_struct_type_t *ty);

WASM_API_EXTERN bool wasmtime_struct_type_field(
    const wasmtime_struct_type_t *ty, size_t index, wasmtime_field_type_t *out);

#ifdef __cplusplus
}
#endif

#endif /* WASMTIME_TYPES_STRUCTREF_H */
