// Wasmtime's own C++ API, over the headers and the library of this runtime.

#include <iostream>
#include <wasmtime.hh>

using namespace wasmtime;

int main() {
  Engine engine;
  Store store(engine);
  auto module = Module::compile(engine, "(module (import \"\" \"twice\" (func $f (param i32) (result i32)))"
                                        " (func (export \"run\") (param i32) (result i32)"
                                        "  (call $f (local.get 0))))")
                    .unwrap();
  auto twice = Func::wrap(store, [](int32_t number) { return number * 2; });
  auto instance = Instance::create(store, module, {twice}).unwrap();
  auto run = std::get<Func>(*instance.get(store, "run"));
  std::cout << run.call(store, {Val(int32_t(21))}).unwrap()[0].i32() << "\n";

  return 0;
}
