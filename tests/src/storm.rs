//! Random programs of continuations, compared with a model of them.
//!
//! A program is functions from an integer to an integer, that share a few places for continuations.
//! The model has frames and stacks as lists, and does what the proposal says. Programs run in calls
//! that wait, too, each poll of which may be on another thread, and some of which are dropped.

#[path = "storm/model.rs"]
mod model;
#[path = "storm/program.rs"]
mod program;
#[path = "storm/run.rs"]
mod run;
#[path = "storm/text.rs"]
mod text;

pub use model::Outcome;
pub use program::{Choices, Program, Random};
pub use run::{After, Plan, Polls, ready};
