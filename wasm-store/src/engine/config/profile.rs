//! The settings about profiles that code is compiled with.

use std::sync::Arc;

use wasm_types::profile::Profile;

use crate::engine::Config;

impl Config {
    /// Whether modules are compiled to count how often their code runs, for
    /// [`Module::profile`](crate::Module::profile).
    ///
    /// Default: no.
    ///
    /// Such code does the same as other code, and takes longer: it counts the entries of functions,
    /// the rounds of loops, one way of each branch, and the targets of calls through tables and
    /// references. Nothing is inlined in it. Artifacts that were compiled with this setting run in
    /// any engine, and count there.
    pub fn gather_profile(&mut self, enable: bool) -> &mut Self {
        self.request.tunables.gathers_profile = enable;
        self
    }

    /// Compiles modules for what they did when a profile was gathered: code that hardly ran stands
    /// aside, what ran together stands together, calls that are made often are replaced by what
    /// they call, and calls through tables that nearly always lead to one function look for that
    /// one first.
    ///
    /// Default: no profile.
    ///
    /// Code does the same with any profile, traps and backtraces included; only its speed depends
    /// on it. A profile names the modules that it is of by their code. An engine compiles other
    /// modules as well, and compiles those without: so a profile of an older version of a module is
    /// left aside, and is no error here. [`Profile::modules`] says what it is of.
    pub fn profile(&mut self, profile: Profile) -> &mut Self {
        self.request.profile = Some(Arc::new(profile));
        self
    }
}
