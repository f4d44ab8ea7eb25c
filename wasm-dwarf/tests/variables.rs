//! Variables of the source are found in machine code: what is made is read back, and places are
//! evaluated as debuggers do it.
#![cfg(feature = "translate")]

mod support;

use gimli::{AttributeValue, EndianSlice, EvaluationResult, Location, NativeEndian, Piece, Value};
use wasm_dwarf::{Code, KeptFrame, KeptLocal, named_locals, translate};

const PLAIN: &[u8] = include_bytes!("../../tests/debugging/variables.wasm");
const OPTIMIZED: &[u8] = include_bytes!("../../tests/debugging/variables-optimized.wasm");

type Reader<'a> = EndianSlice<'a, NativeEndian>;

/// Where the machine code of the module's first byte would be: each byte is an instruction.
const TEXT: u64 = 0x7000_0000_0000;
/// Where a frame is, and how far below what the first function keeps.
const FRAME: u64 = 0x6000_0000;
const BELOW: u32 = 0x80;
/// Where the base of the memory is found, and where the memory is.
const RECORD: u64 = 0x5000_0000;
const MEMORY: u64 = 0x4000_0000_0000;

/// What is anywhere in the memory.
const POINTER: u64 = 0x5_4321;

/// How far below the frame what a function keeps is.
fn below(function: usize) -> u32 {
    BELOW + 0x100 * function as u32
}

/// What a local has while places are evaluated.
fn value_of(local: u32) -> u64 {
    0x1_0000 + u64::from(local) * 0x100
}

struct Made {
    functions: Vec<wasm_dwarf::NamedLocals>,
    sections: Vec<(&'static str, Vec<u8>)>,
}

impl Made {
    fn of(wasm: &[u8]) -> Self {
        let sections = support::sections(wasm);
        let get = |name: &str| support::section(&sections, name);
        let functions = named_locals(&get);
        let code = functions.iter().enumerate().map(|(number, function)| {
            let memory_below = below(number);
            let len = function.code.end - function.code.start;
            let locals = (0..).zip(&function.locals).map(|(number, local)| KeptLocal {
                local: *local,
                below: memory_below - 8 * (number + 1),
                size: 4,
            });
            Code {
                address: TEXT + function.code.start,
                len,
                name: "unknown",
                places: (0..len).map(|at| (at, Some(function.code.start + at))).collect(),
                frame: Some(KeptFrame { register: 6, memory_below, locals: locals.collect() }),
            }
        });
        let code: Vec<_> = code.collect();
        let sections = translate(&get, &code);
        Self { functions, sections }
    }

    fn dwarf(&self) -> gimli::Dwarf<Reader<'_>> {
        gimli::Dwarf::load(|id| {
            let found = self.sections.iter().find(|(name, _)| *name == id.name());
            let bytes = found.map_or(&[][..], |(_, bytes)| bytes);
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, NativeEndian))
        })
        .expect("sections")
    }

    /// The pieces of a variable at an offset of the module's code, and its type's name and size;
    /// `None` if it is not known there.
    fn variable(
        &self,
        function: Option<&str>,
        wanted: &str,
        at: u64,
    ) -> Option<Vec<Piece<Reader<'_>>>> {
        let dwarf = self.dwarf();
        let mut units = dwarf.units();
        while let Some(header) = units.next().expect("units") {
            let unit = dwarf.unit(header).expect("a unit");
            let mut entries = unit.entries();
            let mut current: Option<(isize, String)> = None;
            let mut frame_base = None;
            while let Some(entry) = entries.next_dfs().expect("entries") {
                let depth = entry.depth();
                let name = entry.attr_value(gimli::DW_AT_name);
                let name = name.map(|name| {
                    let name = dwarf.attr_string(&unit, name).expect("a name");
                    name.to_string_lossy().into_owned()
                });
                if current.as_ref().is_some_and(|(of, _)| depth <= *of) {
                    current = None;
                }
                if entry.tag() == gimli::DW_TAG_subprogram {
                    current = name.clone().map(|name| (depth, name));
                    frame_base = entry.attr_value(gimli::DW_AT_frame_base);
                }
                let is_there = current.as_ref().map(|(_, name)| &**name) == function;
                if !is_there || name.as_deref() != Some(wanted) {
                    continue;
                }
                if function.is_none() {
                    // Debuggers take the frame base of the function that is stopped in.
                    frame_base = Some(AttributeValue::Exprloc(gimli::Expression(
                        EndianSlice::new(&[0x76, 0x80, 0x7f], NativeEndian),
                    )));
                }
                let place = entry.attr_value(gimli::DW_AT_location)?;
                let mut list = dwarf.attr_locations(&unit, place).expect("a list")?;
                while let Some(place) = list.next().expect("a place") {
                    if (place.range.begin..place.range.end).contains(&(TEXT + at)) {
                        let base = self.frame_base(&dwarf, &unit, frame_base, at);
                        let base = base.expect("the frame of the function");
                        let base = evaluate(base, unit.encoding(), None);
                        let [Piece { location: Location::Address { address: base }, .. }] =
                            base[..]
                        else {
                            panic!("{base:?} is no base of a frame");
                        };
                        return Some(evaluate(place.data, unit.encoding(), Some((base, self))));
                    }
                }
                return None;
            }
        }
        panic!("there is no {wanted}");
    }

    /// The base of a function's frame at an offset of the module's code.
    fn frame_base<'a>(
        &self,
        dwarf: &gimli::Dwarf<Reader<'a>>,
        unit: &gimli::Unit<Reader<'a>>,
        value: Option<AttributeValue<Reader<'a>>>,
        at: u64,
    ) -> Option<gimli::Expression<Reader<'a>>> {
        let value = value.expect("it has a frame");
        if let AttributeValue::Exprloc(base) = value {
            return Some(base);
        }
        let mut list = dwarf.attr_locations(unit, value).expect("a list")?;
        while let Some(place) = list.next().expect("a place") {
            if (place.range.begin..place.range.end).contains(&(TEXT + at)) {
                return Some(place.data);
            }
        }
        None
    }

    /// What is at an address.
    fn read(&self, address: u64) -> u64 {
        if address == RECORD {
            return MEMORY;
        }
        if address >= MEMORY {
            return POINTER;
        }
        for (number, function) in self.functions.iter().enumerate() {
            let row = FRAME - u64::from(below(number));
            if address == row {
                return RECORD;
            }
            let mut locals = (1..).zip(&function.locals);
            if let Some((_, local)) = locals.find(|(place, _)| row + 8 * place == address) {
                return value_of(*local);
            }
        }
        panic!("nothing is at {address:#x}");
    }
}

fn evaluate<'a>(
    expression: gimli::Expression<Reader<'a>>,
    encoding: gimli::Encoding,
    frame: Option<(u64, &Made)>,
) -> Vec<Piece<Reader<'a>>> {
    let mut evaluation = expression.evaluation(encoding);
    let mut result = evaluation.evaluate().expect("it can be evaluated");
    loop {
        result = match result {
            EvaluationResult::Complete => return evaluation.result(),
            EvaluationResult::RequiresRegister { register: gimli::Register(6), .. } => {
                evaluation.resume_with_register(Value::Generic(FRAME))
            }
            EvaluationResult::RequiresFrameBase => {
                evaluation.resume_with_frame_base(frame.expect("a frame").0)
            }
            EvaluationResult::RequiresMemory { address, size, .. } => {
                let value = frame.expect("a frame").1.read(address);
                let mask = u64::MAX >> (64 - 8 * u32::from(size));
                evaluation.resume_with_memory(Value::Generic(value & mask))
            }
            other => panic!("nothing else is needed: {other:?}"),
        }
        .expect("it can be evaluated");
    }
}

/// The one place of a variable in the module's memory.
fn in_memory(made: &Made, function: Option<&str>, name: &str, at: u64) -> u64 {
    let pieces = made.variable(function, name, at).unwrap_or_else(|| panic!("{name} is known"));
    match pieces[..] {
        [Piece { size_in_bits: None, location: Location::Address { address }, .. }] => {
            address - MEMORY
        }
        _ => panic!("{name} is elsewhere: {pieces:?}"),
    }
}

#[test]
fn variables_are_at_their_places_in_the_frame_of_the_source() {
    let made = Made::of(PLAIN);
    let [run, sum] = &made.functions[..] else { panic!("{:?}", made.functions) };
    // As `llvm-dwarfdump` shows them: offsets from the local that is the base of the frame.
    let base = |function: &wasm_dwarf::NamedLocals| match function.locals[..] {
        [base] => value_of(base),
        _ => panic!("{function:?}"),
    };
    let of = |function: &wasm_dwarf::NamedLocals, name: &str, known: &str, offset: u64| {
        let at = function.code.end - 2;
        assert_eq!(in_memory(&made, Some(name), known, at), base(function) + offset, "{known}");
    };
    of(run, "run", "a", 12);
    of(run, "run", "text", 6);
    of(run, "run", "result", 0);
    of(sum, "sum", "start", 32);
    of(sum, "sum", "scale", 24);
    of(sum, "sum", "total", 16);
    of(sum, "sum", "here", 8);
    of(sum, "sum", "c", 4);
    // Where the frame of the source is not there yet, nothing is known.
    assert!(made.variable(Some("run"), "a", run.code.start).is_none());
}

#[test]
fn pointers_have_addresses_of_the_process() {
    let made = Made::of(PLAIN);
    let at = made.functions[1].code.end - 2;
    let pieces = made.variable(Some("sum"), "list", at).expect("it is known");
    let [Piece { location: Location::Value { value: Value::Generic(list) }, .. }] = pieces[..]
    else {
        panic!("{pieces:?}");
    };
    assert_eq!(list, MEMORY + POINTER);
}

#[test]
fn variables_outside_of_functions_are_known_while_code_runs() {
    let made = Made::of(PLAIN);
    let at = made.functions[0].code.end - 2;
    assert_eq!(in_memory(&made, None, "counter", at), 0x414);
    assert_eq!(in_memory(&made, None, "nodes", at), 0x420);
    assert!(made.variable(None, "counter", 0x10_0000).is_none());
    let pieces = made.variable(None, "wasm_memory", at).expect("the memory");
    let [Piece { location: Location::Value { value: Value::Generic(memory) }, .. }] = pieces[..]
    else {
        panic!("{pieces:?}");
    };
    assert_eq!(memory, MEMORY);
}

#[test]
fn optimized_code_has_values_where_they_are() {
    let made = Made::of(OPTIMIZED);
    let value = |name: &str, variable: &str, at: u64| {
        let pieces = made.variable(Some(name), variable, at)?;
        let first = pieces.first().expect("a piece");
        match first.location {
            Location::Value { value: Value::Generic(value) } => Some(value),
            _ => panic!("{pieces:?}"),
        }
    };
    // By the lists that `llvm-dwarfdump` shows.
    assert_eq!(value("run", "a", 0x20), Some(value_of(0)));
    assert_eq!(value("sum", "list", 0x83), Some(MEMORY + value_of(1)));
    assert_eq!(value("sum", "list", 0x84), None);
    // It is on the operand stack.
    assert_eq!(value("sum", "list", 0xc0), None);
    assert_eq!(value("sum", "list", 0xc2), Some(MEMORY + value_of(1)));
    assert_eq!(value("run", "text", 0x20), Some(0x68));
    // One of its two parts is known, or says that it is not.
    let here = made.variable(Some("sum"), "here", 0xab).expect("it is known");
    assert_eq!(here.len(), 2, "{here:?}");
    assert_eq!(here[1].location, Location::Empty);
    assert_eq!(here[1].size_in_bits, Some(32));
}
