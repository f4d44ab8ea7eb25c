//! The builtins: what compiled code calls the store for.

/// The type of a builtin's parameter or result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuiltinType {
    /// A 32-bit integer: an index, or a value.
    I32,
    /// A 64-bit integer: an address, a length, a reference or a pointer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
}

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident $symbol:ident ($($param:ident: $ty:ident),*) $(-> $result:ident)?;)*) => {
        /// A function of the store that compiled code calls. Each takes the instance context first
        /// and then the parameters below, unless it [is a leaf](Builtin::is_leaf); one that fails
        /// does not return.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        pub enum Builtin {
            $($(#[$doc])* $name,)*
        }

        impl Builtin {
            /// Every builtin, in the order of the array of code pointers.
            pub const ALL: &[Builtin] = &[$(Builtin::$name,)*];

            /// The name: a symbol for those who link code.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Builtin::$name => concat!("wasm_builtin_", stringify!($symbol)),)*
                }
            }

            /// The parameters after the instance context.
            pub const fn params(self) -> &'static [BuiltinType] {
                match self {
                    $(Builtin::$name => &[$(BuiltinType::$ty),*],)*
                }
            }

            /// The result, if there is one.
            pub const fn result(self) -> Option<BuiltinType> {
                match self {
                    $(Builtin::$name => builtins!(@result $($result)?),)*
                }
            }

            /// Whether it is a plain function of the C library, which takes no context, needs next
            /// to no stack, and can't fail: it is called on the Wasm stack.
            pub const fn is_leaf(self) -> bool {
                matches!(self, Builtin::MoveBytes | Builtin::FillBytes)
            }

            /// Whether it is called in the `tail` convention, and not in that of C: it throws an
            /// exception, or others may be thrown before it returns.
            pub const fn throws(self) -> bool {
                matches!(self, Builtin::Throw | Builtin::Rethrow | Builtin::ThrowRef)
                    || self.resumes()
                    || matches!(self, Builtin::Suspend | Builtin::SwitchContinuation)
            }

            /// Whether it resumes a continuation, and returns two integers when that is suspended
            /// or over: see [`continuation`](super::continuation).
            pub const fn resumes(self) -> bool {
                matches!(
                    self,
                    Builtin::ResumeContinuation | Builtin::ResumeThrow | Builtin::ResumeThrowRef
                )
            }

            /// Where the code pointer stands in the array of builtins, in bytes.
            pub const fn offset(self) -> u32 {
                self as u32 * super::POINTER_SIZE
            }
        }
    };
    (@result) => { None };
    (@result $ty:ident) => { Some(BuiltinType::$ty) };
}

builtins! {
    /// `memory.grow`: the old size in pages, or -1. Indices of 32-bit memories are zero-extended.
    MemoryGrow memory_grow (memory: I32, delta: I64) -> I64;
    /// `memory.fill`.
    MemoryFill memory_fill (memory: I32, start: I64, value: I32, len: I64);
    /// `memory.copy`.
    MemoryCopy memory_copy (to_memory: I32, from_memory: I32, to: I64, from: I64, len: I64);
    /// `memory.init`.
    MemoryInit memory_init (memory: I32, data: I32, to: I64, from: I64, len: I64);
    /// `data.drop`.
    DataDrop data_drop (data: I32);
    /// `table.grow`: the old size in elements, or -1.
    TableGrow table_grow (table: I32, delta: I64, value: I64) -> I64;
    /// `table.fill`.
    TableFill table_fill (table: I32, start: I64, value: I64, len: I64);
    /// `table.copy`.
    TableCopy table_copy (to_table: I32, from_table: I32, to: I64, from: I64, len: I64);
    /// `table.init`.
    TableInit table_init (table: I32, elem: I32, to: I64, from: I64, len: I64);
    /// `elem.drop`.
    ElemDrop elem_drop (elem: I32);
    /// Fills in a table element that was not used yet, and returns what now stands there: the
    /// address of a function reference's record, never 0. The index is within bounds.
    TableGetLazy table_get_lazy (table: I32, index: I64) -> I64;
    /// `ref.func`: the address of the function's reference record.
    RefFunc ref_func (func: I32) -> I64;
    /// Out of fuel: returns after refuelling, or ends the computation.
    OutOfFuel out_of_fuel ();
    /// `f32.ceil`, for machines with no such instruction.
    CeilF32 ceil_f32 (x: F32) -> F32;
    /// `f64.ceil`, for machines with no such instruction.
    CeilF64 ceil_f64 (x: F64) -> F64;
    /// `f32.floor`, for machines with no such instruction.
    FloorF32 floor_f32 (x: F32) -> F32;
    /// `f64.floor`, for machines with no such instruction.
    FloorF64 floor_f64 (x: F64) -> F64;
    /// `f32.trunc`, for machines with no such instruction.
    TruncF32 trunc_f32 (x: F32) -> F32;
    /// `f64.trunc`, for machines with no such instruction.
    TruncF64 trunc_f64 (x: F64) -> F64;
    /// `f32.nearest`, for machines with no such instruction.
    NearestF32 nearest_f32 (x: F32) -> F32;
    /// `f64.nearest`, for machines with no such instruction.
    NearestF64 nearest_f64 (x: F64) -> F64;
    /// Fused multiply-add, for machines with no such instruction.
    FmaF32 fma_f32 (x: F32, y: F32, z: F32) -> F32;
    /// Fused multiply-add, for machines with no such instruction.
    FmaF64 fma_f64 (x: F64, y: F64, z: F64) -> F64;
    /// A function that was compiled to report calls is entered. Its arguments are at `values`, 16
    /// bytes each.
    FunctionEntered function_entered (func: I32, values: I64);
    /// A function that was compiled to report calls returns with the results at `values`, 16 bytes
    /// each; or, if `values` is 0, is about to make a tail call.
    FunctionLeft function_left (func: I32, values: I64);
    /// Copies bytes between native addresses; the two places may overlap. C's `memmove`.
    MoveBytes move_bytes (to: I64, from: I64, len: I64);
    /// Sets bytes at a native address. C's `memset`.
    FillBytes fill_bytes (to: I64, value: I32, len: I64);
    /// `throw`: throws an exception of the tag at an address, with the values at another, 16 bytes
    /// each. Does not return here, but at a handler. It is called in the `tail` convention, so that
    /// there can be handlers where it is called.
    Throw throw (tag: I64, values: I64);
    /// Keeps the exception that a handler was just entered with, so that it can be thrown again
    /// by the same call of the function, as long as it is in the handler. Handlers can be in each
    /// other: `depth` says how many are around this one.
    KeepException keep_exception (depth: I32);
    /// `rethrow`: throws the exception that was kept for the handler at this depth. It does not
    /// return, and is called as [`Throw`](Self::Throw) is.
    Rethrow rethrow (depth: I64);
    /// A new reference to the exception that a handler was just entered with, before anything else
    /// can be thrown.
    CaughtException caught_exception () -> I32;
    /// `throw_ref`, of an exception that is not null. It does not return, and is called as
    /// [`Throw`](Self::Throw) is.
    ThrowRef throw_ref (exception: I64);
    /// A new structure or array of a type of the module, all of whose bytes are zero but for the
    /// header and the length. Only arrays have elements.
    NewObject new_object (ty: I32, elements: I32) -> I32;
    /// `array.new_data`.
    ArrayNewData array_new_data (ty: I32, data: I32, from: I32, len: I32) -> I32;
    /// `array.new_elem`.
    ArrayNewElem array_new_elem (ty: I32, elem: I32, from: I32, len: I32) -> I32;
    /// `array.fill`, with a value that is in memory at an address, as it is in a buffer of results.
    ArrayFill array_fill (array: I32, start: I32, value: I64, len: I32);
    /// `array.copy`.
    ArrayCopy array_copy (to_array: I32, to: I32, from_array: I32, from: I32, len: I32);
    /// `array.init_data`.
    ArrayInitData array_init_data (data: I32, array: I32, to: I32, from: I32, len: I32);
    /// `array.init_elem`.
    ArrayInitElem array_init_elem (elem: I32, array: I32, to: I32, from: I32, len: I32);
    /// Whether the object with a header is of a type of the module or a subtype: 0 or 1. Moves
    /// nothing.
    IsSubtype is_subtype (header: I32, ty: I32) -> I32;
    /// The number that stands for a function in objects, which it gets now. The function is the
    /// address of its reference record, not null.
    FunctionNumber function_number (func: I64) -> I32;
    /// `memory.atomic.wait32`: waits as long as an `i32` is in memory, for at most so many
    /// nanoseconds, or forever if that is negative. 0 if it was woken, 1 if another value is there,
    /// 2 if the time is over.
    AtomicWait32 atomic_wait32 (memory: I32, address: I64, expected: I32, timeout: I64) -> I32;
    /// `memory.atomic.wait64`, as [`AtomicWait32`](Self::AtomicWait32) for an `i64`.
    AtomicWait64 atomic_wait64 (memory: I32, address: I64, expected: I64, timeout: I64) -> I32;
    /// `memory.atomic.notify`: wakes at most so many who wait at an address, and returns how many.
    AtomicNotify atomic_notify (memory: I32, address: I64, count: I32) -> I32;
    /// `cont.new`, of the function that a reference leads to, which is not null.
    NewContinuation new_continuation (func: I64) -> I32;
    /// A new object for a continuation, which has no record.
    ContinuationObject continuation_object () -> I32;
    /// `cont.bind`, of a continuation that is not null and was not used: `count` arguments are at
    /// an address, 16 bytes each. The type is that of the functions of such continuations.
    BindContinuation bind_continuation (continuation: I32, ty: I32, values: I64, count: I32) -> I32;
    /// Makes a continuation, by its record, ready to be resumed with arguments at an address; or
    /// says where else the arguments are to be written.
    PrepareContinuation prepare_continuation (record: I64, arguments: I64) -> I64;
    /// `resume`, of a record that is ready, with the place of its arguments and a list of handlers.
    ResumeContinuation resume_continuation (record: I64, arguments: I64, handlers: I64) -> I64;
    /// `resume_throw`, of a record, with a list of handlers, a tag, and the values of the exception
    /// at an address.
    ResumeThrow resume_throw (record: I64, handlers: I64, tag: I64, values: I64) -> I64;
    /// `resume_throw_ref`, with an exception that is not null.
    ResumeThrowRef resume_throw_ref (record: I64, handlers: I64, exception: I64) -> I64;
    /// `suspend`, with a tag, the place of the values (first of all the object of the
    /// continuation), and that object: returns the place of what it is resumed with.
    Suspend suspend (tag: I64, values: I64, continuation: I64) -> I64;
    /// `switch`, to a record that is ready, with the place of its arguments, an object for the
    /// continuation that is suspended, and a tag: returns as [`Suspend`](Self::Suspend) does.
    SwitchContinuation switch_continuation (record: I64, arguments: I64, continuation: I64, tag: I64) -> I64;
    /// Code that can be debugged has come to an operator where it is to stop: returns when it is to
    /// go on.
    DebugStop debug_stop ();
}
