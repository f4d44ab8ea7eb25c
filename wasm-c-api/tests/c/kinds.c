/* Kinds that there are not, and vectors that are empty: errors where there are errors, and nothing
 * that is freed or read for them. */

#include "check.h"

static int calls;

/* Writes a result of a kind that there is not. */
static wasm_trap_t *no_kind(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  CHECK(args->size == 0 && results->size == 1 && results->data[0].kind == WASM_I32);
  calls++;
  results->data[0].kind = 200;
  results->data[0].of.i64 = 0x1234;
  return NULL;
}

/* Writes a result of another type, or none at all. */
static wasm_trap_t *other_type(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  CHECK(args->size == 0 && results->size == 1);
  if (calls++ % 2) results->data[0] = (wasm_val_t){.kind = WASM_F32, .of = {.f32 = 1}};
  return NULL;
}

/* As above, in functions of wasmtime.h. */
static wasm_trap_t *other_kind(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                               size_t nargs, wasmtime_val_t *results, size_t nresults) {
  CHECK(!env && caller && args && nargs == 0 && nresults == 1);
  CHECK(results[0].kind == WASMTIME_I32 && results[0].of.i32 == 0);
  if (calls) results[0].kind = calls == 1 ? WASMTIME_F64 : 77;
  calls++;
  return NULL;
}

static bool trap_says(wasm_trap_t *trap, const char *text) {
  CHECK(trap);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  bool found = strstr(message.data, text) != NULL;
  if (!found) fprintf(stderr, "the message is: %s\n", message.data);
  wasm_byte_vec_delete(&message);
  wasm_trap_delete(trap);
  return found;
}

static void of_wasm_h(wasm_engine_t *engine) {
  wasm_store_t *store = wasm_store_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasm_func_t *wrong = wasm_func_new(store, type, no_kind);
  wasm_func_t *other = wasm_func_new(store, type, other_type);
  wasm_functype_delete(type);
  wasm_val_t result[1];
  wasm_val_vec_t none = WASM_EMPTY_VEC, results = WASM_ARRAY_VEC(result);
  CHECK(trap_says(wasm_func_call(wrong, &none, &results), "kind 200"));
  CHECK(trap_says(wasm_func_call(wrong, NULL, &results), "kind 200"));
  CHECK(!wasm_func_call(other, &none, &results) && result[0].of.i32 == 0);
  CHECK(trap_says(wasm_func_call(other, &none, &results), "type"));
  /* Too few and too many. */
  CHECK(trap_says(wasm_func_call(other, &none, NULL), "1"));
  CHECK(trap_says(wasm_func_call(other, &results, &results), "0"));

  /* Values of no kind are copied and freed, and are no references. */
  wasm_val_t val = {.kind = 200, .of = {.i64 = 0x1234}}, copy;
  wasm_val_copy(&copy, &val);
  CHECK(copy.kind == 200 && copy.of.i64 == 0x1234);
  wasm_val_delete(&copy);
  wasm_val_vec_t vec, again;
  wasm_val_vec_new(&vec, 1, &val);
  wasm_val_vec_copy(&again, &vec);
  wasm_val_vec_delete(&vec);
  wasm_val_vec_delete(&vec);
  wasm_val_vec_delete(&again);
  wasm_globaltype_t *global = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_VAR);
  CHECK(!wasm_global_new(store, global, &val));
  wasm_globaltype_delete(global);

  /* Vectors of nothing, with and without a pointer. */
  wasm_byte_vec_t bytes = {0, NULL}, other_bytes;
  wasm_byte_vec_copy(&other_bytes, &bytes);
  CHECK(other_bytes.size == 0);
  wasm_byte_vec_delete(&other_bytes);
  wasm_byte_vec_delete(&bytes);
  wasm_byte_vec_new(&bytes, 0, NULL);
  wasm_byte_vec_delete(&bytes);
  CHECK(!wasm_module_new(store, &bytes) && !wasm_module_validate(store, &bytes));
  CHECK(!wasm_module_deserialize(store, &bytes));
  wasm_valtype_vec_t params = {0, NULL}, no_results = {0, NULL};
  type = wasm_functype_new(&params, &no_results);
  CHECK(wasm_functype_params(type)->size == 0);
  wasm_functype_delete(type);
  /* Objects that are null, and imports that are. */
  wasm_ref_delete(NULL);
  wasm_module_t *imports = module(store, "(module (import \"\" \"\" (func)))");
  wasm_extern_t *nothing[] = {NULL};
  wasm_extern_vec_t externs = WASM_ARRAY_VEC(nothing);
  wasm_trap_t *trap = NULL;
  CHECK(!wasm_instance_new(store, imports, &externs, &trap));
  CHECK(trap_says(trap, "null"));
  CHECK(!wasm_instance_new(store, imports, NULL, NULL));
  wasm_module_delete(imports);
  wasm_func_delete(wrong);
  wasm_func_delete(other);
  wasm_store_delete(store);
}

static void of_wasmtime_h(wasm_engine_t *engine) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasmtime_func_t func;
  wasmtime_func_new(context, type, other_kind, NULL, NULL, &func);
  wasm_functype_delete(type);
  wasmtime_val_t result;
  wasm_trap_t *trap = NULL;
  calls = 0;
  check_error(wasmtime_func_call(context, &func, NULL, 0, &result, 1, &trap));
  CHECK(!trap && result.kind == WASMTIME_I32 && result.of.i32 == 0);
  CHECK(error_says(wasmtime_func_call(context, &func, NULL, 0, &result, 1, &trap), "i32"));
  CHECK(error_says(wasmtime_func_call(context, &func, NULL, 0, &result, 1, &trap), "kind 77"));
  CHECK(error_says(wasmtime_func_call(context, &func, NULL, 0, NULL, 0, &trap), "1"));
  wasmtime_module_t *compiled;
  CHECK(wasmtime_module_new(engine, NULL, 0, &compiled) != NULL);
  CHECK(wasmtime_module_validate(engine, NULL, 0) != NULL);
  CHECK(wasmtime_module_deserialize(engine, NULL, 0, &compiled) != NULL);
  CHECK(error_says(wasmtime_module_deserialize_file(engine, NULL, &compiled), "null"));
  wasmtime_component_t *component;
  CHECK(wasmtime_component_new(engine, NULL, 0, &component) != NULL);
  trap = wasmtime_trap_new(NULL, 0);
  CHECK(trap_says(trap, ""));
  wasi_config_t *wasi = wasi_config_new();
  const char *argv[] = {"name", NULL};
  CHECK(!wasi_config_set_argv(wasi, 2, argv) && wasi_config_set_argv(wasi, 0, NULL));
  CHECK(!wasi_config_set_env(wasi, 2, argv, argv) && !wasi_config_set_stdin_file(wasi, NULL));
  wasi_config_delete(wasi);
  wasmtime_store_delete(store);
}

/* Returns a value of a kind that there is not, or a string that is no text. */
static wasmtime_error_t *component_func(void *env, wasmtime_context_t *context,
                                        const wasmtime_component_func_type_t *type,
                                        wasmtime_component_val_t *args, size_t nargs,
                                        wasmtime_component_val_t *results, size_t nresults) {
  CHECK(!env && context && type && nargs == 0 && args && nresults == 1);
  results[0].kind = 23 + calls++;
  results[0].of.u64 = 0x1234;
  return NULL;
}

static void of_components(wasm_engine_t *engine) {
  const char *text =
      "(component (import \"f\" (func $f (result u32))) (core func $c (canon lower (func $f)))"
      " (core module $m (import \"h\" \"f\" (func (result i32)))"
      "  (func (export \"run\") (result i32) (call 0))"
      "  (func (export \"bool\") (param i32) (result i32) (local.get 0)))"
      " (core instance $i (instantiate $m (with \"h\" (instance (export \"f\" (func $c))))))"
      " (func (export \"bool\") (param \"x\" bool) (result bool)"
      "  (canon lift (core func $i \"bool\")))"
      " (func (export \"run\") (result u32) (canon lift (core func $i \"run\"))))";
  wasm_byte_vec_t wasm = binary(text);
  wasmtime_component_t *component;
  check_error(wasmtime_component_new(engine, (uint8_t *)wasm.data, wasm.size, &component));
  wasm_byte_vec_delete(&wasm);
  wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
  wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
  check_error(
      wasmtime_component_linker_instance_add_func(root, "f", 1, component_func, NULL, NULL));
  wasmtime_component_linker_instance_delete(root);
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_component_instance_t made;
  check_error(wasmtime_component_linker_instantiate(linker, context, component, &made));
  wasmtime_component_func_t run, same;
  wasmtime_component_export_index_t *index =
      wasmtime_component_instance_get_export_index(&made, context, NULL, "run", 3);
  CHECK(wasmtime_component_instance_get_func(&made, context, index, &run));
  wasmtime_component_export_index_delete(index);
  index = wasmtime_component_instance_get_export_index(&made, context, NULL, "bool", 4);
  CHECK(wasmtime_component_instance_get_func(&made, context, index, &same));
  wasmtime_component_export_index_delete(index);

  /* A value of no kind is no value; in a list of others, too. A resource may not be null. */
  wasmtime_component_val_t val = {.kind = 200, .of = {.u64 = 0x1234}}, result;
  CHECK(error_says(wasmtime_component_func_call(&same, context, &val, 1, &result, 1), "kind 200"));
  wasmtime_component_val_t list = {.kind = WASMTIME_COMPONENT_LIST};
  wasmtime_component_vallist_new(&list.of.list, 1, &val);
  CHECK(error_says(wasmtime_component_func_call(&same, context, &list, 1, &result, 1), "kind 200"));
  wasmtime_component_val_delete(&list);
  wasmtime_component_val_delete(&list);
  CHECK(list.kind == WASMTIME_COMPONENT_BOOL);
  wasmtime_component_val_t resource = {.kind = WASMTIME_COMPONENT_RESOURCE}, copy;
  resource.of.resource = NULL;
  CHECK(error_says(wasmtime_component_func_call(&same, context, &resource, 1, &result, 1), "null"));
  wasmtime_component_val_clone(&resource, &copy);
  wasmtime_component_val_delete(&copy);
  wasmtime_component_val_delete(&resource);
  wasmtime_component_val_delete(&val);
  CHECK(val.kind == WASMTIME_COMPONENT_BOOL);
  val.kind = WASMTIME_COMPONENT_STRING;
  wasm_byte_vec_new(&val.of.string, 1, "\xff");
  CHECK(error_says(wasmtime_component_func_call(&same, context, &val, 1, &result, 1), "utf-8"));
  wasmtime_component_val_delete(&val);
  val = (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_CHAR, .of = {.character = 0xd800}};
  CHECK(error_says(wasmtime_component_func_call(&same, context, &val, 1, &result, 1), "character"));
  /* A C program can write any byte where there should be a truth. */
  val = (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_BOOL};
  val.of.u8 = 7;
  check_error(wasmtime_component_func_call(&same, context, &val, 1, &result, 1));
  CHECK(result.kind == WASMTIME_COMPONENT_BOOL && result.of.u8 == 1);
  calls = 0;
  CHECK(error_says(wasmtime_component_func_call(&run, context, NULL, 0, &result, 1), "kind 23"));

  /* Types and items that are none: there is nothing to free. */
  wasmtime_component_valtype_t type = {.kind = 24};
  wasmtime_component_valtype_delete(&type);
  memset(&type, 0xff, sizeof type);
  wasmtime_component_valtype_delete(&type);
  CHECK(type.kind == WASMTIME_COMPONENT_VALTYPE_BOOL);
  wasmtime_component_item_t item;
  memset(&item, 0xff, sizeof item);
  wasmtime_component_item_delete(&item);
  wasmtime_component_item_delete(&item);

  wasmtime_store_delete(store);
  wasmtime_component_linker_delete(linker);
  wasmtime_component_delete(component);
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new();
  of_wasm_h(engine);
  of_wasmtime_h(engine);
  of_components(engine);
  wasm_engine_delete(engine);
  printf("kinds\n");
  return 0;
}
