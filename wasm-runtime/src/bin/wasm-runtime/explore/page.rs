//! The page: two columns, and a script that marks on one side what belongs to the other.

use std::fmt::Write;

use crate::disassemble::Function;

/// How the page looks, in light and in dark.
const STYLE: &str = "\
:root { color-scheme: light dark; }
body { margin: 0; font: 13px/1.4 monospace; display: grid; height: 100vh;
  grid: auto minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr); }
header { grid-column: 1 / 3; padding: 6px 10px; border-bottom: 1px solid #8886; }
main { overflow: auto; padding: 6px 0; }
main + main { border-left: 1px solid #8886; }
div { white-space: pre; padding: 0 10px; }
h1, h2 { font: inherit; font-weight: bold; margin: 12px 10px 2px; }
h1 { text-decoration: underline; }
[data-at] { cursor: pointer; }
.marked { background: #fc06; }
";

/// What the page does.
const SCRIPT: &str = "\
const places = new Map();
for (const line of document.querySelectorAll('[data-at]')) {
  const at = line.dataset.at;
  if (!places.has(at)) places.set(at, []);
  places.get(at).push(line);
}
const under = event => event.target.closest('[data-at]');
const mark = (event, on) => {
  for (const line of places.get(under(event)?.dataset.at) ?? []) line.classList.toggle('marked', on);
};
document.addEventListener('mouseover', event => mark(event, true));
document.addEventListener('mouseout', event => mark(event, false));
document.addEventListener('click', event => {
  const line = under(event);
  const side = line?.closest('main');
  const other = places.get(line?.dataset.at)?.find(place => place.closest('main') !== side);
  other?.scrollIntoView({ block: 'center' });
});
";

/// The page, while modules are added to it.
pub(super) struct Page {
    name: String,
    wasm: String,
    code: String,
    modules: usize,
}

impl Page {
    pub(super) fn new(name: &str) -> Self {
        let (wasm, code) = (String::new(), String::new());
        Self { name: escaped(name), wasm, code, modules: 0 }
    }

    /// Adds a module, with a title if it is one of several. `place` says which offset in the module
    /// an instruction comes from.
    pub(super) fn add<'t>(
        &mut self,
        title: &str,
        lines: impl Iterator<Item = (Option<u64>, &'t str)>,
        functions: &[Function],
        place: impl Fn(u32) -> Option<u32>,
    ) {
        let module = if title.is_empty() { String::new() } else { format!("{}-", self.modules) };
        self.modules += 1;
        if !title.is_empty() {
            for side in [&mut self.wasm, &mut self.code] {
                let _ = writeln!(side, "<h1>{}</h1>", escaped(title));
            }
        }
        for (offset, line) in lines {
            push(&mut self.wasm, &module, offset, line.trim_end_matches('\n'));
        }
        for function in functions {
            let name = function.name.as_deref().unwrap_or("no name");
            let _ = writeln!(self.code, "<h2>function {} ({})</h2>", function.index, escaped(name));
            for instruction in &function.instructions {
                let line = format!("{:8x}  {}", instruction.offset, instruction.text);
                push(&mut self.code, &module, place(instruction.offset).map(u64::from), &line);
            }
        }
    }

    /// The whole page.
    pub(super) fn finish(self, target: &str) -> String {
        let (Self { name, wasm, code, .. }, target) = (self, escaped(target));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
             <style>\n{STYLE}</style>\n<header>{name}, compiled for {target}</header>\n\
             <main id=\"wasm\">\n{wasm}</main>\n<main id=\"code\">\n{code}</main>\n\
             <script>\n{SCRIPT}</script>\n</html>\n"
        )
    }
}

/// Adds a line, with the module and the offset in it that it belongs to.
fn push(page: &mut String, module: &str, offset: Option<u64>, line: &str) {
    let line = escaped(line);
    let _ = match offset {
        Some(offset) => writeln!(page, "<div data-at=\"{module}{offset}\">{line}</div>"),
        None => writeln!(page, "<div>{line}</div>"),
    };
}

/// Text as a page can hold it: names of a module are anything.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' => escaped.push('\t'),
            // What would hide text or turn it around.
            other
                if other.is_control()
                    || matches!(other, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(other));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disassemble::Instruction;

    #[test]
    fn lines_and_code_have_the_same_places() {
        let instruction = Instruction { offset: 16, bytes: vec![0xc3], text: "ret".to_owned() };
        let name = Some("</main><script>alert(1)</script>".to_owned());
        let function = Function { index: 3, name, instructions: vec![instruction] };
        let lines = [(None, "(module\n"), (Some(40), "  (func $\"<b>\"\n")];
        let mut page = Page::new("a\"b");
        page.add("", lines.into_iter(), &[function], |offset| Some(offset + 24));
        let page = page.finish("x");
        assert!(
            page.contains("<div data-at=\"40\">  (func $&quot;&lt;b&gt;&quot;</div>"),
            "{page}"
        );
        assert!(page.contains("<div data-at=\"40\">      10  ret</div>"), "{page}");
        assert!(page.contains("<title>a&quot;b</title>"), "{page}");
        // There is no script but its own.
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("<b>"));
    }
}
