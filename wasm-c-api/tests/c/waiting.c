/* Asynchronous functions of components: calls, polls, calls that are dropped, and errors. */

#include "check.h"

static int freed, finalized, pending;

static void count_free(void *data) {
  CHECK(data == &pending);
  freed++;
}
static void count_continuation(void *data) {
  CHECK(data == &finalized);
  finalized++;
}
static bool go_on(void *env) {
  CHECK(env == &finalized);
  return pending-- <= 0;
}

static void wait_and_add(void *env, wasmtime_context_t *context,
                         const wasmtime_component_func_type_t *type,
                         wasmtime_component_val_t *args, size_t nargs,
                         wasmtime_component_val_t *results, size_t nresults,
                         wasmtime_error_t **error, wasmtime_async_continuation_t *continuation) {
  CHECK(env == &pending && context && nargs == 1 && nresults == 1);
  CHECK(wasmtime_component_func_type_param_count(type) == 1);
  CHECK(args[0].kind == WASMTIME_COMPONENT_U32);
  if (args[0].of.u32 == 13) {
    *error = wasmtime_error_new("unlucky");
    return;
  }
  /* What is no value ends the call with an error, and nothing else. */
  results[0].kind = args[0].of.u32 == 14 ? 99 : WASMTIME_COMPONENT_U32;
  results[0].of.u32 = args[0].of.u32 + 1;
  continuation->callback = go_on;
  continuation->env = &finalized;
  continuation->finalizer = count_continuation;
}

/* Calls with a number, and polls until the call is done. */
static wasmtime_error_t *call(wasmtime_context_t *context, wasmtime_component_func_t *func,
                              uint32_t number, uint32_t *sum, int *polls) {
  wasmtime_component_val_t arg = {.kind = WASMTIME_COMPONENT_U32, .of = {.u32 = number}}, result;
  wasmtime_error_t *error = NULL;
  wasmtime_call_future_t *future =
      wasmtime_component_func_call_async(func, context, &arg, 1, &result, 1, &error);
  for (*polls = 1; !wasmtime_call_future_poll(future); ++*polls) {
  }
  wasmtime_call_future_delete(future);
  if (!error) {
    CHECK(result.kind == WASMTIME_COMPONENT_U32);
    *sum = result.of.u32;
  }
  return error;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  const char *text =
      "(component (import \"wait\" (func $wait (param \"x\" u32) (result u32)))"
      " (core func $w (canon lower (func $wait)))"
      " (core module $m (import \"h\" \"wait\" (func (param i32) (result i32)))"
      "  (func (export \"run\") (param i32) (result i32)"
      "   (i32.mul (call 0 (local.get 0)) (i32.const 2))))"
      " (core instance $i (instantiate $m (with \"h\" (instance (export \"wait\" (func $w))))))"
      " (func (export \"run\") (param \"x\" u32) (result u32)"
      "  (canon lift (core func $i \"run\"))))";
  wasm_byte_vec_t wasm = binary(text);
  wasmtime_component_t *component;
  check_error(wasmtime_component_new(engine, (uint8_t *)wasm.data, wasm.size, &component));
  wasm_byte_vec_delete(&wasm);
  wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
  wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
  CHECK(error_says(wasmtime_component_linker_instance_add_func_async(
                       root, "\xff", 1, wait_and_add, &pending, count_free),
                   "utf-8"));
  CHECK(freed == 1);
  check_error(wasmtime_component_linker_instance_add_func_async(root, "wait", 4, wait_and_add,
                                                                &pending, count_free));
  wasmtime_component_linker_instance_delete(root);

  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_component_instance_t made;
  wasmtime_error_t *error = NULL;
  wasmtime_call_future_t *future =
      wasmtime_component_linker_instantiate_async(linker, context, component, &made, &error);
  while (!wasmtime_call_future_poll(future)) {
  }
  wasmtime_call_future_delete(future);
  check_error(error);
  wasmtime_component_export_index_t *index =
      wasmtime_component_instance_get_export_index(&made, context, NULL, "run", 3);
  CHECK(index);
  wasmtime_component_func_t run;
  CHECK(wasmtime_component_instance_get_func(&made, context, index, &run));
  wasmtime_component_export_index_delete(index);

  uint32_t sum = 0;
  int polls;
  pending = 3;
  check_error(call(context, &run, 20, &sum, &polls));
  CHECK(sum == 42 && polls == 4 && finalized == 1);
  pending = 0;
  check_error(call(context, &run, 1, &sum, &polls));
  CHECK(sum == 4 && polls == 1 && finalized == 2);
  /* What is no value is an error, on either side. */
  wasmtime_component_val_t none = {.kind = 200}, result;
  future = wasmtime_component_func_call_async(&run, context, &none, 1, &result, 1, &error);
  CHECK(wasmtime_call_future_poll(future) && wasmtime_call_future_poll(future));
  wasmtime_call_future_delete(future);
  CHECK(error_says(error, "kind 200"));
  error = NULL;

  /* Errors end the instance, as Wasmtime has it: each has one of its own. */
  for (uint32_t number = 12; number <= 14; number++) {
    wasmtime_store_t *other = wasmtime_store_new(engine, NULL, NULL);
    context = wasmtime_store_context(other);
    future = wasmtime_component_linker_instantiate_async(linker, context, component, &made, &error);
    while (!wasmtime_call_future_poll(future)) {
    }
    wasmtime_call_future_delete(future);
    check_error(error);
    index = wasmtime_component_instance_get_export_index(&made, context, NULL, "run", 3);
    CHECK(wasmtime_component_instance_get_func(&made, context, index, &run));
    wasmtime_component_export_index_delete(index);
    if (number == 12) {
      /* Dropped half-way. */
      pending = 1000;
      wasmtime_component_val_t arg = {.kind = WASMTIME_COMPONENT_U32, .of = {.u32 = number}};
      future = wasmtime_component_func_call_async(&run, context, &arg, 1, &result, 1, &error);
      CHECK(!wasmtime_call_future_poll(future) && finalized == 2);
      wasmtime_call_future_delete(future);
      CHECK(finalized == 3 && !error);
      pending = 0;
    } else {
      CHECK(error_says(call(context, &run, number, &sum, &polls),
                       number == 13 ? "unlucky" : "kind 99"));
    }
    wasmtime_store_delete(other);
  }
  CHECK(finalized == 4);

  wasmtime_store_delete(store);
  wasmtime_component_delete(component);
  wasmtime_component_linker_delete(linker);
  CHECK(freed == 2);
  wasm_engine_delete(engine);
  printf("waiting\n");
  return 0;
}
