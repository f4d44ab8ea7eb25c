# find_package(wasm-runtime) gives the targets wasm-runtime::shared and wasm-runtime::static,
# wasm-runtime::wasm-runtime, which is the shared one, and wasm-runtime::aot, which has no compiler.

get_filename_component(_wasm_runtime_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET wasm-runtime::shared)
  add_library(wasm-runtime::shared SHARED IMPORTED)
  set_target_properties(wasm-runtime::shared PROPERTIES
    IMPORTED_LOCATION "${_wasm_runtime_prefix}/lib/libwasm_runtime.so"
    IMPORTED_NO_SONAME TRUE
    INTERFACE_INCLUDE_DIRECTORIES "${_wasm_runtime_prefix}/include")

  add_library(wasm-runtime::aot SHARED IMPORTED)
  set_target_properties(wasm-runtime::aot PROPERTIES
    IMPORTED_LOCATION "${_wasm_runtime_prefix}/lib/libwasm_runtime_aot.so"
    IMPORTED_NO_SONAME TRUE
    INTERFACE_INCLUDE_DIRECTORIES "${_wasm_runtime_prefix}/include")

  add_library(wasm-runtime::static STATIC IMPORTED)
  set_target_properties(wasm-runtime::static PROPERTIES
    IMPORTED_LOCATION "${_wasm_runtime_prefix}/lib/libwasm_runtime.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_wasm_runtime_prefix}/include"
    INTERFACE_LINK_LIBRARIES "pthread;dl;m")

  add_library(wasm-runtime::wasm-runtime INTERFACE IMPORTED)
  set_target_properties(wasm-runtime::wasm-runtime PROPERTIES
    INTERFACE_LINK_LIBRARIES wasm-runtime::shared)
endif()

unset(_wasm_runtime_prefix)
