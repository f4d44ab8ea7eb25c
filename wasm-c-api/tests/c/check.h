/* What the programs here share: a check that ends the program, and modules from text. */

#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmtime.h>

/* Ends the program with a message if something does not hold. */
#define CHECK(what) \
  do { \
    if (!(what)) { \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
      exit(1); \
    } \
  } while (0)

/* Ends the program if there is an error, with its message. */
static inline void check_error(wasmtime_error_t *error) {
  if (!error) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "error: %.*s\n", (int)message.size, message.data);
  exit(1);
}

/* Whether the message of an error has a text in it. The error is freed. */
static inline bool error_says(wasmtime_error_t *error, const char *text) {
  CHECK(error);
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  char *copy = calloc(message.size + 1, 1);
  memcpy(copy, message.data, message.size);
  bool found = strstr(copy, text) != NULL;
  if (!found) fprintf(stderr, "the message is: %s\n", copy);
  free(copy);
  wasm_name_delete(&message);
  wasmtime_error_delete(error);
  return found;
}

/* The binary form of a text. */
static inline wasm_byte_vec_t binary(const char *text) {
  wasm_byte_vec_t wasm;
  check_error(wasmtime_wat2wasm(text, strlen(text), &wasm));
  return wasm;
}

/* A module of wasm.h from a text. */
static inline wasm_module_t *module(wasm_store_t *store, const char *text) {
  wasm_byte_vec_t wasm = binary(text);
  wasm_module_t *module = wasm_module_new(store, &wasm);
  CHECK(module);
  wasm_byte_vec_delete(&wasm);
  return module;
}

/* An instance of a text, with imports. */
static inline wasm_instance_t *instance(wasm_store_t *store, const char *text,
                                        wasm_extern_t *imports[], size_t count) {
  wasm_module_t *compiled = module(store, text);
  wasm_extern_vec_t vec = {count, imports};
  wasm_trap_t *trap = NULL;
  wasm_instance_t *made = wasm_instance_new(store, compiled, &vec, &trap);
  CHECK(made && !trap);
  wasm_module_delete(compiled);
  return made;
}

#endif
