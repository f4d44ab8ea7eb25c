//! Profiles for the Firefox Profiler (<https://profiler.firefox.com>): files in its "processed
//! profile" format, version 62.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use super::functions::{FunctionId, FunctionNames};
use super::json;
use super::samples::Samples;

/// The version of the format. The viewer converts older ones to its own.
const VERSION: u32 = 62;

/// The number of the category of all frames.
const WASM: &str = "1";

/// What a profile contains besides its samples.
///
/// Each module is shown as a library with its name, and addresses are offsets in its binary.
#[derive(Clone, PartialEq, Debug)]
pub struct FirefoxProfile {
    /// The name of the program that was sampled.
    pub name: String,
    /// The version of the program that sampled.
    pub product: String,
    /// The intended time between samples.
    pub interval: Duration,
    /// When sampling began, as time since the Unix epoch.
    pub start: Duration,
    /// The names of modules, by their numbers in [`FunctionKey`](super::FunctionKey).
    pub modules: HashMap<u64, String>,
}

impl FirefoxProfile {
    /// Writes the profile as JSON.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write(
        &self,
        samples: &Samples,
        names: &FunctionNames,
        mut out: impl io::Write,
    ) -> io::Result<()> {
        let profile = Profile::new(self, samples, names);
        out.write_all(profile.json(self, samples).as_bytes())
    }
}

/// The tables of a profile. Columns refer to rows of other tables by their numbers.
struct Profile {
    strings: Strings,
    /// The names of modules with functions in the samples, as numbers of strings.
    libraries: Vec<u32>,
    /// For each function: its name and its library.
    functions: Vec<(u32, Option<u32>)>,
    /// For each frame: its function.
    frame_functions: Vec<u32>,
    addresses: Vec<Option<u32>>,
    /// For each marker: its name.
    markers: Vec<u32>,
}

#[derive(Default)]
struct Strings {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Strings {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.list.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }
}

impl Profile {
    fn new(about: &FirefoxProfile, samples: &Samples, names: &FunctionNames) -> Self {
        let mut profile = Self {
            strings: Strings::default(),
            libraries: Vec::new(),
            functions: Vec::new(),
            frame_functions: Vec::new(),
            addresses: Vec::new(),
            markers: Vec::new(),
        };
        let mut functions: HashMap<FunctionId, u32> = HashMap::new();
        let mut libraries: HashMap<u64, u32> = HashMap::new();
        for frame in &samples.frames {
            let function = *functions.entry(frame.function).or_insert_with(|| {
                let module = names.key(frame.function).module;
                let library = about.modules.get(&module).map(|name| {
                    *libraries.entry(module).or_insert_with(|| {
                        profile.libraries.push(profile.strings.number(name));
                        profile.libraries.len() as u32 - 1
                    })
                });
                let name = profile.strings.number(names.name(frame.function));
                profile.functions.push((name, library));
                profile.functions.len() as u32 - 1
            });
            profile.frame_functions.push(function);
            profile.addresses.push(frame.offset);
        }
        for marker in &samples.markers {
            profile.markers.push(profile.strings.number(&marker.name));
        }
        profile
    }

    fn json(&self, about: &FirefoxProfile, samples: &Samples) -> String {
        let mut out = String::from("{\"meta\":");
        self.meta(&mut out, about);
        out.push_str(",\"libs\":");
        json::array(&mut out, &self.libraries, |out, name| {
            let name = &self.strings.list[*name as usize];
            out.push_str("{\"arch\":null,\"breakpadId\":\"\",\"codeId\":null");
            for key in ["name", "path", "debugName", "debugPath"] {
                let _ = write!(out, ",\"{key}\":");
                json::string(out, name);
            }
            out.push('}');
        });
        out.push_str(",\"pages\":[],\"profilerOverhead\":[],\"counters\":[],\"shared\":{");
        self.shared(&mut out, samples);
        out.push_str("},\"threads\":[");
        self.thread(&mut out, about, samples);
        out.push_str("]}\n");
        out
    }

    fn meta(&self, out: &mut String, about: &FirefoxProfile) {
        let _ = write!(
            out,
            "{{\"version\":24,\"preprocessedProfileVersion\":{VERSION},\"processType\":0,\
             \"startTime\":{},\"interval\":{},\"product\":",
            milliseconds(about.start),
            milliseconds(about.interval)
        );
        json::string(out, &about.product);
        // The names are those of the functions already: the viewer need not look up symbols.
        out.push_str(
            ",\"symbolicated\":true,\"debug\":false,\"usesOnlyOneStackType\":true,\
             \"sourceCodeIsNotOnSearchfox\":true,\"pausedRanges\":[],\"markerSchema\":[],\
             \"extensions\":{\"length\":0,\"baseURL\":[],\"id\":[],\"name\":[]},\
             \"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\",\"threadCPUDelta\":\"µs\"},\
             \"categories\":[\
             {\"name\":\"Other\",\"color\":\"grey\",\"subcategories\":[\"Other\"]},\
             {\"name\":\"WebAssembly\",\"color\":\"blue\",\"subcategories\":[\"Other\"]}]}",
        );
    }

    fn shared(&self, out: &mut String, samples: &Samples) {
        let (stacks, frames) = (samples.stacks.len(), self.frame_functions.len());
        let _ = write!(out, "\"stackTable\":{{\"length\":{stacks},\"frame\":");
        json::numbers(out, samples.stacks.iter().map(|(_, frame)| Some(frame)));
        out.push_str(",\"prefix\":");
        json::numbers(out, samples.stacks.iter().map(|(below, _)| *below));
        let _ = write!(out, "}},\"frameTable\":{{\"length\":{frames},\"func\":");
        json::numbers(out, self.frame_functions.iter().map(Some));
        out.push_str(",\"address\":");
        let addresses = self.addresses.iter().map(|address| address.map_or(-1, i64::from));
        json::numbers(out, addresses.map(Some));
        for (key, element) in [
            ("category", WASM),
            ("subcategory", "0"),
            ("inlineDepth", "0"),
            ("innerWindowID", "0"),
            ("nativeSymbol", "null"),
            ("line", "null"),
            ("column", "null"),
        ] {
            column(out, key, element, frames);
        }
        let functions = self.functions.len();
        let _ = write!(out, "}},\"funcTable\":{{\"length\":{functions},\"name\":");
        json::numbers(out, self.functions.iter().map(|(name, _)| Some(name)));
        out.push_str(",\"resource\":");
        let resources = self.functions.iter().map(|(_, library)| library.map_or(-1, i64::from));
        json::numbers(out, resources.map(Some));
        for (key, element) in [
            ("isJS", "false"),
            ("relevantForJS", "false"),
            ("source", "null"),
            ("lineNumber", "null"),
            ("columnNumber", "null"),
        ] {
            column(out, key, element, functions);
        }
        // Each library is a resource with the same number.
        let libraries = self.libraries.len();
        let _ = write!(out, "}},\"resourceTable\":{{\"length\":{libraries},\"lib\":");
        json::numbers(out, (0..libraries).map(Some));
        out.push_str(",\"name\":");
        json::numbers(out, self.libraries.iter().map(Some));
        column(out, "host", "null", libraries);
        column(out, "type", "1", libraries);
        out.push_str(
            "},\"nativeSymbols\":{\"length\":0,\"address\":[],\"functionSize\":[],\"libIndex\":[],\
             \"name\":[]},\"sources\":{\"length\":0,\"filename\":[],\"id\":[],\"sourceMapURL\":[],\
             \"startColumn\":[],\"startLine\":[]},\"stringArray\":",
        );
        json::array(out, &self.strings.list, |out, text| json::string(out, text));
    }

    fn thread(&self, out: &mut String, about: &FirefoxProfile, samples: &Samples) {
        out.push_str("{\"name\":");
        json::string(out, &about.name);
        out.push_str(",\"processName\":");
        json::string(out, &about.name);
        out.push_str(
            ",\"isMainThread\":true,\"processType\":\"default\",\"pid\":\"1\",\"tid\":\"1\",\
             \"processStartupTime\":0,\"processShutdownTime\":null,\"registerTime\":0,\
             \"unregisterTime\":null,\"pausedRanges\":[],\"showMarkersInTimeline\":true,",
        );
        let markers = &samples.markers;
        let _ = write!(out, "\"markers\":{{\"length\":{},\"name\":", markers.len());
        json::numbers(out, self.markers.iter().map(Some));
        out.push_str(",\"startTime\":");
        json::numbers(out, markers.iter().map(|marker| Some(milliseconds(marker.start))));
        out.push_str(",\"endTime\":");
        json::numbers(out, markers.iter().map(|marker| Some(milliseconds(marker.end))));
        // This phase is an interval.
        column(out, "phase", "1", markers.len());
        column(out, "category", "0", markers.len());
        column(out, "data", "null", markers.len());
        let list = &samples.samples;
        let _ = write!(
            out,
            "}},\"samples\":{{\"length\":{},\"weightType\":\"samples\",\"timeDeltas\":",
            list.len()
        );
        json::numbers(out, list.iter().map(|sample| Some(milliseconds(sample.since))));
        out.push_str(",\"threadCPUDelta\":");
        // Zeros would be shown as a processor that did nothing. Without numbers, the viewer knows
        // that they are unknown.
        let known = list.iter().any(|sample| !sample.cpu.is_zero());
        json::numbers(out, list.iter().map(|sample| known.then_some(sample.cpu.as_micros())));
        out.push_str(",\"stack\":");
        json::numbers(out, list.iter().map(|sample| sample.stack));
        column(out, "weight", "1", list.len());
        out.push_str("}}");
    }
}

fn column(out: &mut String, key: &str, element: &str, count: usize) {
    let _ = write!(out, ",\"{key}\":");
    json::repeated(out, element, count);
}

fn milliseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::functions::FunctionKey;
    use super::super::samples::SampledFrame;
    use super::*;

    /// The columns of a table: all arrays that stand directly in the object after a key.
    fn table<'a>(json: &'a str, name: &str) -> &'a str {
        let start = json.find(&std::format!("\"{name}\":{{")).unwrap();
        let rest = &json[start..];
        &rest[..=rest.find('}').unwrap()]
    }

    fn profile() -> String {
        let mut names = FunctionNames::default();
        let mut frame = |module, index, name: &str, offset| SampledFrame {
            function: names.id(FunctionKey { module, index }, || name.into()),
            offset,
        };
        let main = frame(7, 0, "main", Some(0x40));
        let work = frame(7, 1, "work \"hard\"", Some(0x50));
        let other = frame(8, 0, "other", None);
        let mut samples = Samples::default();
        samples.add(Duration::from_millis(1), Duration::from_micros(900), [main, work]);
        samples.add(Duration::from_micros(1500), Duration::from_micros(800), [main, other]);
        samples.add(Duration::from_millis(1), Duration::ZERO, []);
        samples.mark("host call", Duration::from_millis(1), Duration::from_millis(3));
        let about = FirefoxProfile {
            name: "program".into(),
            product: "sampler 1".into(),
            interval: Duration::from_millis(1),
            start: Duration::from_secs(1_700_000_000),
            modules: HashMap::from([(7, "app.wasm".into())]),
        };
        let mut out = Vec::new();
        about.write(&samples, &names, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_profile_is_as_the_format_says() {
        let json = profile();
        assert!(json.contains("\"startTime\":1700000000000,\"interval\":1,"), "{json}");
        assert!(json.contains(
            "\"stringArray\":[\"app.wasm\",\"main\",\"work \\\"hard\\\"\",\"other\",\"host call\"]"
        ));
        let stacks = "\"stackTable\":{\"length\":3,\"frame\":[0,1,2],\"prefix\":[null,0,0]}";
        assert_eq!(table(&json, "stackTable"), stacks);
        let frames = table(&json, "frameTable");
        assert!(frames.contains("\"func\":[0,1,2],\"address\":[64,80,-1],\"category\":[1,1,1]"));
        let functions = table(&json, "funcTable");
        assert!(functions.contains("\"name\":[1,2,3],\"resource\":[0,0,-1]"), "{functions}");
        let markers = table(&json, "markers");
        assert!(markers.contains("\"name\":[4],\"startTime\":[1],\"endTime\":[3]"), "{markers}");
        let samples = table(&json, "samples");
        assert!(samples.contains("\"timeDeltas\":[1,1.5,1],\"threadCPUDelta\":[900,800,0]"));
        assert!(samples.contains("\"stack\":[1,2,null],\"weight\":[1,1,1]"), "{samples}");
    }

    #[test]
    fn processor_times_that_are_not_known_are_null() {
        let mut samples = Samples::default();
        samples.add(Duration::from_millis(1), Duration::ZERO, []);
        samples.add(Duration::from_millis(1), Duration::ZERO, []);
        let about = FirefoxProfile {
            name: "program".into(),
            product: "sampler 1".into(),
            interval: Duration::from_millis(1),
            start: Duration::ZERO,
            modules: HashMap::new(),
        };
        let mut out = Vec::new();
        about.write(&samples, &FunctionNames::default(), &mut out).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert!(json.contains("\"threadCPUDelta\":[null,null]"), "{json}");
    }

    #[test]
    fn every_column_is_as_long_as_its_table() {
        let json = profile();
        for name in ["stackTable", "frameTable", "funcTable", "resourceTable", "markers", "samples"]
        {
            let table = table(&json, name);
            let length = table.split("\"length\":").nth(1).unwrap();
            let length: usize = length.split(',').next().unwrap().parse().unwrap();
            let columns: Vec<&str> = table.split('[').skip(1).collect();
            assert!(columns.len() >= 2, "{table}");
            for column in columns {
                let elements = column.split(']').next().unwrap();
                assert_eq!(elements.split(',').count(), length, "{name}: {elements}");
            }
        }
    }
}
