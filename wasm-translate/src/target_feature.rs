//! Extensions of the instruction set, allowed and forbidden by the names that people know.
//!
//! The code generator's settings for them have the same names behind `has_`, spelled without dots
//! and here and there with an underscore.

use cranelift_codegen::settings::SettingKind;

use crate::error::{Error, ErrorKind};
use crate::settings::Settings;

/// What the names of the settings that allow for an extension start with.
const PREFIX: &str = "has_";

impl Settings {
    /// Allows the code to use an extension of the instruction set, or forbids it. Its name is one
    /// of [`Settings::target_features`], or as `rustc` spells it: `avx2`, `sse4.1`, `avx512vl`.
    ///
    /// Later calls win, also over [`Settings::flag`].
    ///
    /// # Errors
    ///
    /// If the target has no such extension; the error lists those it has.
    pub fn target_feature(&mut self, name: &str, allow: bool) -> Result<&mut Self, Error> {
        let known = self.target_features()?;
        let Some(found) = known.iter().find(|known| same(known, name)) else {
            let message = format!(
                "{} has no target feature `{name}`; it has {}",
                self.target(),
                known.join(", ")
            );
            return Err(Error::new(ErrorKind::Target, message));
        };
        self.flag(&format!("{PREFIX}{found}"), if allow { "true" } else { "false" })
    }

    /// The names of the extensions of the target's instruction set that code can be allowed to use,
    /// sorted.
    ///
    /// # Errors
    ///
    /// None with settings that were made without one.
    pub fn target_features(&self) -> Result<Vec<String>, Error> {
        let settings = self.builder()?;
        let mut names: Vec<String> = settings
            .iter()
            .filter(|setting| setting.kind == SettingKind::Bool)
            .filter_map(|setting| setting.name.strip_prefix(PREFIX).map(String::from))
            .collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// Whether two names are the same but for case and punctuation.
fn same(a: &str, b: &str) -> bool {
    let letters = |name: &str| {
        name.chars().filter(|c| !".-_".contains(*c)).collect::<String>().to_lowercase()
    };
    letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_on(settings: &Settings, name: &str) -> bool {
        let isa = settings.isa().unwrap();
        isa.isa_flags().into_iter().any(|flag| flag.name == name && flag.as_bool() == Some(true))
    }

    #[test]
    fn features_are_switched_on_and_off() {
        let mut settings = Settings::for_target("x86_64-unknown-linux-gnu").unwrap();
        assert!(!is_on(&settings, "has_avx2") && is_on(&settings, "has_sse41"));
        settings.target_feature("avx2", true).unwrap().target_feature("sse4.1", false).unwrap();
        settings.target_feature("avxvnni", true).unwrap();
        assert!(is_on(&settings, "has_avx2") && !is_on(&settings, "has_sse41"));
        assert!(is_on(&settings, "has_avx_vnni"));
        settings.target_feature("avx2", false).unwrap();
        assert!(!is_on(&settings, "has_avx2"));
    }

    #[test]
    fn unknown_features_are_named_with_those_there_are() {
        for (target, known) in [
            ("x86_64-unknown-linux-gnu", "avx, avx2, avx512bitalg"),
            ("aarch64-unknown-linux-gnu", "lse"),
            ("riscv64gc-unknown-linux-gnu", "zbb"),
            ("s390x-unknown-linux-gnu", "mie3"),
        ] {
            let mut settings = Settings::for_target(target).unwrap();
            for name in ["teleport", "", "has_avx2", "skylake"] {
                let error = settings.target_feature(name, true).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Target);
                let message = error.to_string();
                for part in [target, &format!("`{name}`"), known] {
                    assert!(message.contains(part), "{part}: {message}");
                }
            }
        }
    }
}
