/* Memories: bytes, sizes, growth, limits. */

#include "check.h"

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine);
  wasm_instance_t *made =
      instance(store,
               "(module (memory (export \"memory\") 2 3) (data (i32.const 0x1000) \"\\01\\02\\03\")"
               " (func (export \"load\") (param i32) (result i32) (i32.load8_u (local.get 0)))"
               " (func (export \"store\") (param i32 i32)"
               "  (i32.store8 (local.get 0) (local.get 1))))",
               NULL, 0);
  wasm_extern_vec_t exports;
  wasm_instance_exports(made, &exports);
  wasm_memory_t *memory = wasm_extern_as_memory(exports.data[0]);
  CHECK(wasm_memory_size(memory) == 2 && wasm_memory_data_size(memory) == 0x20000);
  CHECK(wasm_memory_data(memory)[0x1001] == 2);
  wasm_memory_data(memory)[0x1003] = 9;
  wasm_val_t arg[1] = {WASM_I32_VAL(0x1003)}, beyond[1] = {WASM_I32_VAL(0x20000)};
  wasm_val_t result[1] = {WASM_INIT_VAL};
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), far = WASM_ARRAY_VEC(beyond);
  wasm_val_vec_t results = WASM_ARRAY_VEC(result), none = WASM_EMPTY_VEC;
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[1]), &args, &results));
  CHECK(result[0].of.i32 == 9);
  wasm_val_t pair[2] = {WASM_I32_VAL(0x1002), WASM_I32_VAL(6)};
  wasm_val_vec_t pairs = WASM_ARRAY_VEC(pair);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[2]), &pairs, &none));
  CHECK(wasm_memory_data(memory)[0x1002] == 6);
  wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports.data[1]), &far, &results);
  CHECK(trap);
  wasm_trap_delete(trap);
  CHECK(wasm_memory_grow(memory, 1) && wasm_memory_size(memory) == 3);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[1]), &far, &results));
  CHECK(!wasm_memory_grow(memory, 1) && wasm_memory_grow(memory, 0));

  wasm_limits_t limits = {5, 5}, disorder = {6, 5};
  wasm_memorytype_t *type = wasm_memorytype_new(&limits);
  wasm_memory_t *own = wasm_memory_new(store, type);
  CHECK(own && wasm_memory_size(own) == 5 && !wasm_memory_grow(own, 1));
  CHECK(!wasm_memorytype_new(&disorder));
  wasm_memorytype_delete(type);
  wasm_memory_delete(own);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(made);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  printf("memories\n");
  return 0;
}
