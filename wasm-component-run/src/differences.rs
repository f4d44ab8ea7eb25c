//! Where code written against Wasmtime's API for components does not compile here, or behaves
//! differently.
//!
//! Everything that is not named here has the same name and, as far as its documentation promises
//! something, the same behaviour as in Wasmtime 48.
//!
//! # What does not compile
//!
//! | in Wasmtime | here | why |
//! |---|---|---|
//! | `Accessor`, `AccessorTask`, `AsAccessor`, `Access::spawn`, `JoinHandle`, `GuestTaskId`, `FuncCallConcurrent`, `TypedFuncCallConcurrent`, `Func::call_concurrent`, `Func::start_call_concurrent`, `Func::finish_call_concurrent`, `TypedFunc::call_concurrent`, `TypedFunc::start_call_concurrent`, `TypedFunc::finish_call_concurrent`, `LinkerInstance::func_new_concurrent`, `LinkerInstance::func_wrap_concurrent`, `LinkerInstance::resource_concurrent` | not there | calls that run at the same time in one instance are a part of WASI 0.3, which is not implemented |
//! | `Store::run_concurrent`, `Store::spawn`, `Store::concurrent_resource_table`, `Store::concurrent_state_table_size`, `Store::assert_concurrent_state_empty`, `StoreContextMut::run_concurrent`, `StoreContextMut::spawn`, `StoreContextMut::concurrent_resource_table`, `StoreContextMut::concurrent_state_table_size`, `StoreContextMut::assert_concurrent_state_empty`, `StoreContextMut::async_call_stack` | not there | as above |
//! | `FutureAny`, `FutureConsumer`, `FutureProducer`, `FutureReader`, `FutureType`, `GuardedFutureReader`, `StreamAny`, `StreamConsumer`, `StreamProducer`, `StreamReader`, `StreamResult`, `StreamType`, `GuardedStreamReader`, `Source::as_direct`, `Source::read`, `Source::reborrow`, `Source::remaining`, `Destination::as_direct`, `Destination::reborrow`, `Destination::remaining`, `Destination::set_buffer`, `Destination::take_buffer`, `DirectSource`, `DirectDestination`, `ReadBuffer`, `WriteBuffer`, `VecBuffer`, `Type::Future`, `Type::Stream`, `Val::Future`, `Val::Stream` | not there | streams and futures are a part of WASI 0.3 |
//! | `ErrorContext`, `Type::ErrorContext`, `Val::ErrorContext` | not there | as above |
//! | implementations of the traits `Lift`, `Lower` and `ComponentType` by hand, which are `unsafe`, with associated types for what they lower to | they are safe, over checked slices | derive them, as in Wasmtime |
//!
//! # What behaves differently
//!
//! * **Asynchronous components** are validated if the configuration allows them, by the same
//!   settings and defaults, and refused by name where they are used: an asynchronous function, a
//!   `stream` or a `future` when the component is compiled, a built-in function when it is called.
//! * **[`Val::NumberList`](crate::Val::NumberList)** exists in this crate only. Lists come so if
//!   [`set_number_lists`](crate::ComponentStoreExt::set_number_lists) says it.
//! * **`post_return`** is called by each call itself, as in Wasmtime 48 without concurrency.
//! * **Messages** are worded differently, but for traps that scripts of the component model name.
