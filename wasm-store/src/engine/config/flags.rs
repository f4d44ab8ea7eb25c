//! Settings of the code generator by its own names.

use super::Config;

/// The settings of Wasmtime's own compiler that are given as those of Cranelift are.
const WASMTIME_FLAGS: &[&str] = &[
    "wasmtime_debug_checks",
    "wasmtime_inlining_small_callee_size",
    "wasmtime_inlining_sum_size_threshold",
    "wasmtime_linkopt_force_jump_veneer",
    "wasmtime_linkopt_padding_between_functions",
];

/// Settings of the code generator that keep wrong guesses of the processor from reading what is
/// beyond a memory or a table. One setting stands for both, so it is off only if both are.
const SPECTRE_FLAGS: [&str; 2] =
    ["enable_heap_access_spectre_mitigation", "enable_table_access_spectre_mitigation"];

impl Config {
    /// Switches a setting of the code generator on.
    ///
    /// Default: what suits the target. The settings that matter for speed have setters of their
    /// own.
    ///
    /// # Safety
    ///
    /// Settings can change what the code assumes about the machine and about the run-time. The
    /// caller answers for it that they fit.
    #[allow(unsafe_code, reason = "the caller takes a promise about generated code on themselves")]
    pub unsafe fn cranelift_flag_enable(&mut self, flag: &str) -> &mut Self {
        // SAFETY: as the caller promises.
        unsafe { self.cranelift_flag_set(flag, "true") }
    }

    /// Gives a setting of the code generator a value.
    ///
    /// Default: what suits the target.
    ///
    /// The names by which Wasmtime steers its own compiler, as
    /// `wasmtime_inlining_small_callee_size`, are accepted and have no effect.
    /// `enable_heap_access_spectre_mitigation` and `enable_table_access_spectre_mitigation` are on
    /// by default, and off if both are set to `false`.
    ///
    /// # Safety
    ///
    /// As for [`Config::cranelift_flag_enable`].
    #[allow(unsafe_code, reason = "the caller takes a promise about generated code on themselves")]
    pub unsafe fn cranelift_flag_set(&mut self, name: &str, value: &str) -> &mut Self {
        if WASMTIME_FLAGS.contains(&name) {
            return self;
        }
        if let Some(place) = SPECTRE_FLAGS.iter().position(|flag| *flag == name)
            && let Some(is_on) = switch(value)
        {
            self.spectre_mitigations[place] = is_on;
            let is_on = self.spectre_mitigations.contains(&true);
            self.request.tunables.spectre_mitigation = is_on;
            return self;
        }
        self.request.flags.push((name.to_string(), value.to_string()));
        self
    }
}

/// What a switch of the code generator's is set to, by one of the words that it takes for that.
fn switch(value: &str) -> Option<bool> {
    match value {
        "true" | "on" | "yes" | "1" => Some(true),
        "false" | "off" | "no" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(unsafe_code, reason = "nothing is compiled")]
    fn guesses_are_not_mitigated_only_if_no_flag_wants_it() {
        for (values, expected) in [
            (["true", "true"], true),
            (["true", "false"], true),
            (["false", "true"], true),
            (["false", "false"], false),
            (["off", "0"], false),
            (["no", "yes"], true),
        ] {
            let mut config = Config::new();
            for (flag, value) in SPECTRE_FLAGS.iter().zip(values) {
                // SAFETY: code is the same but for what it does after wrong guesses.
                unsafe { config.cranelift_flag_set(flag, value) };
            }
            assert_eq!(config.tunables().spectre_mitigation, expected, "{values:?}");
            assert!(config.request.flags.is_empty());
        }
    }
}
