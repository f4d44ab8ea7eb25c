//! Whether functions are put in place of calls of them.

use std::str::FromStr;

use super::Config;
use crate::error::{Error, Result};

/// What is inlined: see [`Config::compiler_inlining`](crate::Config::compiler_inlining). Nothing is
/// inlined into another module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Inlining {
    /// Whatever is worth it.
    Yes,
    /// Calls between modules, and within those with garbage collection.
    InterModuleAndIntraGc,
    /// Calls between modules.
    InterModule,
    /// Intrinsics.
    Intrinsics,
    /// Nothing.
    No,
}

impl FromStr for Inlining {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "y" | "yes" | "true" => Self::Yes,
            "n" | "no" | "false" => Self::No,
            "gc" => Self::InterModuleAndIntraGc,
            "inter-module" => Self::InterModule,
            "intrinsics" => Self::Intrinsics,
            _ => crate::bail!(
                "`{text}` does not say what to inline: it is one of yes, no, gc, inter-module and intrinsics"
            ),
        })
    }
}

impl Inlining {
    /// Whether functions are put in place of calls within a module, which has a garbage-collected
    /// heap or not.
    pub fn is_on(self, has_objects: bool) -> bool {
        match self {
            Self::Yes => true,
            Self::InterModuleAndIntraGc => has_objects,
            Self::InterModule | Self::Intrinsics | Self::No => false,
        }
    }
}

impl Config {
    /// Whether functions are put in place of calls of them, where that is worth it.
    ///
    /// Default: [`Inlining::Yes`]. Backtraces, traps and fuel are the same either way; compiling
    /// takes a little longer, and code that calls much is faster. Functions with hooks
    /// ([`Config::function_hooks`](crate::Config::function_hooks)) are always called. Without
    /// effect with [`OptLevel::None`](crate::OptLevel::None).
    pub fn compiler_inlining(&mut self, inlining: Inlining) -> &mut Self {
        self.request.inlining = inlining;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    #[test]
    fn what_was_set_can_be_asked_for() -> Result<()> {
        let mut config = Config::new();
        assert_eq!(Engine::new(&config)?.get_compiler_inlining(), Inlining::Yes);
        config.compiler_inlining("gc".parse()?);
        let found = Engine::new(&config)?.get_compiler_inlining();
        assert_eq!(found, Inlining::InterModuleAndIntraGc);
        assert!(found.is_on(true) && !found.is_on(false));
        assert!("maybe".parse::<Inlining>().is_err());
        Ok(())
    }
}
