/* Traps of the host and of WebAssembly, with their frames. */

#include "check.h"

static wasm_trap_t *fail(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)args, (void)results;
  wasm_name_t message;
  wasm_name_new_from_string_nt(&message, "from the host");
  wasm_trap_t *trap = wasm_trap_new(env, &message);
  wasm_name_delete(&message);
  return trap;
}

static void has(const wasm_trap_t *trap, const char *text) {
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  CHECK(message.size > 0 && message.data[message.size - 1] == 0);
  CHECK(strstr(message.data, text));
  printf("%s\n", text);
  wasm_name_delete(&message);
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasm_func_t *host = wasm_func_new_with_env(store, type, fail, store, NULL);
  wasm_functype_delete(type);
  wasm_extern_t *imports[] = {wasm_func_as_extern(host)};
  wasm_instance_t *made = instance(store,
                                   "(module (import \"\" \"fail\" (func $f (result i32)))"
                                   " (func (export \"host\") (result i32) (call $f))"
                                   " (func (export \"own\") (result i32) (unreachable)))",
                                   imports, 1);
  wasm_func_delete(host);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_instance_delete(made);
  const char *texts[] = {"from the host", "unreachable"};
  for (int i = 0; i < 2; i++) {
    wasm_val_t results[1] = {WASM_INIT_VAL};
    wasm_val_vec_t none = WASM_EMPTY_VEC, result_vec = WASM_ARRAY_VEC(results);
    wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports.data[i]), &none, &result_vec);
    CHECK(trap);
    has(trap, texts[i]);
    wasm_frame_t *origin = wasm_trap_origin(trap);
    CHECK(origin && wasm_frame_func_index(origin) == (uint32_t)i + 1);
    CHECK(wasm_frame_module_offset(origin) > 0 && !wasm_frame_instance(origin));
    wasm_frame_delete(origin);
    wasm_frame_vec_t frames;
    wasm_trap_trace(trap, &frames);
    CHECK(frames.size == 1);
    wasm_frame_vec_delete(&frames);
    wasmtime_trap_code_t code;
    CHECK(wasmtime_trap_code(trap, &code) == (i == 1));
    CHECK(i == 0 || code == WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED);
    CHECK(wasm_ref_as_trap(wasm_trap_as_ref(trap)) == trap);
    CHECK(!wasm_ref_as_func(wasm_trap_as_ref(trap)));
    wasm_trap_delete(trap);
  }
  wasm_extern_vec_delete(&exports);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
