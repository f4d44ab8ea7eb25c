//! Which functions were called: tracefiles of LCOV.

use std::collections::{BTreeMap, HashSet};
use std::format;
use std::io;
use std::string::String;
use std::vec::Vec;

use super::text::plain;

/// Counts how often functions were entered, and lists those that never were.
///
/// It writes tracefiles as `lcov` and `genhtml` read them (geninfo(1), "TRACE FILE FORMAT"). They
/// have the coverage of functions: of lines, only those are listed that functions begin at.
/// [`set_source`](Coverage::set_source) sets where a function begins in the source. For other
/// functions, the "source file" is the module, and the "line" is the index in the module plus one.
///
/// ```
/// use wasm_hooks::observe::Coverage;
///
/// let mut coverage = Coverage::default();
/// let module = coverage.add_module("app.wasm", [(0, "main".into()), (1, "unused".into())]);
/// coverage.hit(module, 0);
/// let mut tracefile = Vec::new();
/// coverage.write_lcov("", &mut tracefile)?;
/// assert!(String::from_utf8_lossy(&tracefile).contains("FNDA:0,unused\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default, Debug)]
pub struct Coverage {
    modules: Vec<Module>,
}

/// A module whose functions are counted: see [`Coverage::add_module`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CoveredModule(usize);

#[derive(Clone, Debug)]
struct Module {
    name: String,
    functions: BTreeMap<u32, Function>,
}

#[derive(Clone, Debug)]
struct Function {
    name: String,
    calls: u64,
    /// The file and the line.
    source: Option<(String, u32)>,
}

impl Coverage {
    /// Adds a module with all functions that can be counted: their indices and names.
    ///
    /// Tracefiles distinguish functions by their names. So control characters in names become
    /// spaces. If several functions have the same name, all but the one with the lowest index have
    /// ` [N]` appended, where `N` is their index.
    pub fn add_module(
        &mut self,
        name: impl Into<String>,
        functions: impl IntoIterator<Item = (u32, String)>,
    ) -> CoveredModule {
        let function = |(index, name)| (index, Function { name, calls: 0, source: None });
        let mut functions: BTreeMap<u32, Function> = functions.into_iter().map(function).collect();
        let mut taken = HashSet::new();
        for (index, function) in &mut functions {
            function.name = plain(&function.name);
            // The new name may in turn be that of another function.
            while !taken.insert(function.name.clone()) {
                function.name = format!("{} [{index}]", function.name);
            }
        }
        self.modules.push(Module { name: name.into(), functions });
        CoveredModule(self.modules.len() - 1)
    }

    /// Sets where a function begins in the source: the file and the line, from 1. Nothing happens
    /// if the module has no such function.
    pub fn set_source(&mut self, module: CoveredModule, index: u32, file: &str, line: u32) {
        let function = self.modules.get_mut(module.0).and_then(|m| m.functions.get_mut(&index));
        if let Some(function) = function {
            function.source = Some((file.into(), line));
        }
    }

    /// Counts an entry of a function. Nothing happens if the module has no such function.
    pub fn hit(&mut self, module: CoveredModule, index: u32) {
        let function = self.modules.get_mut(module.0).and_then(|m| m.functions.get_mut(&index));
        if let Some(function) = function {
            function.calls = function.calls.saturating_add(1);
        }
    }

    /// How often a function was entered; `None` if the module has no such function.
    pub fn calls(&self, module: CoveredModule, index: u32) -> Option<u64> {
        Some(self.modules.get(module.0)?.functions.get(&index)?.calls)
    }

    /// How many functions were entered, and how many there are.
    pub fn summary(&self) -> (usize, usize) {
        let functions = self.modules.iter().flat_map(|module| module.functions.values());
        let counts =
            |(hit, all), function: &Function| (hit + usize::from(function.calls > 0), all + 1);
        functions.fold((0, 0), counts)
    }

    /// Writes a tracefile. The name of the test may be empty. Only letters, digits and underscores
    /// of it are kept, as LCOV requires.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write_lcov(&self, test: &str, mut out: impl io::Write) -> io::Result<()> {
        let test: String =
            test.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        for module in &self.modules {
            // For each file: the line and the function.
            let mut files: BTreeMap<&str, Vec<(u64, &Function)>> = BTreeMap::new();
            for (index, function) in &module.functions {
                let (file, line) = match &function.source {
                    Some((file, line)) => (file.as_str(), u64::from(*line)),
                    None => (module.name.as_str(), u64::from(*index) + 1),
                };
                files.entry(file).or_default().push((line, function));
            }
            for (file, mut functions) in files {
                functions.sort_by_key(|(line, _)| *line);
                write_record(&test, file, &functions, &mut out)?;
            }
        }
        Ok(())
    }
}

/// Writes the record of a file.
fn write_record(
    test: &str,
    file: &str,
    functions: &[(u64, &Function)],
    out: &mut impl io::Write,
) -> io::Result<()> {
    writeln!(out, "TN:{test}")?;
    writeln!(out, "SF:{}", plain(file))?;
    for (line, function) in functions {
        writeln!(out, "FN:{line},{}", function.name)?;
    }
    for (_, function) in functions {
        writeln!(out, "FNDA:{},{}", function.calls, function.name)?;
    }
    let hit = functions.iter().filter(|(_, function)| function.calls > 0).count();
    writeln!(out, "FNF:{}", functions.len())?;
    writeln!(out, "FNH:{hit}")?;
    // Tools ignore files without lines. Several functions can begin at the same line.
    let mut lines: BTreeMap<u64, u64> = BTreeMap::new();
    for (line, function) in functions {
        let calls = lines.entry(*line).or_default();
        *calls = calls.saturating_add(function.calls);
    }
    for (line, calls) in &lines {
        writeln!(out, "DA:{line},{calls}")?;
    }
    writeln!(out, "LF:{}", lines.len())?;
    writeln!(out, "LH:{}", lines.values().filter(|calls| **calls > 0).count())?;
    writeln!(out, "end_of_record")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracefile_has_a_record_for_each_module() {
        let mut coverage = Coverage::default();
        let app = coverage
            .add_module("app.wasm", [(3, "main".into()), (2, "start".into()), (5, "a\nb".into())]);
        let library = coverage.add_module("library.wasm", []);
        for index in [2, 3, 3, 3, 9] {
            coverage.hit(app, index);
        }
        coverage.hit(library, 2);
        assert_eq!(coverage.calls(app, 3), Some(3));
        assert_eq!(coverage.calls(app, 9), None);
        assert_eq!(coverage.summary(), (2, 3));
        let mut out = Vec::new();
        coverage.write_lcov("my test-1", &mut out).unwrap();
        let expected = "\
TN:mytest1
SF:app.wasm
FN:3,start
FN:4,main
FN:6,a\\nb
FNDA:1,start
FNDA:3,main
FNDA:0,a\\nb
FNF:3
FNH:2
DA:3,1
DA:4,3
DA:6,0
LF:3
LH:2
end_of_record
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn functions_of_the_same_name_are_distinguished() {
        let mut coverage = Coverage::default();
        let names = ["dummy", "dummy [2]", "dummy", "a\tb", r"a\tb"].map(String::from);
        let app = coverage.add_module("app\u{1b}.wasm", (0..).zip(names));
        coverage.hit(app, 2);
        let mut out = Vec::new();
        coverage.write_lcov("", &mut out).unwrap();
        let file = String::from_utf8(out).unwrap();
        let names = "SF:app\\u{1b}.wasm\nFN:1,dummy\nFN:2,dummy [2]\nFN:3,dummy [2] [2]\nFN:4,a\\tb\nFN:5,a\\tb [4]\n";
        assert!(file.contains(names), "{file}");
        assert!(file.contains("FNDA:0,dummy [2]\nFNDA:1,dummy [2] [2]\n"), "{file}");
    }

    #[test]
    fn functions_are_listed_in_their_source_files() {
        let mut coverage = Coverage::default();
        let names = ["plain", "late", "early", "twin"].map(String::from);
        let app = coverage.add_module("app.wasm", (0..).zip(names));
        coverage.set_source(app, 1, "/src/a.c", 20);
        coverage.set_source(app, 2, "/src/a.c", 5);
        coverage.set_source(app, 3, "/src/a.c", 20);
        coverage.set_source(app, 9, "/src/b.c", 1);
        for index in [1, 3, 3] {
            coverage.hit(app, index);
        }
        let mut out = Vec::new();
        coverage.write_lcov("", &mut out).unwrap();
        let expected = "\
TN:
SF:/src/a.c
FN:5,early
FN:20,late
FN:20,twin
FNDA:0,early
FNDA:1,late
FNDA:2,twin
FNF:3
FNH:2
DA:5,0
DA:20,3
LF:2
LH:1
end_of_record
TN:
SF:app.wasm
FN:1,plain
FNDA:0,plain
FNF:1
FNH:0
DA:1,0
LF:1
LH:0
end_of_record
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
