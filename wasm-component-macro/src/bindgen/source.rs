//! Where WIT comes from: files beside `Cargo.toml`, and what stands in the invocation.

use std::path::{Path, PathBuf};

use wit_parser_of_generator::{PackageId, Resolve};

use super::Options;

/// WIT that was read.
pub(super) struct Source {
    pub(super) resolve: Resolve,
    /// The packages in which the world is looked for.
    pub(super) packages: Vec<PackageId>,
    /// What was read.
    pub(super) files: Vec<PathBuf>,
}

/// Reads what the options name.
pub(super) fn read(options: &Options) -> Result<Source, String> {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let mut packages = Vec::new();
    let mut files = Vec::new();
    for path in paths(options)? {
        let (package, sources) =
            resolve.push_path(&path).map_err(|error| format!("{}: {error:?}", path.display()))?;
        packages.push(package);
        files.extend(sources.paths().map(Path::to_owned));
    }
    if let Some(inline) = &options.inline {
        let package = resolve.push_str("inline", inline).map_err(|error| format!("{error:?}"))?;
        packages = vec![package];
    }
    if packages.is_empty() {
        return Err(
            "there is no WIT: neither `path` nor `inline` is given, and there is no folder \
                    `wit` beside Cargo.toml"
                .to_owned(),
        );
    }
    Ok(Source { resolve, packages, files })
}

fn paths(options: &Options) -> Result<Vec<PathBuf>, String> {
    let root = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .ok_or("CARGO_MANIFEST_DIR is not set, so paths are relative to nothing")?;
    if options.paths.is_empty() {
        let default = root.join("wit");
        return Ok(if default.exists() { vec![default] } else { Vec::new() });
    }
    let absolute = |path: &String| {
        let path = root.join(path);
        // Errors name the file, whose name is shorter without `..`.
        std::fs::canonicalize(&path).unwrap_or(path)
    };
    Ok(options.paths.iter().map(absolute).collect())
}
