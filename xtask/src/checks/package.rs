//! Each crate can be published.

use std::fs;
use std::path::Path;

use crate::manifest::CRATES;
use crate::shell::Shell;

/// How big a package may be, compressed, in bytes. This keeps test data out.
const MOST_BYTES: u64 = 600_000;

/// Packages all crates, and checks that they compile from their packages, each upon the others.
///
/// Cargo's own verification would do the same. But it builds all dependencies again, without
/// optimisation and including code generation. That takes several minutes for what the compiler has
/// checked already.
pub(crate) fn package(shell: &Shell) -> Result<(), String> {
    let selection: String = CRATES.iter().map(|name| format!(" --package {name}")).collect();
    let directory = shell.target_dir().join("package");
    let unpacked = directory.join("unpacked");
    remove(&directory)?;
    shell.run(&format!("cargo package --quiet --allow-dirty --no-verify{selection}"))?;

    fs::create_dir_all(&unpacked).map_err(|error| about(&unpacked, &error))?;
    for entry in fs::read_dir(&directory).map_err(|error| about(&directory, &error))? {
        let path = entry.map_err(|error| about(&directory, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "crate") {
            let size = fs::metadata(&path).map_err(|error| about(&path, &error))?.len();
            if size > MOST_BYTES {
                return Err(format!("{} has {size} bytes, more than {MOST_BYTES}", path.display()));
            }
            shell.run(&format!("tar -xzf '{}' -C '{}'", path.display(), unpacked.display()))?;
        }
    }
    write_workspace(shell, &unpacked)?;
    let manifest = unpacked.join("Cargo.toml");
    shell.run(&format!(
        "cargo check --quiet --workspace --all-features --manifest-path '{}' --target-dir '{}'",
        manifest.display(),
        shell.target_dir().display()
    ))?;

    for name in CRATES {
        if read(&shell.root().join(name).join("Cargo.toml"))?.contains("TODO") {
            return Err(format!("{name}/Cargo.toml still has a TODO"));
        }
    }
    Ok(())
}

/// Makes a workspace of the unpacked crates, in which each replaces the one of its name in the
/// registry. Dependencies have the versions and the profile of the project's own workspace.
fn write_workspace(shell: &Shell, unpacked: &Path) -> Result<(), String> {
    let mut members = String::new();
    let mut patches = String::new();
    for entry in fs::read_dir(unpacked).map_err(|error| about(unpacked, &error))? {
        let entry = entry.map_err(|error| about(unpacked, &error))?;
        let directory = entry.file_name().into_string().map_err(|name| format!("{name:?}"))?;
        let name = directory.rsplit_once('-').map_or(directory.as_str(), |(name, _)| name);
        if !CRATES.contains(&name) {
            return Err(format!("a package has the name {directory}, which no crate has"));
        }
        members += &format!("    \"{directory}\",\n");
        patches += &format!("{name} = {{ path = \"{directory}\" }}\n");
    }
    let profiles = profiles(&read(&shell.root().join("Cargo.toml"))?);
    let manifest = unpacked.join("Cargo.toml");
    let text = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n\
         [patch.crates-io]\n{patches}\n{profiles}"
    );
    fs::write(&manifest, text).map_err(|error| about(&manifest, &error))?;
    let lock = unpacked.join("Cargo.lock");
    fs::copy(shell.root().join("Cargo.lock"), &lock).map_err(|error| about(&lock, &error))?;
    Ok(())
}

/// The tables of a manifest that describe profiles.
fn profiles(manifest: &str) -> String {
    let mut inside = false;
    let mut found = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.starts_with("[profile.");
        }
        if inside {
            found += line;
            found.push('\n');
        }
    }
    found
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| about(path, &error))
}

fn remove(directory: &Path) -> Result<(), String> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(about(directory, &error)),
        _ => Ok(()),
    }
}

fn about(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::profiles;

    #[test]
    fn only_profiles_are_taken_over() {
        let manifest = "[workspace]\nmembers = []\n\n[profile.dev.package.\"*\"]\nopt-level = 2\n\n\
            [lints]\na = 1\n\n[profile.dev]\ndebug = 1\n";
        assert_eq!(
            profiles(manifest),
            "[profile.dev.package.\"*\"]\nopt-level = 2\n\n[profile.dev]\ndebug = 1\n"
        );
    }
}
