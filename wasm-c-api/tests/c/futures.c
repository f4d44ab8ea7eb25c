/* async.h: calls that wait, that are polled by other threads, dropped half-way, and that fail. */

#include <pthread.h>

#include "check.h"

static int freed_functions, finalized, polls, pending;

static void count_function(void *data) {
  CHECK(data == &pending);
  freed_functions++;
}
static void count_continuation(void *data) {
  CHECK(data == &polls);
  finalized++;
}

static bool go_on(void *env) {
  CHECK(env == &polls);
  polls++;
  return pending-- <= 0;
}

/* Adds 1 when it has been polled often enough; what it says without a continuation is done. */
static void wait_and_add(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                         size_t nargs, wasmtime_val_t *results, size_t nresults,
                         wasm_trap_t **trap, wasmtime_async_continuation_t *continuation) {
  CHECK(env == &pending && nargs == 1 && nresults == 1);
  CHECK(wasmtime_caller_context(caller));
  if (args[0].of.i32 == 13) {
    *trap = wasmtime_trap_new("unlucky", 7);
    continuation->callback = go_on;
    continuation->env = &polls;
    continuation->finalizer = count_continuation;
    return;
  }
  results[0].kind = args[0].of.i32 == 14   ? WASMTIME_F64
                    : args[0].of.i32 == 15 ? 77
                                           : WASMTIME_I32;
  results[0].of.i32 = args[0].of.i32 + 1;
  if (args[0].of.i32 == 7) return;
  continuation->callback = go_on;
  continuation->env = &polls;
  continuation->finalizer = count_continuation;
}

static void *poll_once(void *future) {
  return (void *)(intptr_t)wasmtime_call_future_poll(future);
}

/* Polls on another thread. */
static bool poll_elsewhere(wasmtime_call_future_t *future) {
  pthread_t thread;
  void *done;
  CHECK(!pthread_create(&thread, NULL, poll_once, future) && !pthread_join(thread, &done));
  return done != NULL;
}

int main(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_consume_fuel_set(config, true);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  CHECK(engine);
  const char *text =
      "(module (import \"host\" \"wait\" (func $wait (param i32) (result i32)))"
      " (func (export \"run\") (param i32) (result i32)"
      "  (i32.mul (call $wait (local.get 0)) (i32.const 2)))"
      " (func (export \"trap\") unreachable)"
      " (func (export \"loop\") (param i32)"
      "  (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))";
  wasmtime_module_t *compiled;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled));
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  /* A name that is none: what the function has is freed. */
  CHECK(error_says(wasmtime_linker_define_async_func(linker, "\xff", 1, "wait", 4, type,
                                                     wait_and_add, &pending, count_function),
                   "utf-8"));
  CHECK(freed_functions == 1);
  check_error(wasmtime_linker_define_async_func(linker, "host", 4, "wait", 4, type, wait_and_add,
                                                &pending, count_function));
  wasm_functype_delete(type);

  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  check_error(wasmtime_context_set_fuel(context, 1000000));
  wasmtime_instance_t made;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = NULL;
  wasmtime_call_future_t *future =
      wasmtime_linker_instantiate_async(linker, context, compiled, &made, &trap, &error);
  while (!wasmtime_call_future_poll(future)) {
  }
  wasmtime_call_future_delete(future);
  CHECK(!trap && !error);
  wasmtime_extern_t run, traps, loop;
  CHECK(wasmtime_instance_export_get(context, &made, "run", 3, &run));
  CHECK(wasmtime_instance_export_get(context, &made, "trap", 4, &traps));
  CHECK(wasmtime_instance_export_get(context, &made, "loop", 4, &loop));

  /* It waits three times, and may be polled again when it is done. */
  wasmtime_val_t arg = {.kind = WASMTIME_I32, .of = {.i32 = 20}}, result;
  pending = 3;
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  CHECK(polls == 0);
  CHECK(!wasmtime_call_future_poll(future) && polls == 1 && finalized == 0);
  CHECK(!poll_elsewhere(future) && polls == 2);
  CHECK(!wasmtime_call_future_poll(future) && polls == 3);
  CHECK(poll_elsewhere(future) && polls == 4 && finalized == 1);
  CHECK(wasmtime_call_future_poll(future) && wasmtime_call_future_poll(future) && polls == 4);
  wasmtime_call_future_delete(future);
  CHECK(!trap && !error && result.kind == WASMTIME_I32 && result.of.i32 == 42);

  /* It is done at once without a continuation. */
  arg.of.i32 = 7;
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && result.of.i32 == 16);
  wasmtime_call_future_delete(future);

  /* One that is dropped half-way is finalized once, and the store can be used on. */
  arg.of.i32 = 1;
  pending = 1000;
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  CHECK(!wasmtime_call_future_poll(future) && finalized == 1);
  wasmtime_call_future_delete(future);
  CHECK(finalized == 2 && !trap && !error);
  /* One that was never polled. */
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  wasmtime_call_future_delete(future);
  CHECK(finalized == 2);
  wasmtime_call_future_delete(NULL);

  /* A trap of the host with a continuation, which is finalized; results of another type. */
  pending = 0;
  arg.of.i32 = 13;
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && finalized == 3 && (trap || error));
  wasmtime_call_future_delete(future);
  if (trap) wasm_trap_delete(trap);
  if (error) CHECK(error_says(error, "unlucky"));
  trap = NULL;
  error = NULL;
  arg.of.i32 = 14;
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && finalized == 4 && !trap);
  wasmtime_call_future_delete(future);
  CHECK(error_says(error, "i32"));
  error = NULL;
  arg.of.i32 = 15;
  future = wasmtime_func_call_async(context, &run.of.func, &arg, 1, &result, 1, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && finalized == 5 && !trap);
  wasmtime_call_future_delete(future);
  CHECK(error_says(error, "kind 77"));
  error = NULL;
  future = wasmtime_func_call_async(context, &traps.of.func, NULL, 0, NULL, 0, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && trap && !error);
  wasmtime_call_future_delete(future);
  wasmtime_trap_code_t code;
  CHECK(wasmtime_trap_code(trap, &code) && code == WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED);
  wasm_trap_delete(trap);
  trap = NULL;
  /* Too many parameters. */
  future = wasmtime_func_call_async(context, &traps.of.func, &arg, 1, NULL, 0, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && !trap && error_says(error, "1"));
  wasmtime_call_future_delete(future);
  error = NULL;

  /* A store without WASI: an error of the call, which no poll dies of. */
  const char *exits = "(module (import \"wasi_snapshot_preview1\" \"sched_yield\""
                      " (func $yield (result i32))) (memory (export \"memory\") 1) (func (export \"go\") (drop (call $yield))))";
  wasmtime_module_t *wasi;
  check_error(wasmtime_module_new(engine, (const uint8_t *)exits, strlen(exits), &wasi));
  check_error(wasmtime_linker_define_wasi(linker));
  wasmtime_instance_t guest;
  future = wasmtime_linker_instantiate_async(linker, context, wasi, &guest, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && !trap && !error);
  wasmtime_call_future_delete(future);
  wasmtime_extern_t go;
  CHECK(wasmtime_instance_export_get(context, &guest, "go", 2, &go));
  future = wasmtime_func_call_async(context, &go.of.func, NULL, 0, NULL, 0, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && !trap && error_says(error, "WASI configuration"));
  CHECK(wasmtime_call_future_poll(future));
  wasmtime_call_future_delete(future);
  error = NULL;
  wasmtime_module_delete(wasi);

  /* Code gives way whenever it has used so much fuel; 0 is never. */
  check_error(wasmtime_context_fuel_async_yield_interval(context, 1000));
  arg.of.i32 = 10000;
  future = wasmtime_func_call_async(context, &loop.of.func, &arg, 1, NULL, 0, &trap, &error);
  int waited = 0;
  while (!wasmtime_call_future_poll(future)) waited++;
  CHECK(waited > 10 && !trap && !error);
  wasmtime_call_future_delete(future);
  check_error(wasmtime_context_fuel_async_yield_interval(context, 0));
  future = wasmtime_func_call_async(context, &loop.of.func, &arg, 1, NULL, 0, &trap, &error);
  CHECK(wasmtime_call_future_poll(future) && !trap && !error);
  wasmtime_call_future_delete(future);

  /* Calls that can't wait are refused where something may wait, and count fuel elsewhere. */
  wasmtime_store_t *other = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *plain = wasmtime_store_context(other);
  check_error(wasmtime_context_set_fuel(plain, 10000));
  error = wasmtime_linker_instantiate(linker, plain, compiled, &made, &trap);
  CHECK(!trap && error_says(error, "async"));
  wasmtime_store_delete(other);
  const char *loops = "(module (func (export \"loop\") (loop (br 0))))";
  wasmtime_module_t *endless;
  check_error(wasmtime_module_new(engine, (const uint8_t *)loops, strlen(loops), &endless));
  other = wasmtime_store_new(engine, NULL, NULL);
  plain = wasmtime_store_context(other);
  check_error(wasmtime_context_set_fuel(plain, 10000));
  check_error(wasmtime_instance_new(plain, endless, NULL, 0, &made, &trap));
  CHECK(!trap && wasmtime_instance_export_get(plain, &made, "loop", 4, &loop));
  check_error(wasmtime_func_call(plain, &loop.of.func, NULL, 0, NULL, 0, &trap));
  CHECK(wasmtime_trap_code(trap, &code) && code == WASMTIME_TRAP_CODE_OUT_OF_FUEL);
  wasm_trap_delete(trap);
  trap = NULL;
  check_error(wasmtime_context_set_fuel(plain, 10000));
  check_error(wasmtime_context_fuel_async_yield_interval(plain, 10));
  error = wasmtime_func_call(plain, &loop.of.func, NULL, 0, NULL, 0, &trap);
  CHECK(!trap && error_says(error, "async"));
  wasmtime_module_delete(endless);
  wasmtime_store_delete(other);

  wasmtime_linker_delete(linker);
  wasmtime_module_delete(compiled);
  wasmtime_store_delete(store);
  CHECK(freed_functions == 2);
  wasm_engine_delete(engine);

  /* An engine that does not count fuel. */
  engine = wasm_engine_new();
  store = wasmtime_store_new(engine, NULL, NULL);
  CHECK(error_says(
      wasmtime_context_fuel_async_yield_interval(wasmtime_store_context(store), 10), "fuel"));
  /* Deadlines of code that can't be interrupted do nothing. */
  check_error(
      wasmtime_context_epoch_deadline_async_yield_and_update(wasmtime_store_context(store), 1));
  wasmtime_context_set_epoch_deadline(wasmtime_store_context(store), 1);
  wasmtime_store_delete(store);
  wasm_engine_delete(engine);
  printf("futures\n");
  return 0;
}
