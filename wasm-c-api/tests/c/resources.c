/* Resources of the host in components: destructors run once, and handles of another store, or used
 * twice, are errors. */

#include "check.h"

static int dropped, freed, made;

static void count_free(void *data) {
  CHECK(data == &dropped);
  freed++;
}

static wasmtime_error_t *destroy(void *env, wasmtime_context_t *context, uint32_t rep) {
  CHECK(env == &dropped && context && rep >= 100);
  dropped++;
  return rep == 113 ? wasmtime_error_new("unlucky") : NULL;
}

static wasmtime_error_t *make(void *env, wasmtime_context_t *context,
                              const wasmtime_component_func_type_t *type,
                              wasmtime_component_val_t *args, size_t nargs,
                              wasmtime_component_val_t *results, size_t nresults) {
  CHECK(!env && type && args && nargs == 0 && nresults == 1);
  wasmtime_component_resource_host_t *host =
      wasmtime_component_resource_host_new(true, 100 + made++, 7);
  wasmtime_component_resource_any_t *any;
  wasmtime_error_t *error = wasmtime_component_resource_host_to_any(context, host, &any);
  wasmtime_component_resource_host_delete(host);
  if (error) return error;
  results[0].kind = WASMTIME_COMPONENT_RESOURCE;
  results[0].of.resource = any;
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  const char *text =
      "(component (import \"r\" (type $r (sub resource)))"
      " (import \"make\" (func $make (result (own $r))))"
      " (core func $m (canon lower (func $make))) (core func $d (canon resource.drop $r))"
      " (core module $g (import \"\" \"make\" (func $make (result i32)))"
      "  (import \"\" \"drop\" (func $drop (param i32)))"
      "  (func (export \"give\") (result i32) (call $make))"
      "  (func (export \"take\") (param i32) (call $drop (local.get 0))))"
      " (core instance $i (instantiate $g (with \"\" (instance (export \"make\" (func $m))"
      "  (export \"drop\" (func $d))))))"
      " (func (export \"give\") (result (own $r)) (canon lift (core func $i \"give\")))"
      " (func (export \"take\") (param \"x\" (own $r)) (canon lift (core func $i \"take\"))))";
  wasm_byte_vec_t wasm = binary(text);
  wasmtime_component_t *component;
  check_error(wasmtime_component_new(engine, (uint8_t *)wasm.data, wasm.size, &component));
  wasm_byte_vec_delete(&wasm);
  wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
  wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
  wasmtime_component_resource_type_t *type = wasmtime_component_resource_type_new_host(7);
  CHECK(error_says(wasmtime_component_linker_instance_add_resource(root, "\xff", 1, type, destroy,
                                                                   &dropped, count_free),
                   "utf-8"));
  CHECK(freed == 1);
  check_error(wasmtime_component_linker_instance_add_resource(root, "r", 1, type, destroy, &dropped,
                                                              count_free));
  check_error(wasmtime_component_linker_instance_add_func(root, "make", 4, make, NULL, NULL));
  wasmtime_component_linker_instance_delete(root);
  wasmtime_component_resource_type_delete(type);

  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_store_t *elsewhere = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_context_t *other = wasmtime_store_context(elsewhere);
  wasmtime_component_instance_t instance;
  check_error(wasmtime_component_linker_instantiate(linker, context, component, &instance));
  wasmtime_component_func_t give, take;
  wasmtime_component_export_index_t *index =
      wasmtime_component_instance_get_export_index(&instance, context, NULL, "give", 4);
  CHECK(wasmtime_component_instance_get_func(&instance, context, index, &give));
  wasmtime_component_export_index_delete(index);
  index = wasmtime_component_instance_get_export_index(&instance, context, NULL, "take", 4);
  CHECK(wasmtime_component_instance_get_func(&instance, context, index, &take));
  wasmtime_component_export_index_delete(index);

  /* Given back, it is dropped there; its handle is used up. */
  wasmtime_component_val_t val, copy;
  check_error(wasmtime_component_func_call(&give, context, NULL, 0, &val, 1));
  CHECK(val.kind == WASMTIME_COMPONENT_RESOURCE && dropped == 0);
  wasmtime_component_val_clone(&val, &copy);
  CHECK(wasmtime_component_resource_any_owned(val.of.resource));
  check_error(wasmtime_component_func_call(&take, context, &val, 1, NULL, 0));
  CHECK(dropped == 1);
  wasmtime_error_t *error = wasmtime_component_resource_any_drop(context, copy.of.resource);
  CHECK(error);
  wasmtime_error_delete(error);
  CHECK(dropped == 1);
  wasmtime_component_val_delete(&copy);
  wasmtime_component_val_delete(&val);

  /* Dropped by the host, and not in another store. */
  check_error(wasmtime_component_func_call(&give, context, NULL, 0, &val, 1));
  error = wasmtime_component_resource_any_drop(other, val.of.resource);
  CHECK(error && dropped == 1);
  wasmtime_error_delete(error);
  wasmtime_component_resource_host_t *host = NULL;
  error = wasmtime_component_resource_any_to_host(other, val.of.resource, &host);
  CHECK(error && !host);
  wasmtime_error_delete(error);
  check_error(wasmtime_component_resource_any_drop(context, val.of.resource));
  CHECK(dropped == 2);
  error = wasmtime_component_resource_any_drop(context, val.of.resource);
  CHECK(error && dropped == 2);
  wasmtime_error_delete(error);
  wasmtime_component_val_delete(&val);

  /* As one of the host again. */
  check_error(wasmtime_component_func_call(&give, context, NULL, 0, &val, 1));
  check_error(wasmtime_component_resource_any_to_host(context, val.of.resource, &host));
  CHECK(wasmtime_component_resource_host_rep(host) == 102);
  CHECK(wasmtime_component_resource_host_type(host) == 7);
  CHECK(wasmtime_component_resource_host_owned(host));
  wasmtime_component_resource_host_delete(host);
  wasmtime_component_val_delete(&val);
  CHECK(dropped == 2);

  /* The error of a destructor is that of the call. */
  made = 13;
  check_error(wasmtime_component_func_call(&give, context, NULL, 0, &val, 1));
  CHECK(error_says(wasmtime_component_func_call(&take, context, &val, 1, NULL, 0), "unlucky"));
  CHECK(dropped == 3);
  wasmtime_component_val_delete(&val);

  wasmtime_store_delete(elsewhere);
  wasmtime_store_delete(store);
  wasmtime_component_linker_delete(linker);
  wasmtime_component_delete(component);
  CHECK(freed == 2 && dropped == 3);
  wasm_engine_delete(engine);
  printf("resources\n");
  return 0;
}
