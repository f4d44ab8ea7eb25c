//! The checks by the names of their targets.

/// The names of the targets whose checks these features include.
pub const TARGETS: &[&str] = &[
    "validate",
    #[cfg(feature = "translate")]
    "translate",
    #[cfg(feature = "artifact-read")]
    "artifact_read",
    #[cfg(feature = "artifact-run")]
    "artifact_run",
    #[cfg(feature = "differential")]
    "differential",
    #[cfg(feature = "api")]
    "api",
    #[cfg(feature = "components")]
    "components",
    #[cfg(feature = "continuations")]
    "continuations",
    #[cfg(feature = "components")]
    "component_lift",
    #[cfg(feature = "components")]
    "component_parse",
];

/// The check of a target.
pub fn check_of(target: &str) -> Option<fn(&[u8])> {
    Some(match target {
        "validate" => crate::validate::check,
        #[cfg(feature = "translate")]
        "translate" => crate::translate::check,
        #[cfg(feature = "artifact-read")]
        "artifact_read" => crate::artifact_read::check,
        #[cfg(feature = "artifact-run")]
        "artifact_run" => crate::artifact_run::check,
        #[cfg(feature = "differential")]
        "differential" => crate::differential::check,
        #[cfg(feature = "api")]
        "api" => crate::api::check,
        #[cfg(feature = "components")]
        "components" => crate::components::check,
        #[cfg(feature = "continuations")]
        "continuations" => crate::continuations::check,
        #[cfg(feature = "components")]
        "component_lift" => crate::component_lift::check,
        #[cfg(feature = "components")]
        "component_parse" => crate::component_parse::check,
        _ => return None,
    })
}
