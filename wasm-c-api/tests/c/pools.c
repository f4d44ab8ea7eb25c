/* Limits of pools, each of which is an error that names the setting. */

#include "check.h"

typedef wasmtime_pooling_allocation_config_t pools_t;

/* An engine with a pool that a setting has limited. */
#define ENGINE(setting, value) engine_of(pool_with_##setting(value))

#define POOL(setting, type) \
  static pools_t *pool_with_##setting(type value) { \
    pools_t *pools = wasmtime_pooling_allocation_config_new(); \
    wasmtime_pooling_allocation_config_total_core_instances_set(pools, 10); \
    wasmtime_pooling_allocation_config_total_memories_set(pools, 10); \
    wasmtime_pooling_allocation_config_total_stacks_set(pools, 4); \
    wasmtime_pooling_allocation_config_max_memories_per_module_set(pools, 2); \
    wasmtime_pooling_allocation_config_max_tables_per_module_set(pools, 2); \
    wasmtime_pooling_allocation_config_##setting##_set(pools, value); \
    return pools; \
  }

POOL(total_tables, uint32_t)
POOL(total_memories, uint32_t)
POOL(total_core_instances, uint32_t)
POOL(table_elements, size_t)
POOL(max_memories_per_module, uint32_t)
POOL(max_tables_per_module, uint32_t)
POOL(max_core_instance_size, size_t)
POOL(max_memory_size, size_t)

static wasm_engine_t *engine_of(pools_t *pools) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_pooling_allocation_strategy_set(config, pools);
  wasmtime_pooling_allocation_config_delete(pools);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  CHECK(engine);
  return engine;
}

/* Makes instances of a module in one store, and returns the error of the first that can't be. */
static wasmtime_error_t *fill(wasm_engine_t *engine, const char *text, int count) {
  wasmtime_module_t *compiled;
  wasmtime_error_t *error =
      wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled);
  if (!error) {
    wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
    wasmtime_instance_t made;
    wasm_trap_t *trap = NULL;
    for (int i = 0; i < count && !error; i++) {
      error = wasmtime_instance_new(wasmtime_store_context(store), compiled, NULL, 0, &made, &trap);
      CHECK(!trap);
    }
    wasmtime_store_delete(store);
    wasmtime_module_delete(compiled);
  }
  wasm_engine_delete(engine);
  return error;
}

int main(void) {
  const char *tables = "(module (table 5 funcref) (table 1 externref))";
  const char *memories = "(module (memory 1) (memory 2))";
  check_error(fill(ENGINE(total_tables, 4), tables, 2));
  CHECK(error_says(fill(ENGINE(total_tables, 3), tables, 2), "total_tables"));
  check_error(fill(ENGINE(table_elements, 5), tables, 1));
  CHECK(error_says(fill(ENGINE(table_elements, 4), tables, 1), "table_elements"));
  check_error(fill(ENGINE(max_tables_per_module, 2), tables, 1));
  CHECK(error_says(fill(ENGINE(max_tables_per_module, 1), tables, 1), "max_tables_per_module"));
  check_error(fill(ENGINE(max_memories_per_module, 2), memories, 1));
  CHECK(error_says(fill(ENGINE(max_memories_per_module, 1), memories, 1),
                   "max_memories_per_module"));
  check_error(fill(ENGINE(max_core_instance_size, 1 << 20), tables, 1));
  CHECK(error_says(fill(ENGINE(max_core_instance_size, 1), tables, 1), "max_core_instance_size"));
  check_error(fill(ENGINE(max_memory_size, 1 << 17), memories, 1));
  CHECK(error_says(fill(ENGINE(max_memory_size, 1 << 16), memories, 1), "max_memory_size"));
  check_error(fill(ENGINE(total_memories, 4), memories, 2));
  CHECK(error_says(fill(ENGINE(total_memories, 3), memories, 2), "total_memories"));
  check_error(fill(ENGINE(total_core_instances, 2), memories, 2));
  CHECK(error_says(fill(ENGINE(total_core_instances, 2), memories, 3), "total_core_instances"));
  printf("pools\n");
  return 0;
}
