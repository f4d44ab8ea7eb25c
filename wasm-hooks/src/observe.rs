//! Ready-made observers: what they gather, and the files they write. They know no store: code that
//! knows one notifies them of calls and samples.
//!
//! | observer | is notified | writes |
//! |---|---|---|
//! | [`CallCounts`] | of entries and exits of functions | a table of calls and times |
//! | [`Samples`] | of stacks, now and then | [folded stacks](Samples::write_folded), a [profile](FirefoxProfile) for the Firefox Profiler |
//! | [`Coverage`] | of entries of functions | a tracefile of LCOV |
//! | [`CallLine`] | of one entry or exit | a line |
//!
//! They identify functions by numbers, which a [`FunctionNames`] gives out.

mod clock;
mod counts;
mod coverage;
mod firefox;
mod functions;
mod json;
mod line;
mod samples;
#[cfg(feature = "dwarf")]
mod source;
#[cfg(feature = "tracing")]
mod spans;
mod text;

pub use clock::{Clock, Moment, WallClock};
pub use counts::{CallCounts, CallTotals};
pub use coverage::{Coverage, CoveredModule};
pub use firefox::FirefoxProfile;
pub use functions::{FunctionId, FunctionKey, FunctionNames};
pub use line::{CallLine, CallSide};
pub use samples::{SampledFrame, Samples};
#[cfg(feature = "dwarf")]
pub use source::{SourceLines, SourceLinesError};
#[cfg(feature = "tracing")]
pub use spans::TARGET as TRACING_TARGET;
