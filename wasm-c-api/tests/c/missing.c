/* What the library has in name only is in a list, and says so itself. */

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wasm_runtime.h>

#include "check.h"

/* Why a function is missing; NULL if it is not. */
static const char *why(const char *function) {
  const char *name, *reason;
  for (size_t index = 0; wasm_runtime_missing_function(index, &name, &reason); index++) {
    CHECK(strlen(name) > 0 && strlen(reason) > 0);
    if (!strcmp(name, function)) return reason;
  }
  return NULL;
}

static void list(void) {
  CHECK(why("wasmtime_component_linker_add_wasi_http"));
  CHECK(strstr(why("wasmtime_component_stream_type_ty"), "streams"));
  CHECK(why("wasmtime_config_host_memory_creator_set"));
  CHECK(!why("wasmtime_module_new") && !why("wasmtime_component_new") && !why("wasi_config_new"));
  const char *name = "unchanged", *reason = NULL;
  CHECK(wasm_runtime_missing_function(0, &name, NULL));
  size_t count = 0;
  while (wasm_runtime_missing_function(count, &name, &reason)) count++;
  CHECK(count == 13);
  const char *last = name;
  CHECK(!wasm_runtime_missing_function(SIZE_MAX, &name, &reason) && name == last);
}

static void errors(wasm_engine_t *engine) {
  wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
  CHECK(error_says(wasmtime_component_linker_add_wasi_http(linker),
                   "wasmtime_component_linker_add_wasi_http: this runtime does not have "
                   "`wasi:http`"));
  wasmtime_component_linker_delete(linker);
  const char *const futures =
      "(component (type $f (future u8)) (import \"f\" (func (param \"f\" $f))))";
  wasmtime_component_t *component;
  CHECK(error_says(
      wasmtime_component_new(engine, (const uint8_t *)futures, strlen(futures), &component),
      "`future`"));
  const char *const streams =
      "(component (type $s (stream u8)) (import \"s\" (func (param \"s\" $s))))";
  CHECK(error_says(
      wasmtime_component_new(engine, (const uint8_t *)streams, strlen(streams), &component),
      "`stream`"));
}

/* Components can be refused as a whole. */
static void no_components(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_wasm_component_model_set(config, false);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  CHECK(engine);
  wasmtime_component_t *component;
  CHECK(error_says(wasmtime_component_new(engine, (const uint8_t *)"(component)", 11, &component),
                   "component"));
  wasmtime_module_t *module;
  check_error(wasmtime_module_new(engine, (const uint8_t *)"(module)", 8, &module));
  wasmtime_module_delete(module);
  wasm_engine_delete(engine);
}

/* A function that can't fail ends the program with its name. */
static void ends(void) {
  int pipes[2];
  CHECK(pipe(pipes) == 0);
  pid_t child = fork();
  if (child == 0) {
    dup2(pipes[1], 2);
    wasmtime_component_valtype_t type;
    wasmtime_component_future_type_ty(NULL, &type);
    _exit(0);
  }
  close(pipes[1]);
  char message[512] = {0};
  size_t length = 0;
  ssize_t got;
  while ((got = read(pipes[0], message + length, sizeof message - 1 - length)) > 0) {
    length += (size_t)got;
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  CHECK(strstr(message, "wasmtime_component_future_type_ty: this runtime has no futures"));
}

int main(void) {
  list();
  wasm_engine_t *engine = wasm_engine_new();
  errors(engine);
  wasm_engine_delete(engine);
  no_components();
  ends();
  /* There is nothing to free, which is no reason to end. */
  wasmtime_component_future_type_delete(NULL);
  puts("missing");
  return 0;
}
