//! Where code written against Wasmtime's core API does not compile here, or behaves differently.
//!
//! Everything that is not named here has the same name and, as far as its documentation promises
//! something, the same behaviour as in Wasmtime 48.
//!
//! # What does not compile
//!
//! | in Wasmtime | here | why |
//! |---|---|---|
//! | `wasmtime::component` | not in this crate | components are the crate `wasm-component-run`, in the facade the module `component` |
//! | `Val::ContRef(Option<ContRef>)` | `Val::ContRef(Option<Rooted<ContRef>>)` | a continuation is an object of the heap, which a handle keeps; Wasmtime has no values of it |
//! | `Config::with_host_stack`, `StackCreator` (`new_stack`), `StackMemory` (`guard_range`) | not there | Wasm runs on stacks of the engine's own, whose guards code relies on; host functions run on the thread's |
//! | `CacheConfig::with_worker_event_queue_size`, `with_cleanup_interval`, `with_baseline_compression_level` and its other settings but the directory and the limits; `Config::enable_incremental_compilation`, `CacheStore` | not there | `Config::cache` (feature `cache`) keeps artifacts as they are, which are mapped and not unpacked, and has no thread of its own |
//! | `ProfilingStrategy::VTune`, `ProfilingStrategy::Pulley` | not there | `Config::profiler` (feature `profile`) writes the files of `perf` only |
//! | `Config::rr` with `RRConfig::Recording` and `Replaying` | not there | executions are not recorded |
//! | `Func::try_new`, `Func::try_wrap`, `FuncType::try_new`, `OutOfMemory` | not there | running out of the host's heap ends the program, as in most Rust code |
//! | `Store::debug_register_component` | not there | [`Store`](crate::Store) knows no components; their modules are known when they are instantiated |
//! | `WasmtimeBug` | not there | what must not happen is a panic |
//! | `AnyRef::from_raw`, `ExnRef::from_raw`, `ExternRef::from_raw` are safe | `unsafe` | a number that is no reference would be taken for one |
//! | `CodeBuilder`, `CodeHint` | not in this crate | they are in the facade, with the feature `jit` |
//! | `dwarf_package`, `dwarf_package_file` of `CodeBuilder` | not there | debugging information is that of the module itself |
//! | `Engine::unload_process_handlers`, `StoreExt` (`set_signal_handler`) | not there | the handlers of signals stay, and pass on what is not theirs |
//!
//! # What behaves differently
//!
//! * **Stack.** Wasm runs on a stack of its own, whose size is
//!   [`Config::max_wasm_stack`](crate::Config::max_wasm_stack). Host functions run on the thread's
//!   stack, so that the size of one does not limit the other.
//! * **Settings that only steer Wasmtime's machinery** are accepted and have no effect, as the
//!   documentation of each says. Where that would be less than is asked for
//!   ([`Config::signals_based_traps`](crate::Config::signals_based_traps),
//!   [`Strategy::Winch`](crate::Strategy)), [`Engine::new`](crate::Engine::new) is an error.
//! * **Fuel** does not make code give way (`Store::fuel_async_yield_interval`) unless it was
//!   compiled for that (`Config::fuel_async_yield`), since such code is larger and slower.
//! * **Pools** ([`PoolingAllocationConfig`](crate::PoolingAllocationConfig)) have Wasmtime's limits
//!   by default, but no slots of fixed sizes. An instance's size is that of its context. Stacks are
//!   counted for all calls, not only for those that may wait
//!   ([`PoolingAllocatorMetrics`](crate::PoolingAllocatorMetrics)).
//! * **Instances** that a dropped store leaves are reset and used again by the next of their
//!   module, with both strategies of
//!   [`Config::allocation_strategy`](crate::Config::allocation_strategy);
//!   [`Config::reuse`](crate::Config::reuse) says how many are kept. In a pool,
//!   `total_core_instances` counts instances until their store is dropped, also those that failed
//!   half-way.
//! * **Calls that may wait** (feature `async`) are left when a host function is not ready, and have
//!   nothing on the thread's stack then. So `Config::async_stack_size` sets nothing, the host
//!   functions that they call run on the thread's stack, and a future that is dropped does not run
//!   Wasm once more. A call that began when nothing of its store could wait fails when something
//!   has to.
//! * **Continuations** ([`Config::wasm_stack_switching`](crate::Config::wasm_stack_switching)) can
//!   be used together with garbage collection and with calls that may wait. They are collected, and
//!   their stacks are those of [`Config::max_wasm_stack`](crate::Config::max_wasm_stack), of which
//!   a store's continuations have at most 10,000 at a time. A store with a function hook makes
//!   none, and there are no snapshots of them.
//! * **Fuel** ([`Config::consume_fuel`](crate::Config::consume_fuel)). Operators cost the same, and
//!   a program that runs to its end uses the same, but constant expressions cost nothing. What is
//!   left is exact in host functions and after traps. It is checked before imports are called, and
//!   in fewer functions: not at the entry of those that call nothing and that the host can't call.
//!   A call that is given exactly as much as it uses completes. Code that counts also runs in
//!   engines that do not.
//! * **Interruption** ([`interruption`](crate::store::interruption)). Functions that neither have
//!   loops nor call anything never check their deadline.
//!   [`Engine::increment_epoch`](crate::Engine::increment_epoch) may not be called by signal
//!   handlers. Code that was compiled for interruption also runs in engines without it.
//! * **What belongs to another engine or store** is refused where it is handed over.
//!   [`Linker::define`](crate::Linker::define) and [`Linker::instance`](crate::Linker::instance)
//!   are errors for stores of another engine than the linker's, and
//!   [`Linker::get_by_import`](crate::Linker::get_by_import) is `None` for imports of another
//!   engine. Items of another store of the engine are not found in a linker.
//!   [`Instance::new`](crate::Instance::new) and the functions like it are errors for imports of
//!   another store, and not panics. Types can be compared with `==`, which is false for types of
//!   different engines; [`FuncType::eq`](crate::FuncType::eq) panics, as in Wasmtime.
//! * **Memories of the program's**
//!   ([`Config::with_host_memory`](crate::Config::with_host_memory)) hold no heap of objects and
//!   are no shared memories, their state can't be taken, and code that can be interrupted wants
//!   them without a reservation. Together with a pool they are an error.
//! * **Garbage collection.** [`Collector::Auto`](crate::Collector) is the copying collector, which
//!   also stands for the one that counts references: a value of the host's is dropped when it is
//!   collected, and not at once. While a hook or the callback of a deadline runs,
//!   [`Store::gc`](crate::Store::gc) collects nothing. What the limiter is asked for is what a heap
//!   holds between two collections; one of everything takes more while it runs. A handle that a
//!   hook has read ends with the hook. `NoneRef::null_ref` is a null of the hierarchy of `any`, and
//!   a function that takes references to one structure or array type is no function of
//!   [`I31`](crate::I31). A value of another store for a field or an element is an error, and not a
//!   panic. A handle that `as_struct` or the like gives ends with the one that it was made of.
//! * **Types of references.** Whether a function may stand where a reference to functions of one
//!   type is expected is decided by the types that its type was declared with, as in the
//!   specification, and so is [`HeapType::matches`](crate::HeapType::matches). In Wasmtime,
//!   parameters and results decide. [`FuncType::matches`](crate::FuncType::matches) looks at those
//!   here as well.
//!   [`StorageType::is_val_type`](crate::StorageType::is_val_type) is true for the types of values.
//! * **Compiler.** It is a value: the one given to [`Config::compiler`](crate::Config::compiler),
//!   or one that a crate of the program provides. Without one, [`Module::new`](crate::Module::new)
//!   is an error.
//! * **Proposals.** [`WasmFeatures::default`](crate::WasmFeatures) lists those that are on by
//!   default. A proposal that is not implemented can be enabled, but modules that use it are
//!   errors. [`Config::wasm_compact_imports`](crate::Config::wasm_compact_imports) exists in this
//!   crate only.
//! * **Artifacts.** Those of Wasmtime are refused, and the other way round. A module that was
//!   compiled with other settings is accepted if the engine provides what its code relies on, the
//!   machine has the instruction set extensions that it uses, and the engine allows the proposals
//!   that it uses. Otherwise one error lists everything that does not fit.
//! * **Trust.** [`Module::from_file`](crate::Module::from_file) also loads artifacts, if the
//!   engine's trust policy accepts them (`Config::trust`, feature `sign`).
//! * **The cache** (feature `cache`) is in another directory and its file of settings has other
//!   lines, so that it does not mix with Wasmtime's. Its entries are authenticated, and
//!   `Cache::new` refuses a directory that others may write to.
//! * **Debugging by the host** (feature `debug`) finds traps by faults, as all code does, and is
//!   told of all of them but of a stack that is used up. Code looks before each operator at a byte
//!   of its instance, where Wasmtime's is patched. A frame handle is valid as long as its frame is
//!   at the same place and no call has returned to Wasm since. Artifacts that can be debugged run
//!   only in engines that debug.
//! * **Debuggers** of native code get the names of functions by `Config::debug_info` (feature
//!   `profile`), and lines and variables of the source (feature `debug-info`). The code is as
//!   optimised as without, but keeps in its frames what variables are found by, and puts no
//!   function in place of a call. A variable that is a pointer has the address that it leads to;
//!   pointers in structures are numbers, which count from `wasm_memory`.
//! * **Backtraces** have places in the source
//!   ([`Config::wasm_backtrace_details`](crate::Config::wasm_backtrace_details)) with the feature
//!   `backtrace-details`. They are found out when they are asked for.
//!   [`Error::backtrace`](crate::Error::backtrace) is always disabled.
//! * **Core dumps** ([`Config::coredump_on_trap`](crate::Config::coredump_on_trap)) have the
//!   globals and memories of instances, and not those of the host that no instance has.
//! * **Numbers of traps**, as [`Trap::from_u8`](crate::Trap::from_u8) takes them, are not those of
//!   Wasmtime.
//! * **Shared memories.** Waits for a place in one end with the deadlines, timeouts and
//!   interruptions of the store that waits; in Wasmtime nothing ends them early. In
//!   calls that may wait, they keep no thread, where Wasmtime's block it. The limiter of a store is
//!   queried when its code lets a shared memory grow. The state of an instance with a shared memory
//!   can't be taken. Shared memories are no part of a pool, and a pool's engine may have them.
//!   [`SharedMemory::read`](crate::SharedMemory::read) and
//!   [`SharedMemory::write`](crate::SharedMemory::write) exist in this crate only.
//! * **Components that are compiled into others** (`CodeBuilder` of the facade). What they export
//!   is checked where it is used, and not against the type of the whole import. Each access to the
//!   host's memory is a call of the host, and is not inlined. An artifact has such access only
//!   after `Component::allow_unsafe_intrinsics`, since plans of components may be damaged.
//! * **Messages** are worded differently; types, and what
//!   [`Error::downcast_ref`](crate::Error::downcast_ref) finds, are the same.
//! * **Call hooks** (feature `call-hook`). A hook that panics is notified of the next call all the
//!   same. `Store::add_call_hook` and `Store::unset_call_hook` exist in this crate only.
//! * **Limits.** [`ResourceLimiter::total_memory_size`](crate::ResourceLimiter::total_memory_size),
//!   [`ResourceLimiter::refusal`](crate::ResourceLimiter::refusal),
//!   [`StoreLimitsBuilder::total_memory_size`](crate::StoreLimitsBuilder::total_memory_size) and
//!   [`Store::set_max_wasm_stack`](crate::Store::set_max_wasm_stack) exist in this crate only.
//! * **Calls that check nothing** ([`Func::call_unchecked`](crate::Func::call_unchecked)) are
//!   errors if the array has too few places.
//! * **Instances that fail half-way** stay part of their store, as in the specification, and count
//!   against its limits.
//!
//! # Wasmtime's own tests
//!
//! Of the tests of Wasmtime 48.0.8 in `tests/all`, without those of its command line, of
//! components, of native debuggers and of Pulley, 764 are for a machine like this one. Compiled
//! against `wasm-runtime` under the name `wasmtime`, 760 compile and 712 of them pass. These are
//! all others, by what they want:
//!
//! | tests | they want |
//! |---|---|
//! | `debug_register_component_rejects_foreign_component` | `Store::debug_register_component` |
//! | `epoch_events` | a look at the deadline in a function that calls nothing |
//! | `debugging_does_not_work_with_signal_based_traps` | an error for `guest_debug` with `signals_based_traps(true)`, which here go together |
//! | `called_on_custom_heap_stack` | `StackCreator` |
//! | `to_raw_from_raw_doesnt_leak`, `i31ref_to_raw_round_trip` | `from_raw` without `unsafe` |
//! | `test_tail_call_default`, `tail_call_defaults` | `Strategy::Winch` |
//! | `deserialize_raw_avoids_copy`, `deserialize_raw_fails_for_native`, `checks_incompatible_target` | Pulley |
//! | `dynamic_memory_pooling_allocator`, `issue_13173_gc_heap_uses_gc_tunables_no_signals` | `Config::signals_based_traps(false)` |
//! | `iloop_with_fuel`, `fuel_eventually_finishes`, `hooks_used_at_yield_points`, `require_async_after_fuel`, `start_sync_then_configure_async_then_do_async` | code that gives way by fuel without `Config::fuel_async_yield` |
//! | `fuel::run`, `host_function_consumes_all`, `immediate_trap_with_fuel1`, `variable_operator_cost_follows_bounds_check` | fuel counted as Wasmtime counts it |
//! | seven of `epoch_interruption` whose last function calls nothing | a look at the deadline in such functions (one when the host enters Wasm is enough for one of them) |
//! | `sync_call_from_fiber`, `recurse_async` | that `Func::call` is an error in a host function of a call that may wait |
//! | `copying_collector_async_gc_yields`, `issue_13516_copying_collector_cancellation_during_gc` | collections in parts, which can be given up |
//! | `gc_heap_oom`, `gc_heap_does_not_grow_unboundedly`, `pooling_gc_different_configs_rejected`, `pooling_gc_heap_failure_does_not_leak_memory_slot` | heaps of Wasmtime's sizes |
//! | `array_set_cross_store_value`, `struct_new_cross_store_field`, `struct_type_rejects_foreign_supertype`, `instantiate_pre_rejects_foreign_definition` | a panic, or an error later |
//! | `typed_concrete_param`, `typed_concrete_result`, `typed_concrete_gc_param_with_i31_and_none`, `call_wasm_passing_subtype_func_param` | the names that Wasmtime's errors have for types, and its rule for types of functions |
//! | three of `tags` with `stack_switching` | limits of continuations that there are not |
//! | `shared_memory_unsupported` | that pools have no shared memories |
//! | `br_table_sizes`, `custom_1byte_page_cant_grow` | limits of Wasmtime's where there is none here |
//! | `caches_across_engines` | that artifacts are refused which fit |
