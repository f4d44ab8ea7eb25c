/* Functions of numbers, of few and of many, called in both directions: each value arrives, and what
 * does not fit is an error. */

#include "check.h"

static wasm_engine_t *engine;
static wasmtime_context_t *context;

/* Returns its arguments, the last one first. */
static wasm_trap_t *reverse(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                            size_t nargs, wasmtime_val_t *results, size_t nresults) {
  (void)caller;
  ++*(int *)env;
  CHECK(nargs == nresults);
  for (size_t i = 0; i < nargs; i++) results[i] = args[nargs - 1 - i];
  return NULL;
}

/* Writes no result: it is a zero of the kind i32. */
static wasm_trap_t *idle(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                         size_t nargs, wasmtime_val_t *results, size_t nresults) {
  (void)env, (void)caller, (void)args, (void)nargs, (void)results, (void)nresults;
  return NULL;
}

static void freed(void *env) { *(int *)env = -1; }

static wasm_functype_t *type(size_t count, const wasm_valkind_t *kinds, bool reversed) {
  wasm_valtype_t *params[32], *results[32];
  for (size_t i = 0; i < count; i++) {
    params[i] = wasm_valtype_new(kinds[i]);
    results[i] = wasm_valtype_new(kinds[reversed ? count - 1 - i : i]);
  }
  wasm_valtype_vec_t param_vec, result_vec;
  wasm_valtype_vec_new(&param_vec, count, params);
  wasm_valtype_vec_new(&result_vec, count, results);
  return wasm_functype_new(&param_vec, &result_vec);
}

static wasmtime_val_t value(wasm_valkind_t kind, int n) {
  wasmtime_val_t val;
  memset(&val, 0xff, sizeof val);
  val.kind = (wasmtime_valkind_t)(kind == WASM_FUNCREF ? WASMTIME_FUNCREF : kind);
  switch (kind) {
    case WASM_I32: val.of.i32 = -n; break;
    case WASM_I64: val.of.i64 = -(INT64_C(1) << 40) * n; break;
    case WASM_F32: val.of.f32 = (float)n / 2; break;
    case WASM_F64: val.of.f64 = n / 3.0; break;
    default: wasmtime_funcref_set_null(&val.of.funcref);
  }
  return val;
}

static bool same(const wasmtime_val_t *a, const wasmtime_val_t *b) {
  if (a->kind != b->kind) return false;
  switch (a->kind) {
    case WASMTIME_I32: return a->of.i32 == b->of.i32;
    case WASMTIME_I64: return a->of.i64 == b->of.i64;
    case WASMTIME_F32: return a->of.f32 == b->of.f32;
    case WASMTIME_F64: return a->of.f64 == b->of.f64;
    default: return wasmtime_funcref_is_null(&a->of.funcref);
  }
}

/* Calls a function through WebAssembly, with values of these kinds. */
static void through(size_t count, const wasm_valkind_t *kinds) {
  static const char *const names[] = {"i32", "i64", "f32", "f64"};
  char types[256] = "", results[256] = "", text[1024];
  for (size_t i = 0; i < count; i++) {
    const wasm_valkind_t kind = kinds[i], other = kinds[count - 1 - i];
    strcat(strcat(types, " "), kind == WASM_FUNCREF ? "funcref" : names[kind]);
    strcat(strcat(results, " "), other == WASM_FUNCREF ? "funcref" : names[other]);
  }
  snprintf(text, sizeof text,
           "(module (type $t (func (param%s) (result%s))) (import \"h\" \"f\" (func $f (type $t)))"
           " (func (export \"g\") (type $t) ",
           types, results);
  for (size_t i = 0; i < count; i++) {
    snprintf(text + strlen(text), sizeof text - strlen(text), "(local.get %zu) ", i);
  }
  strcat(text, "(call $f)) (export \"f\" (func $f)))");
  int calls = 0;
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasm_functype_t *ty = type(count, kinds, true);
  check_error(wasmtime_linker_define_func(linker, "h", 1, "f", 1, ty, reverse, &calls, freed));
  wasmtime_module_t *module;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &module));
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_linker_instantiate(linker, context, module, &instance, &trap));
  CHECK(!trap);
  wasmtime_val_t args[32], got[32];
  for (size_t i = 0; i < count; i++) args[i] = value(kinds[i], (int)i + 1);
  for (int direct = 0; direct < 2; direct++) {
    wasmtime_extern_t item;
    CHECK(wasmtime_instance_export_get(context, &instance, direct ? "f" : "g", 1, &item));
    for (int round = 0; round < 3; round++) {
      memset(got, 0xff, sizeof got);
      check_error(wasmtime_func_call(context, &item.of.func, args, count, got, count, &trap));
      CHECK(!trap && calls == direct * 3 + round + 1);
      for (size_t i = 0; i < count; i++) CHECK(same(&got[i], &args[count - 1 - i]));
    }
    /* What does not fit is an error, and is never passed on. */
    if (count == 0) continue;
    const int before = calls;
    CHECK(error_says(wasmtime_func_call(context, &item.of.func, args, count - 1, got, count, &trap),
                     "expected"));
    CHECK(error_says(wasmtime_func_call(context, &item.of.func, args, count, got, count - 1, &trap),
                     "expected"));
    wasmtime_val_t wrong = args[0];
    args[0] = value(kinds[0] == WASM_I64 ? WASM_F64 : WASM_I64, 1);
    CHECK(error_says(wasmtime_func_call(context, &item.of.func, args, count, got, count, &trap),
                     "type mismatch"));
    args[0] = wrong;
    CHECK(calls == before && !trap);
  }
  wasm_functype_delete(ty);
  wasmtime_module_delete(module);
  wasmtime_linker_delete(linker);
}

/* A result of another kind than the type says. */
static void wrong_result(void) {
  const wasm_valkind_t kinds[] = {WASM_F64};
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasm_functype_t *ty = type(1, kinds, false);
  check_error(wasmtime_linker_define_func(linker, "h", 1, "f", 1, ty, idle, NULL, NULL));
  wasmtime_extern_t item;
  CHECK(wasmtime_linker_get(linker, context, "h", 1, "f", 1, &item));
  wasm_trap_t *trap = NULL;
  wasmtime_val_t arg = value(WASM_F64, 1), result;
  CHECK(error_says(wasmtime_func_call(context, &item.of.func, &arg, 1, &result, 1, &trap),
                   "i32 in place of f64"));
  CHECK(!trap);
  /* A name that is taken: the data is freed all the same. */
  int env = 0;
  CHECK(error_says(wasmtime_linker_define_func(linker, "h", 1, "f", 1, ty, reverse, &env, freed),
                   "defined twice"));
  CHECK(env == -1);
  wasm_functype_delete(ty);
  wasmtime_linker_delete(linker);
}

/* More functions than the store remembers, in turn. */
static void many(void) {
  char text[16384] = "(module";
  for (int i = 0; i < 100; i++) {
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "(func (export \"%d\") (param %s) (result i32) (i32.const %d))", i,
             i % 3 ? "i32" : "i64", i);
  }
  strcat(text, ")");
  wasmtime_module_t *module;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &module));
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_instance_new(context, module, NULL, 0, &instance, &trap));
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 100; i++) {
      char name[8];
      snprintf(name, sizeof name, "%d", i);
      wasmtime_extern_t item;
      CHECK(wasmtime_instance_export_get(context, &instance, name, strlen(name), &item));
      wasmtime_val_t arg = value(i % 3 ? WASM_I32 : WASM_I64, 1), result;
      check_error(wasmtime_func_call(context, &item.of.func, &arg, 1, &result, 1, &trap));
      CHECK(!trap && result.kind == WASMTIME_I32 && result.of.i32 == i);
    }
  }
  wasmtime_module_delete(module);
}

int main(void) {
  engine = wasm_engine_new();
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  context = wasmtime_store_context(store);
  const wasm_valkind_t numbers[] = {WASM_I32, WASM_F64, WASM_I64, WASM_F32, WASM_F32, WASM_I64,
                                    WASM_I32, WASM_F64, WASM_I32, WASM_I64, WASM_F32, WASM_F64};
  for (size_t count = 0; count <= 12; count++) through(count, numbers);
  const wasm_valkind_t mixed[] = {WASM_I32, WASM_FUNCREF, WASM_F64};
  through(3, mixed);
  wrong_result();
  many();
  wasmtime_store_delete(store);
  wasm_engine_delete(engine);
  puts("numbers");
  return 0;
}
