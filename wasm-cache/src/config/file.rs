//! Settings read from a file: the part of TOML that they need, and nothing else.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{CacheConfig, location};
use crate::error::Error;

/// The only table in the file.
const TABLE: &str = "[cache]";

/// Reads settings from a file, or from this user's file if no path is given.
pub(super) fn read(path: Option<&Path>) -> Result<CacheConfig, Error> {
    let default = match path {
        Some(_) => None,
        None => location::config_file(),
    };
    let Some(file) = path.or(default.as_deref()) else { return Ok(CacheConfig::new()) };
    match fs::read_to_string(file) {
        Ok(text) => parse(&text, file),
        // Nobody has to have a file of settings. But if a path is given, the file must exist.
        Err(error) if path.is_none() && error.kind() == ErrorKind::NotFound => {
            Ok(CacheConfig::new())
        }
        Err(error) => Err(Error::io("read the settings of the cache in", file, error)),
    }
}

fn parse(text: &str, path: &Path) -> Result<CacheConfig, Error> {
    let mut config = CacheConfig::new();
    let mut in_table = false;
    let mut seen = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let wrong = |reason: String| Error::config(path, index + 1, reason);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            if without_comment(line) != TABLE {
                return Err(wrong(format!("`{line}`: the only table is `{TABLE}`")));
            }
            in_table = true;
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(wrong(format!("`{line}` is not of the form `name = value`")));
        };
        let name = name.trim();
        if !in_table {
            return Err(wrong(format!("`{name}` must stand below `{TABLE}`")));
        }
        if seen.contains(&name) {
            return Err(wrong(format!("`{name}` stands there twice")));
        }
        seen.push(name);
        let value = value_of(value.trim()).map_err(&wrong)?;
        set(&mut config, name, &value).map_err(&wrong)?;
    }
    Ok(config)
}

fn set(config: &mut CacheConfig, name: &str, value: &str) -> Result<(), String> {
    match name {
        "directory" if Path::new(value).is_absolute() => {
            config.with_directory(value);
        }
        "directory" => return Err(format!("the directory `{value}` is not an absolute path")),
        "files-total-size-soft-limit" => {
            config.with_files_total_size_soft_limit(number(value)?);
        }
        "file-count-soft-limit" => {
            config.with_file_count_soft_limit(number(value)?);
        }
        _ => {
            return Err(format!(
                "there is no setting `{name}`; there are: directory, files-total-size-soft-limit, \
                 file-count-soft-limit"
            ));
        }
    }
    Ok(())
}

/// A string in quotes of either kind, or otherwise everything up to a comment.
fn value_of(text: &str) -> Result<String, String> {
    let Some(quote) = text.chars().next().filter(|first| "\"'".contains(*first)) else {
        return Ok(without_comment(text).to_owned());
    };
    let Some((value, rest)) = text[1..].split_once(quote) else {
        return Err(format!("the string {text} does not end"));
    };
    if quote == '"' && value.contains('\\') {
        return Err(format!(
            "escapes are not understood in {text}: put the string in single quotes"
        ));
    }
    if !without_comment(rest).is_empty() {
        return Err(format!("`{}` stands after the string", without_comment(rest)));
    }
    Ok(value.to_owned())
}

fn without_comment(text: &str) -> &str {
    text.split('#').next().unwrap_or_default().trim()
}

/// A number, which may have a unit.
fn number(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("K", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("", 1),
    ];
    let unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    // The last unit is the empty string, which every text ends with.
    let (digits, factor) = unit.unwrap_or((text, &1));
    let digits = digits.trim().replace('_', "");
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*factor))
        .ok_or_else(|| format!("`{text}` is not a number such as `4096`, `64Mi` or `1G`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<CacheConfig, String> {
        parse(text, Path::new("cache.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_read() {
        let text = "# A comment.\n\n[cache] # the table\ndirectory = \"/x # y\" # a comment\n\
                    files-total-size-soft-limit = '64Mi'\nfile-count-soft-limit = 1_000 # many\n";
        let mut wanted = CacheConfig::new();
        wanted.with_directory("/x # y").with_files_total_size_soft_limit(64 << 20);
        wanted.with_file_count_soft_limit(1000);
        assert_eq!(parsed(text), Ok(wanted));
        assert_eq!(parsed(""), Ok(CacheConfig::new()));
        assert_eq!(parsed("[cache]"), Ok(CacheConfig::new()));
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, line, reason) in [
            ("directory = '/x'", 1, "below `[cache]`"),
            ("[other]", 1, "only table"),
            ("[cache]\n\ndirectory", 3, "name = value"),
            ("[cache]\ndirectory = 'x'", 2, "absolute"),
            ("[cache]\ndirectory = '/x", 2, "does not end"),
            ("[cache]\ndirectory = \"/\\n\"", 2, "single quotes"),
            ("[cache]\ndirectory = '/x' y", 2, "after the string"),
            ("[cache]\nenabled = true", 2, "no setting `enabled`"),
            ("[cache]\nfile-count-soft-limit = -1", 2, "`-1` is not a number"),
            ("[cache]\nfile-count-soft-limit = 99999999999G", 2, "not a number"),
            ("[cache]\nfile-count-soft-limit = ", 2, "not a number"),
            ("[cache]\nfile-count-soft-limit = 1\nfile-count-soft-limit = 2", 3, "twice"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.starts_with(&format!("cache.toml:{line}: ")), "{text}: {error}");
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn numbers_have_units() {
        for (text, wanted) in [("7", 7), ("7K", 7000), ("7 Ki", 7 << 10), ("3Gi", 3 << 30)] {
            assert_eq!(number(text), Ok(wanted), "{text}");
        }
    }
}
