//! Continuations, as compiled code reaches into them.
//!
//! A continuation is an object of the [heap](super::heap) with the number [`TYPE`] and the pointer
//! to a **record** of the store at [`RECORD`], null if the continuation was used. Whoever resumes
//! one, or binds arguments to it, sets the pointer to null.
//!
//! **Resuming.** If the record has something other than 0 at [`NEEDS`],
//! [`Builtin::PrepareContinuation`](super::Builtin::PrepareContinuation) is called, with a place
//! for the arguments, and returns where they are to be written instead; the record's [`ARGUMENTS`]
//! is where all of them start then. Arguments take 16 bytes each, as in a buffer of results. What
//! resumes ([`Builtin::ResumeContinuation`](super::Builtin::ResumeContinuation) and others) is
//! called in the `tail` convention, but preserves no registers (so it is called by instructions
//! with a table of handlers, which may be empty), and returns two integers: what has happened, and
//! where values are. With [`RETURNED`] these are the results of the continuation's function. Any
//! other number is that of a handler, counted from 1: the values are a reference to the
//! continuation, and what it was suspended with. The values are to be read before anything else is
//! called.
//!
//! **Handlers** are a list in the frame of whoever resumes: how many tags are handled by a label,
//! `u32`, how many by a switch, `u32`, and the pointers to the tags, in this order.
//!
//! **Suspending** is the same the other way round. The code makes an object for the continuation
//! and writes it with the values into its frame; it gets a pointer to what it is resumed with.

/// The number that each store has for the type of continuations.
pub const TYPE: u32 = 1;

/// Where an object has the pointer to its record.
pub const RECORD: u32 = 8;

/// The size of an object, in bytes.
pub const SIZE: u32 = 16;

/// In a record: `u32`, 0 if it can be resumed as it is.
pub const NEEDS: u32 = 48;

/// In a record: a pointer to where its arguments start, after it was prepared.
pub const ARGUMENTS: u32 = 56;

/// Where a list of handlers has the number of tags that are handled by a label.
pub const LABELS: u32 = 0;

/// Where a list of handlers has the number of tags that are handled by a switch.
pub const SWITCHES: u32 = 4;

/// Where a list of handlers has the first tag.
pub const TAGS: u32 = 8;

/// What has happened to a continuation whose function has returned.
pub const RETURNED: u32 = 0;
