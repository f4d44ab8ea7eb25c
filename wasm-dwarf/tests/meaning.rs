//! What the module says is not shown as something else: types that debuggers would take for others,
//! and variables where nobody knows where they are.
#![cfg(feature = "translate")]

mod support;

use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, Expression, LineProgram, LineString, Sections,
    Unit, UnitEntryId,
};
use gimli::{EndianSlice, LittleEndian, NativeEndian};
use wasm_dwarf::{Code, KeptFrame, KeptLocal, NamedLocals, named_locals, translate};

/// Where the first byte of the module would be: each byte is an instruction.
const TEXT: u64 = 0x7000_0000_0000;
/// Where a function of the module starts, and how many bytes it has.
const START: u64 = 0x10;
const LEN: u64 = 0x20;
/// Where the code of the function is that seldom runs, from its entry.
const COLD: u64 = 0x1e;

struct Source {
    dwarf: DwarfUnit,
    /// The function that code is made of.
    function: UnitEntryId,
}

impl Source {
    /// `prologue_end` is a distance from the function's start.
    fn new(prologue_end: Option<u64>) -> Self {
        let format = gimli::Format::Dwarf32;
        let encoding = gimli::Encoding { address_size: 4, format, version: 4 };
        let text = |text: &str| LineString::String(text.into());
        let (line_encoding, name) = (gimli::LineEncoding::default(), text("/a.c"));
        let mut program =
            LineProgram::new(encoding, line_encoding, text("/"), None, name.clone(), None);
        let directory = program.default_directory();
        let file = program.add_file(name, directory, None);
        program.begin_sequence(Some(Address::Constant(START)));
        for at in 0..LEN {
            let row = program.row();
            (row.file, row.line, row.address_offset) = (file, 1 + at, at);
            row.prologue_end = prologue_end == Some(at);
            program.generate_row();
        }
        program.end_sequence(LEN);
        let mut dwarf = DwarfUnit::new(encoding);
        dwarf.unit.line_program = program;
        let mut source = Self { function: dwarf.unit.root(), dwarf };
        source.function = source.subprogram(source.function, "f", START);
        let mut base = Expression::new();
        base.op_wasm_local(0);
        base.op(gimli::DW_OP_stack_value);
        source.set(source.function, gimli::DW_AT_frame_base, AttributeValue::Exprloc(base));
        source
    }

    fn unit(&mut self) -> &mut Unit {
        &mut self.dwarf.unit
    }

    fn set(&mut self, entry: UnitEntryId, name: gimli::DwAt, value: AttributeValue) {
        self.unit().get_mut(entry).set(name, value);
    }

    fn add(&mut self, parent: UnitEntryId, tag: gimli::DwTag, name: &str) -> UnitEntryId {
        let entry = self.unit().add(parent, tag);
        if !name.is_empty() {
            self.set(entry, gimli::DW_AT_name, AttributeValue::String(name.into()));
        }
        entry
    }

    fn subprogram(&mut self, parent: UnitEntryId, name: &str, start: u64) -> UnitEntryId {
        let entry = self.add(parent, gimli::DW_TAG_subprogram, name);
        self.set(entry, gimli::DW_AT_low_pc, AttributeValue::Address(Address::Constant(start)));
        self.set(entry, gimli::DW_AT_high_pc, AttributeValue::Udata(LEN));
        entry
    }

    /// Adds a type that is not in another one.
    fn ty(&mut self, tag: gimli::DwTag, name: &str, to: Option<UnitEntryId>) -> UnitEntryId {
        let root = self.unit().root();
        let entry = self.add(root, tag, name);
        if let Some(to) = to {
            self.set(entry, gimli::DW_AT_type, AttributeValue::UnitRef(to));
        }
        entry
    }

    fn float(&mut self, name: &str, size: u64) -> UnitEntryId {
        let entry = self.ty(gimli::DW_TAG_base_type, name, None);
        self.set(entry, gimli::DW_AT_byte_size, AttributeValue::Udata(size));
        let encoding = AttributeValue::Encoding(gimli::DW_ATE_float);
        self.set(entry, gimli::DW_AT_encoding, encoding);
        entry
    }

    /// Adds a variable with a place.
    fn variable(
        &mut self,
        parent: UnitEntryId,
        name: &str,
        ty: Option<UnitEntryId>,
        place: impl FnOnce(&mut Expression),
    ) -> UnitEntryId {
        let entry = self.add(parent, gimli::DW_TAG_variable, name);
        if let Some(ty) = ty {
            self.set(entry, gimli::DW_AT_type, AttributeValue::UnitRef(ty));
        }
        let mut expression = Expression::new();
        place(&mut expression);
        self.set(entry, gimli::DW_AT_location, AttributeValue::Exprloc(expression));
        entry
    }

    fn sections(mut self) -> support::Sections {
        let mut made = Sections::new(EndianVec::new(LittleEndian));
        self.dwarf.write(&mut made).expect("it is written");
        let mut sections = Vec::new();
        made.for_each(|id, contents| {
            sections.push((id.name().to_string(), contents.slice().to_vec()));
            Ok::<_, gimli::Error>(())
        })
        .expect("sections");
        sections
    }

    /// Translates it for the function, one without anything in its frame behind it, and one of
    /// which the module says nothing.
    fn translate(self) -> Made {
        let sections = self.sections();
        let section = |name: &str| support::section(&sections, name);
        let locals =
            (0..3).map(|local| KeptLocal { local, below: 0x40 - 8 * (local + 1), size: 4 });
        let frame = KeptFrame { register: 6, memory_below: 0x40, locals: locals.collect() };
        let code = |number: u64, frame| Code {
            address: TEXT + START + number * LEN,
            len: LEN,
            name: "other",
            places: (0..LEN)
                .map(|at| (at, Some(START + number * LEN + if at < COLD { at } else { 0 })))
                .collect(),
            frame,
        };
        let all = [code(0, Some(frame.clone())), code(1, None), code(2, Some(frame))];
        Made(translate(&section, &all))
    }
}

struct Made(Vec<(&'static str, Vec<u8>)>);

/// An entry that was made.
#[derive(Clone, PartialEq, Debug)]
struct Entry {
    offset: gimli::UnitOffset,
    tag: gimli::DwTag,
    ty: Option<gimli::UnitOffset>,
    size: Option<u64>,
    encoding: Option<gimli::DwAte>,
    /// Where in the module the code is for which it has a place, or a base of the frame.
    known: Vec<u64>,
}

impl Made {
    /// The entries with a name, of all units.
    fn entries(&self, wanted: Option<&str>) -> Vec<Entry> {
        let dwarf = gimli::Dwarf::load(|id| {
            let found = self.0.iter().find(|(name, _)| *name == id.name());
            let bytes = found.map_or(&[][..], |(_, bytes)| bytes);
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, NativeEndian))
        });
        let dwarf = dwarf.expect("sections");
        let (mut units, mut found) = (dwarf.units(), Vec::new());
        while let Some(header) = units.next().expect("units") {
            let unit = dwarf.unit(header).expect("a unit");
            let mut entries = unit.entries();
            while let Some(entry) = entries.next_dfs().expect("entries") {
                let name = entry.attr_value(gimli::DW_AT_name).map(|name| {
                    let name = dwarf.attr_string(&unit, name).expect("a name");
                    name.to_string_lossy().into_owned()
                });
                if wanted.is_some() && name.as_deref() != wanted {
                    continue;
                }
                let mut known = Vec::new();
                for attribute in [gimli::DW_AT_location, gimli::DW_AT_frame_base] {
                    let Some(value) = entry.attr_value(attribute) else { continue };
                    let list = dwarf.attr_locations(&unit, value).expect("a list");
                    let mut list = list.expect("places are lists");
                    while let Some(place) = list.next().expect("a place") {
                        known.extend(place.range.begin - TEXT..place.range.end - TEXT);
                    }
                }
                found.push(Entry {
                    offset: entry.offset(),
                    tag: entry.tag(),
                    ty: match entry.attr_value(gimli::DW_AT_type) {
                        Some(gimli::AttributeValue::UnitRef(ty)) => Some(ty),
                        _ => None,
                    },
                    size: entry.attr_value(gimli::DW_AT_byte_size).and_then(|v| v.udata_value()),
                    encoding: match entry.attr_value(gimli::DW_AT_encoding) {
                        Some(gimli::AttributeValue::Encoding(encoding)) => Some(encoding),
                        _ => None,
                    },
                    known,
                });
            }
        }
        found
    }

    /// The one entry with a name.
    fn entry(&self, name: &str) -> Entry {
        let found = self.entries(Some(name));
        let [entry] = &found[..] else { panic!("{name}: {found:?}") };
        entry.clone()
    }

    /// The type of an entry in the first unit.
    fn type_of(&self, name: &str) -> Entry {
        let ty = self.entry(name).ty.unwrap_or_else(|| panic!("{name} has a type"));
        let all = self.entries(None);
        all.into_iter().find(|entry| entry.offset == ty).expect("the type")
    }
}

#[test]
fn pointers_to_functions_are_numbers() {
    let mut source = Source::new(Some(4));
    let function = source.function;
    let called = source.ty(gimli::DW_TAG_subroutine_type, "", None);
    let pointer = source.ty(gimli::DW_TAG_pointer_type, "", Some(called));
    let constant = source.ty(gimli::DW_TAG_const_type, "", Some(called));
    let named = source.ty(gimli::DW_TAG_typedef, "handler", Some(constant));
    let far = source.ty(gimli::DW_TAG_pointer_type, "", Some(named));
    let float = source.float("float", 4);
    let data = source.ty(gimli::DW_TAG_pointer_type, "", Some(float));
    for (name, ty) in [("near", pointer), ("far", far), ("data", data)] {
        source.variable(function, name, Some(ty), |place| place.op_fbreg(8));
    }
    let made = source.translate();
    for name in ["near", "far"] {
        let ty = made.type_of(name);
        assert_eq!((ty.tag, ty.size), (gimli::DW_TAG_base_type, Some(4)), "{name}");
        assert!(!made.entry(name).known.is_empty(), "{name} is where it is");
    }
    assert_eq!(made.type_of("data").tag, gimli::DW_TAG_pointer_type);
}

#[test]
fn what_means_something_else_without_an_attribute_is_left_out() {
    let mut source = Source::new(Some(4));
    let float = source.float("float", 4);
    let structure = source.ty(gimli::DW_TAG_structure_type, "structure", None);
    source.set(structure, gimli::DW_AT_byte_size, AttributeValue::Udata(8));
    let mut computed = Expression::new();
    computed.op(gimli::DW_OP_dup);
    computed.op_deref();
    let mut fixed = Expression::new();
    fixed.op_plus_uconst(4);
    for (name, place) in [("base", computed.clone()), ("plain", fixed)] {
        let member = source.add(structure, gimli::DW_TAG_member, name);
        source.set(member, gimli::DW_AT_type, AttributeValue::UnitRef(float));
        let place = AttributeValue::Exprloc(place);
        source.set(member, gimli::DW_AT_data_member_location, place);
    }
    let array = source.ty(gimli::DW_TAG_array_type, "elsewhere", Some(float));
    source.set(array, gimli::DW_AT_data_location, AttributeValue::Exprloc(computed));
    source.add(array, gimli::DW_TAG_subrange_type, "range");
    let other = source.float("swapped", 4);
    let endianity = AttributeValue::Data1(gimli::DW_END_big.0);
    source.set(other, gimli::DW_AT_endianity, endianity);
    let function = source.function;
    source.variable(function, "variable", Some(array), |place| place.op_fbreg(8));
    let made = source.translate();
    assert_eq!(made.entry("structure").size, Some(8));
    assert!(made.entries(Some("base")).is_empty());
    assert_eq!(made.entry("plain").tag, gimli::DW_TAG_member);
    assert_eq!(made.type_of("variable").tag, gimli::DW_TAG_unspecified_type);
    assert!(made.entries(Some("range")).is_empty());
    assert_eq!(made.entry("swapped").tag, gimli::DW_TAG_base_type);
}

#[test]
fn what_this_machine_has_in_another_shape_is_a_number() {
    let mut source = Source::new(Some(4));
    let float = source.float("float", 4);
    source.float("long double", 16);
    let class = source.ty(gimli::DW_TAG_class_type, "class", None);
    let called = source.ty(gimli::DW_TAG_subroutine_type, "", None);
    for (name, to) in [("data", float), ("method", called)] {
        let pointer = source.ty(gimli::DW_TAG_ptr_to_member_type, name, Some(to));
        source.set(pointer, gimli::DW_AT_containing_type, AttributeValue::UnitRef(class));
    }
    let made = source.translate();
    for (name, size) in [("long double", 16), ("data", 4), ("method", 8)] {
        let Entry { tag, size: is, encoding, .. } = made.entry(name);
        assert_eq!((tag, is), (gimli::DW_TAG_base_type, Some(size)), "{name}");
        assert_eq!(encoding, Some(gimli::DW_ATE_unsigned), "{name}");
    }
    assert_eq!(made.entry("float").encoding, Some(gimli::DW_ATE_float));
}

#[test]
fn nothing_is_found_by_a_frame_that_is_not_there() {
    let mut source = Source::new(Some(4));
    let (root, function) = (source.unit().root(), source.function);
    source.subprogram(root, "without", START + LEN);
    source.variable(root, "global", None, |place| place.op_addr(Address::Constant(0x400)));
    source.variable(function, "local", None, |place| place.op_fbreg(8));
    let made = source.translate();
    // Neither the first instruction nor what stands behind everything else is in the frame.
    let kept: Vec<u64> = (START + 1..START + COLD).collect();
    assert_eq!(made.entry("f").known, kept);
    assert_eq!(made.entry("local").known, kept[3..]);
    assert_eq!(made.entry("without").known, []);
    // One place for all functions with a frame.
    let all: Vec<u64> = (START..START + LEN).collect();
    assert_eq!(made.entry("global").known, all);
    assert_eq!(made.entry("wasm_memory").known, all);
}

#[test]
fn the_frame_of_the_source_is_not_known_before_its_prologue_is() {
    let mut source = Source::new(None);
    let function = source.function;
    source.variable(function, "in_frame", None, |place| place.op_fbreg(8));
    source.variable(function, "by_base", None, |place| {
        place.op_wasm_local(0);
        place.op_plus_uconst(8);
    });
    source.variable(function, "by_other", None, |place| {
        place.op_wasm_local(1);
        place.op(gimli::DW_OP_stack_value);
    });
    let made = source.translate();
    assert_eq!(made.entry("in_frame").known, []);
    assert_eq!(made.entry("by_base").known, []);
    assert!(!made.entry("by_other").known.is_empty());
}

#[test]
fn functions_in_functions_take_no_locals_from_them() {
    let mut source = Source::new(None);
    let outer = source.function;
    let local = |source: &mut Source, function, number| {
        source.variable(function, "local", None, |place| {
            place.op_wasm_local(number);
            place.op(gimli::DW_OP_stack_value);
        });
    };
    local(&mut source, outer, 1);
    let inner = source.subprogram(outer, "inner", START + LEN);
    local(&mut source, inner, 2);
    local(&mut source, outer, 3);
    let sections = source.sections();
    let found = named_locals(&|name: &str| support::section(&sections, name));
    let expected = [(START, vec![0, 1, 3]), (START + LEN, vec![2])];
    let expected = expected.map(|(start, locals)| NamedLocals { code: start..start + LEN, locals });
    assert_eq!(found, expected);
}
