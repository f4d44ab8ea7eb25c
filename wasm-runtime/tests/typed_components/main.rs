//! Components used through static types: what is passed comes back as it was, whatever its type is;
//! types that do not match are refused; and guests that lie, trap or call back do no harm.

#![allow(unreachable_pub, reason = "what bindings name is as public as they are")]

mod bindings;
mod echo;
mod examples;
mod generated;
mod hostile;
mod mismatches;
mod random;
mod round_trips;
mod types;
