//! Which calls a hook is notified of.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::CallDirection;

/// A function that can be called, as filters see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CallTarget<'a> {
    /// Which way the call goes.
    pub direction: CallDirection,
    /// For a function of the host, the module name that it is imported under; for one of Wasm, the
    /// name of its module. `None` if there is none.
    pub module: Option<&'a str>,
    /// For a function of the host, the name that it is imported under; for one of Wasm, its name in
    /// the name section. `None` if there is none.
    pub name: Option<&'a str>,
    /// The names that a Wasm function is exported under by its module.
    pub exports: &'a [&'a str],
}

impl<'a> CallTarget<'a> {
    /// A function without any names.
    pub const fn new(direction: CallDirection) -> Self {
        Self { direction, module: None, name: None, exports: &[] }
    }

    /// A function of the host that Wasm imports under these names and calls.
    pub const fn import(module: &'a str, name: &'a str) -> Self {
        Self { module: Some(module), name: Some(name), ..CallTarget::new(CallDirection::ToHost) }
    }

    /// A function that the host calls and that a module exports under these names.
    pub const fn exported(exports: &'a [&'a str]) -> Self {
        Self { exports, ..CallTarget::new(CallDirection::ToWasm) }
    }
}

type Predicate = dyn Fn(&CallTarget<'_>) -> bool + Send + Sync;

/// What a filter lets through. A call has to match only one rule.
#[derive(Clone)]
enum Rule {
    Direction(CallDirection),
    Import { module: Box<str>, name: Option<Box<str>> },
    Export(Box<str>),
    Matching(Arc<Predicate>),
}

/// Which calls a hook is notified of: those that any of the rules lets through.
///
/// A store queries its filters once for each function: when an import is bound, when a function
/// becomes known, or when a hook is set. It does not query them when a function is called.
///
/// ```
/// use wasm_hooks::{CallDirection, CallFilter, CallTarget};
///
/// let filter = CallFilter::none()
///     .import("env", "log")
///     .imports_of("wasi_snapshot_preview1")
///     .matching(|target| target.module.is_some_and(|module| module.starts_with("debug_")));
/// assert!(filter.selects(&CallTarget::import("env", "log")));
/// assert!(filter.selects(&CallTarget::import("wasi_snapshot_preview1", "fd_write")));
/// assert!(filter.selects(&CallTarget::import("debug_heap", "dump")));
/// assert!(!filter.selects(&CallTarget::import("env", "abort")));
/// assert!(CallFilter::to_wasm().selects_all(CallDirection::ToWasm));
/// ```
#[derive(Clone, Default)]
pub struct CallFilter {
    rules: Vec<Rule>,
}

impl CallFilter {
    /// A filter that lets nothing through, to add rules to.
    pub fn none() -> Self {
        Self::default()
    }

    /// All calls.
    pub fn all() -> Self {
        Self { rules: CallDirection::ALL.map(Rule::Direction).into() }
    }

    /// All calls from the host to Wasm.
    pub fn to_wasm() -> Self {
        Self::none().with(Rule::Direction(CallDirection::ToWasm))
    }

    /// All calls from Wasm to the host.
    pub fn to_host() -> Self {
        Self::none().with(Rule::Direction(CallDirection::ToHost))
    }

    /// Also lets calls through of the host function that is imported under these names.
    pub fn import(self, module: &str, name: &str) -> Self {
        self.with(Rule::Import { module: module.into(), name: Some(name.into()) })
    }

    /// Also lets calls through of host functions that are imported from a module of this name.
    pub fn imports_of(self, module: &str) -> Self {
        self.with(Rule::Import { module: module.into(), name: None })
    }

    /// Also lets calls from the host through, of Wasm functions that their module exports under
    /// this name.
    pub fn export(self, name: &str) -> Self {
        self.with(Rule::Export(name.into()))
    }

    /// Also lets calls through of functions for which the predicate returns `true`.
    pub fn matching(
        self,
        predicate: impl Fn(&CallTarget<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(Rule::Matching(Arc::new(predicate)))
    }

    fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Whether calls of this function are let through.
    pub fn selects(&self, target: &CallTarget<'_>) -> bool {
        self.rules.iter().any(|rule| match rule {
            Rule::Direction(direction) => target.direction == *direction,
            Rule::Import { module, name } => {
                target.direction == CallDirection::ToHost
                    && target.module == Some(module)
                    && (name.is_none() || target.name == name.as_deref())
            }
            Rule::Export(name) => {
                target.direction == CallDirection::ToWasm && target.exports.contains(&&**name)
            }
            Rule::Matching(predicate) => predicate(target),
        })
    }

    /// Whether all calls in this direction are let through, so that single functions need no query.
    pub fn selects_all(&self, direction: CallDirection) -> bool {
        self.rules.iter().any(|rule| matches!(rule, Rule::Direction(all) if *all == direction))
    }

    /// Whether no call in this direction is let through, whatever it calls.
    pub fn selects_none(&self, direction: CallDirection) -> bool {
        self.rules.iter().all(|rule| match rule {
            Rule::Direction(other) => *other != direction,
            Rule::Import { .. } => direction != CallDirection::ToHost,
            Rule::Export(_) => direction != CallDirection::ToWasm,
            Rule::Matching(_) => false,
        })
    }
}

impl fmt::Debug for CallFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rules).finish()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Direction(direction) => write!(f, "{direction:?}"),
            Rule::Import { module, name: Some(name) } => write!(f, "import `{module}::{name}`"),
            Rule::Import { module, name: None } => write!(f, "imports of `{module}`"),
            Rule::Export(name) => write!(f, "export `{name}`"),
            Rule::Matching(_) => f.write_str("a predicate"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn names_are_those_of_their_direction() {
        let filter = CallFilter::none().import("env", "f").export("run");
        assert!(filter.selects(&CallTarget::import("env", "f")));
        assert!(!filter.selects(&CallTarget::import("env", "g")));
        assert!(!filter.selects(&CallTarget::import("other", "f")));
        assert!(filter.selects(&CallTarget::exported(&["other", "run"])));
        assert!(!filter.selects(&CallTarget::exported(&["f"])));
        let backwards = CallTarget { exports: &["run"], ..CallTarget::new(CallDirection::ToHost) };
        assert!(!filter.selects(&backwards));
        assert!(!filter.selects(&CallTarget::new(CallDirection::ToWasm)));
    }

    #[test]
    fn directions_that_need_no_query_are_known() {
        use CallDirection::{ToHost, ToWasm};
        let cases = [
            (CallFilter::all(), [true, true], [false, false]),
            (CallFilter::none(), [false, false], [true, true]),
            (CallFilter::to_wasm(), [true, false], [false, true]),
            (CallFilter::to_host(), [false, true], [true, false]),
            (CallFilter::none().imports_of("env"), [false, false], [true, false]),
            (CallFilter::none().export("run"), [false, false], [false, true]),
            (CallFilter::none().matching(|_| false), [false, false], [false, false]),
        ];
        for (filter, all, none) in cases {
            assert_eq!([ToWasm, ToHost].map(|way| filter.selects_all(way)), all, "{filter:?}");
            assert_eq!([ToWasm, ToHost].map(|way| filter.selects_none(way)), none, "{filter:?}");
        }
    }

    #[test]
    fn a_filter_says_what_it_lets_through() {
        let filter = CallFilter::to_wasm().import("env", "f").imports_of("wasi").matching(|_| true);
        let text = "[ToWasm, import `env::f`, imports of `wasi`, a predicate]";
        assert_eq!(format!("{filter:?}"), text);
    }
}
