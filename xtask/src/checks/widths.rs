//! Texts and comments are wrapped.

use std::fs;

use crate::shell::Shell;

/// How many columns a line of text may have.
const COLUMNS: usize = 100;

/// Files that programs write, or whose tables are as wide as what is in them.
const WIDE: &[&str] = &["bench/RESULTS.md", "wasm-store/src/differences.rs"];

/// Reports each line of a text or a comment that is too wide and could be wrapped.
pub(crate) fn widths(shell: &Shell) -> Result<(), String> {
    let files = shell.output("git ls-files '*.md' '*.rs'")?;
    let mut wrong = Vec::new();
    for file in files.lines().filter(|file| !WIDE.contains(file)) {
        // A deleted file whose deletion is not committed yet has no text.
        let Ok(text) = fs::read_to_string(shell.root().join(file)) else { continue };
        let lines = too_wide(&text, file.ends_with(".rs"));
        wrong.extend(lines.into_iter().map(|line| format!("{file}:{line}")));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("these have more than {COLUMNS} columns: wrap them\n{}", wrong.join("\n")))
}

/// The numbers of lines that are too wide. Of code only comments are looked at: the rest is
/// rustfmt's.
fn too_wide(text: &str, is_code: bool) -> Vec<usize> {
    let mut found = Vec::new();
    let mut is_block = false;
    for (number, line) in text.lines().enumerate() {
        let prose = match line.trim_start().strip_prefix("//") {
            Some(comment) if is_code => comment.trim_start_matches(['/', '!']),
            None if is_code => {
                is_block = false;
                continue;
            }
            _ => line,
        };
        let prose = prose.trim_start();
        if prose.starts_with("```") {
            is_block = !is_block;
        }
        // Neither what is quoted as it is nor the row of a table can be wrapped.
        if !is_block && !prose.starts_with(['|', '#']) && is_wrappable(line, prose) {
            found.push(number + 1);
        }
    }
    found
}

/// Whether a line is too wide, and has a space where it could be wrapped.
fn is_wrappable(line: &str, prose: &str) -> bool {
    let width = line.chars().count();
    let start = width - prose.chars().count();
    let text = prose.trim_start_matches(|c: char| c.is_ascii_digit() || "-*. ".contains(c));
    let start = start + prose.chars().count() - text.chars().count();
    // A name in quotes is not taken apart.
    let mut is_quoted = false;
    width > COLUMNS
        && line.chars().enumerate().take(COLUMNS + 1).any(|(column, c)| {
            is_quoted ^= c == '`';
            column > start && c == ' ' && !is_quoted
        })
}

#[cfg(test)]
mod tests {
    use super::too_wide;

    #[test]
    fn text_that_could_be_wrapped_is_found() {
        let words = "word ".repeat(30);
        let name = "n".repeat(120);
        assert_eq!(too_wide(&format!("short\n{words}\n- {words}"), false), [2, 3]);
        assert_eq!(too_wide(&format!("let x = 1; // {words}\n    /// {words}"), true), [2]);
        assert_eq!(too_wide(&format!("| {words}\n# {words}\n{name} {name}"), false), [0_usize; 0]);
        assert_eq!(too_wide(&format!("```\n{words}\n```\n{words}"), false), [4]);
        assert_eq!(too_wide(&format!("// ```\n// {words}\n// ```\n// {words}"), true), [4]);
        assert_eq!(too_wide(&format!("- `{name} {name}` more"), false), [0_usize; 0]);
    }
}
