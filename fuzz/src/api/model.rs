//! What a store holds, in the plainest possible form.

use std::collections::BTreeMap;

use wasm_runtime::Trap;

use super::guest::{self, Kind};

/// A function that can be referred to. Each has a number, which its results show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Func {
    /// One of `k0` to `k3`, of the instance with this index.
    Guest { instance: usize, kind: usize },
    /// One that the host made, by its index.
    Host(usize),
    /// One of an instance whose instantiation failed, by its index.
    Orphan(usize),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Value {
    I32(i32),
    I64(i64),
    F64(f64),
    Func(Option<Func>),
    /// A value of the host, which is a number.
    Extern(Option<u64>),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Memory {
    pub(super) pages: u64,
    pub(super) max: u64,
    /// The bytes that are not zero.
    pub(super) bytes: BTreeMap<u32, u8>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Table {
    pub(super) max: u64,
    pub(super) elements: Vec<Value>,
}

impl Table {
    pub(super) fn is_func(&self) -> bool {
        matches!(self.elements.first(), None | Some(Value::Func(_)))
    }
}

/// An instance, by the indices of its items.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Instance {
    pub(super) kind: Kind,
    pub(super) memory: usize,
    pub(super) funcs: usize,
    pub(super) values: usize,
    pub(super) number: usize,
    pub(super) global: usize,
    pub(super) held: usize,
    pub(super) data_dropped: bool,
    pub(super) elements_dropped: bool,
    /// The numbers in its list of objects, the last one that was added first.
    pub(super) list: Vec<i32>,
}

/// The result of an instantiation, even if it failed halfway.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Made {
    /// The index of the instance.
    Instance(usize),
    /// Its start function failed. The index is among all those for which this is true.
    Orphan(usize),
}

/// Everything that a store holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct State {
    pub(super) memories: Vec<Memory>,
    pub(super) tables: Vec<Table>,
    pub(super) globals: Vec<Value>,
    pub(super) instances: Vec<Instance>,
    /// What the instances import whose start function failed: a memory, and a table of functions.
    pub(super) orphans: Vec<[usize; 2]>,
    /// All of them in the order in which they were made.
    pub(super) made: Vec<Made>,
    /// The kinds of the functions that the host made.
    pub(super) funcs: Vec<usize>,
    /// The largest sizes that memories and tables may grow to.
    pub(super) most_pages: u64,
    pub(super) most_elements: u64,
}

/// How a call ended without returning.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Stop {
    Trap(Trap),
    /// The host's error.
    Error,
    /// The host's panic.
    Panic,
}

pub(super) type Outcome<T> = std::result::Result<T, Stop>;

/// The host's function `call`. The lowest four bits of its argument say what it does.
pub(super) mod code {
    pub(in super::super) const RETURN: i32 = 0;
    pub(in super::super) const PANIC: i32 = 1;
    pub(in super::super) const ERROR: i32 = 2;
    pub(in super::super) const WRITE: i32 = 3;
    pub(in super::super) const GROW: i32 = 4;
    pub(in super::super) const NUMBER: i32 = 5;
    pub(in super::super) const AGAIN: i32 = 6;
    pub(in super::super) const TRAP_INSIDE: i32 = 7;
    pub(in super::super) const SNAPSHOT: i32 = 8;
    pub(in super::super) const CLEAR: i32 = 9;
    pub(in super::super) const TRAP: i32 = 10;
    pub(in super::super) const DEEP: i32 = 11;
    pub(in super::super) const SWALLOW: i32 = 12;
    pub(in super::super) const INDIRECT: i32 = 13;
}

impl State {
    pub(super) fn new() -> Self {
        Self { most_pages: u64::MAX, most_elements: u64::MAX, ..Self::default() }
    }

    /// The kind of a function, and its number, which its results show.
    pub(super) fn function(&self, func: Func) -> (usize, i32) {
        match func {
            Func::Guest { instance, kind } => match self.globals[self.instances[instance].number] {
                Value::I32(number) => (kind, number),
                other => unreachable!("numbers are integers: {other:?}"),
            },
            Func::Host(place) => (self.funcs[place], host_number(place)),
            Func::Orphan(_) => (0, 606),
        }
    }

    /// Whether an instance can't run, because something it imports is smaller than it requires.
    pub(super) fn is_halted(&self, place: usize) -> bool {
        let of = &self.instances[place];
        let (pages, funcs, values) = match of.kind {
            Kind::Fixed => (guest::PAGES.1, guest::FUNCS.1, guest::VALUES.1),
            Kind::User => (guest::PAGES.0, guest::FUNCS.0, guest::VALUES.0),
            Kind::Owner | Kind::Failing => return false,
        };
        self.memories[of.memory].pages < pages
            || (self.tables[of.funcs].elements.len() as u64) < funcs
            || (self.tables[of.values].elements.len() as u64) < values
    }

    /// The same for an instance whose start function failed.
    pub(super) fn is_halted_orphan(&self, place: usize) -> bool {
        let items @ [memory, funcs] = self.orphans[place];
        if items == NOBODYS {
            return false;
        }
        self.memories[memory].pages < guest::PAGES.0
            || (self.tables[funcs].elements.len() as u64) < guest::FUNCS.0
    }

    /// Whether a function can be called, because its instance can run.
    pub(super) fn can_be_called(&self, func: Func) -> bool {
        match func {
            Func::Guest { instance, .. } => !self.is_halted(instance),
            Func::Host(_) => true,
            Func::Orphan(place) => !self.is_halted_orphan(place),
        }
    }

    /// Adds the items of an owner, in their initial state.
    pub(super) fn add_owner(&mut self) -> Instance {
        let place = self.instances.len();
        let (start, image) = guest::IMAGE;
        let bytes = image.iter().enumerate().map(|(i, byte)| (start + i as u32, *byte)).collect();
        self.memories.push(Memory { pages: guest::PAGES.0, max: guest::PAGES.1, bytes });
        let mut elements = vec![Value::Func(None); guest::FUNCS.0 as usize];
        for (kind, element) in elements.iter_mut().take(2).enumerate() {
            *element = Value::Func(Some(Func::Guest { instance: place, kind }));
        }
        self.tables.push(Table { max: guest::FUNCS.1, elements });
        let elements = vec![Value::Extern(None); guest::VALUES.0 as usize];
        self.tables.push(Table { max: guest::VALUES.1, elements });
        self.globals.push(Value::I64(7));
        let items = [
            self.memories.len() - 1,
            self.tables.len() - 2,
            self.tables.len() - 1,
            self.globals.len() - 1,
        ];
        self.instance(Kind::Owner, items)
    }

    /// Adds the items that each instance has for itself, and returns the instance, which is not
    /// added yet.
    pub(super) fn instance(&mut self, kind: Kind, items: [usize; 4]) -> Instance {
        self.globals.push(Value::I32(0));
        self.globals.push(Value::Func(None));
        let [memory, funcs, values, global] = items;
        Instance {
            kind,
            memory,
            funcs,
            values,
            global,
            number: self.globals.len() - 2,
            held: self.globals.len() - 1,
            data_dropped: false,
            elements_dropped: false,
            list: Vec::new(),
        }
    }

    pub(super) fn size_in_bytes(&self, memory: usize) -> u64 {
        self.memories[memory].pages << 16
    }

    pub(super) fn load(&self, memory: usize, at: u32) -> Outcome<u8> {
        if u64::from(at) >= self.size_in_bytes(memory) {
            return Err(Stop::Trap(Trap::MemoryOutOfBounds));
        }
        Ok(self.memories[memory].bytes.get(&at).copied().unwrap_or(0))
    }

    /// Writes bytes, all or none of them.
    pub(super) fn store(&mut self, memory: usize, at: u32, bytes: &[u8]) -> Outcome<()> {
        if u64::from(at) + bytes.len() as u64 > self.size_in_bytes(memory) {
            return Err(Stop::Trap(Trap::MemoryOutOfBounds));
        }
        for (place, byte) in (at..).zip(bytes) {
            match byte {
                0 => self.memories[memory].bytes.remove(&place),
                _ => self.memories[memory].bytes.insert(place, *byte),
            };
        }
        Ok(())
    }

    pub(super) fn copy(&mut self, memory: usize, to: u32, from: u32, len: u32) -> Outcome<()> {
        if u64::from(from) + u64::from(len) > self.size_in_bytes(memory) {
            return Err(Stop::Trap(Trap::MemoryOutOfBounds));
        }
        let bytes: Vec<u8> = (from..from + len)
            .map(|at| self.memories[memory].bytes.get(&at).copied().unwrap_or(0))
            .collect();
        self.store(memory, to, &bytes)
    }

    pub(super) fn grow_memory(&mut self, memory: usize, delta: u64) -> Option<u64> {
        let most = self.most_pages;
        let memory = &mut self.memories[memory];
        let old = memory.pages;
        if delta == 0 {
            return Some(old);
        }
        if old + delta > memory.max.min(most) {
            return None;
        }
        memory.pages += delta;
        Some(old)
    }

    pub(super) fn grow_table(&mut self, table: usize, delta: u64, init: Value) -> Option<u64> {
        let most = self.most_elements;
        let table = &mut self.tables[table];
        let old = table.elements.len() as u64;
        if delta == 0 {
            return Some(old);
        }
        if old + delta > table.max.min(most) {
            return None;
        }
        table.elements.resize((old + delta) as usize, init);
        Some(old)
    }

    /// The function that a call reaches through an element, with the type of a kind.
    pub(super) fn indirect(&self, table: usize, index: u32, kind: usize) -> Outcome<Func> {
        match self.tables[table].elements.get(index as usize) {
            None => Err(Stop::Trap(Trap::TableOutOfBounds)),
            Some(Value::Func(Some(func))) if self.function(*func).0 == kind => {
                if self.can_be_called(*func) { Ok(*func) } else { Err(Stop::Error) }
            }
            Some(Value::Func(Some(_))) => Err(Stop::Trap(Trap::BadSignature)),
            Some(_) => Err(Stop::Trap(Trap::IndirectCallToNull)),
        }
    }

    /// What a call of the host's function by an instance does.
    pub(super) fn host_call(&mut self, instance: usize, arg: i32) -> Outcome<i32> {
        let rest = arg >> 4;
        let (memory, funcs) = (self.instances[instance].memory, self.instances[instance].funcs);
        match arg & 15 {
            code::PANIC => Err(Stop::Panic),
            code::ERROR => Err(Stop::Error),
            code::WRITE => self.store(memory, 40, &[rest as u8]).map(|()| 3),
            code::GROW => Ok(self.grow_memory(memory, 1).map_or(-1, |old| old as i32)),
            code::NUMBER => Ok(self.function(Func::Guest { instance, kind: 0 }).1),
            code::AGAIN => self.host_call(instance, rest),
            code::TRAP_INSIDE => Ok(77),
            code::SNAPSHOT => Ok(8),
            code::CLEAR => {
                if let Some(element) = self.tables[funcs].elements.first_mut() {
                    *element = Value::Func(None);
                }
                Ok(9)
            }
            code::TRAP => Err(Stop::Trap(Trap::IntegerOverflow)),
            code::DEEP => Ok(11),
            code::SWALLOW => match self.host_call(instance, rest) {
                Ok(value) => Ok(value),
                Err(Stop::Panic) => Err(Stop::Panic),
                Err(_) => Ok(-12),
            },
            code::INDIRECT => match self.indirect(funcs, rest as u32 & 7, 0) {
                Ok(func) => Ok(self.function(func).1),
                Err(_) => Ok(-13),
            },
            _ => Ok(rest),
        }
    }
}

/// Items that nothing else refers to.
pub(super) const NOBODYS: [usize; 2] = [usize::MAX; 2];

/// The number of a host function.
pub(super) fn host_number(place: usize) -> i32 {
    100_000 + place as i32
}
