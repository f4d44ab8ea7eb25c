//! Where this user's directories are, according to the XDG Base Directory Specification.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The name of this project's directories.
const NAME: &str = "wasm-runtime";

/// This user's directory for the cache.
pub(super) fn cache_directory() -> Option<PathBuf> {
    base(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"), ".cache")
}

/// This user's file of settings.
pub(super) fn config_file() -> Option<PathBuf> {
    let base = base(env::var_os("XDG_CONFIG_HOME"), env::var_os("HOME"), ".config")?;
    Some(base.join("cache.toml"))
}

/// The specification requires that relative paths are ignored.
fn base(own: Option<OsString>, home: Option<OsString>, below_home: &str) -> Option<PathBuf> {
    let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let base = match own.and_then(absolute) {
        Some(own) => own,
        None => home.and_then(absolute)?.join(below_home),
    };
    Some(base.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_are_ignored() {
        let base = |own: Option<&str>, home: Option<&str>| {
            base(own.map(OsString::from), home.map(OsString::from), ".cache")
        };
        assert_eq!(base(Some("/x"), Some("/h")), Some("/x/wasm-runtime".into()));
        assert_eq!(base(None, Some("/h")), Some("/h/.cache/wasm-runtime".into()));
        assert_eq!(base(Some("x"), Some("/h")), Some("/h/.cache/wasm-runtime".into()));
        assert_eq!(base(Some(""), Some("/h")), Some("/h/.cache/wasm-runtime".into()));
        assert_eq!(base(Some("x"), Some("h")), None);
        assert_eq!(base(None, None), None);
    }
}
