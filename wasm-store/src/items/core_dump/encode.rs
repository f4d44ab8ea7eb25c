//! Writing a dump as a module in binary form, whose custom sections are those of the format.

use wasm_types::{HeapType, ValType};

use super::WasmCoreDump;
use crate::items::{Global, Memory, Module, Val};
use crate::store::{AsContext, AsContextMut};

/// Contents of memories are written in pieces of this size, without the zeros around them.
const PIECE: usize = 4096;

/// Bytes of a module.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// An unsigned number of variable length.
    fn number(&mut self, value: u64) -> &mut Self {
        let mut rest = value;
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.byte(rest as u8)
    }

    /// A signed number of variable length.
    fn signed(&mut self, value: i64) -> &mut Self {
        let mut rest = value;
        while !(-0x40..0x40).contains(&rest) {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.byte(rest as u8 & 0x7f)
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their length before them.
    fn counted(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).bytes(bytes)
    }

    fn numbers(&mut self, list: &[u32]) -> &mut Self {
        self.number(list.len() as u64);
        list.iter().for_each(|number| _ = self.number(u64::from(*number)));
        self
    }

    fn section(&mut self, id: u8, contents: &Bytes) {
        self.byte(id).counted(&contents.0);
    }

    fn custom(&mut self, name: &str, contents: &Bytes) {
        let mut named = Bytes::default();
        named.counted(name.as_bytes()).bytes(&contents.0);
        self.section(0, &named);
    }
}

impl WasmCoreDump {
    pub(super) fn encode(&self, mut store: impl AsContextMut, name: &str) -> Vec<u8> {
        let mut module = Bytes(b"\0asm\x01\0\0\0".to_vec());
        let mut process = Bytes::default();
        process.byte(0).counted(name.as_bytes());
        module.custom("core", &process);
        let (mut memories, mut data, mut pieces) = (Bytes::default(), Bytes::default(), 0);
        memories.number(self.memories.len() as u64);
        for (place, memory) in (0..).zip(&self.memories) {
            write_memory_type(&mut memories, memory, &store);
            pieces += write_contents(&mut data, place, memory, &store);
        }
        module.section(5, &memories);
        let mut globals = Bytes::default();
        globals.number(self.globals.len() as u64);
        for global in &self.globals {
            write_global(&mut globals, global, &mut store);
        }
        module.section(6, &globals);
        let mut segments = Bytes::default();
        segments.number(pieces).bytes(&data.0);
        module.section(11, &segments);
        self.write_instances(&mut module);
        module.0
    }

    fn write_instances(&self, module: &mut Bytes) {
        let mut modules = Bytes::default();
        modules.number(self.modules.len() as u64);
        for (number, it) in self.modules.iter().enumerate() {
            let name =
                it.name().map_or_else(|| format!("<anonymous-module-{number}>"), str::to_owned);
            modules.byte(0).counted(name.as_bytes());
        }
        module.custom("coremodules", &modules);
        let mut instances = Bytes::default();
        instances.number(self.contents.len() as u64);
        for it in &self.contents {
            instances.byte(0).number(u64::from(it.module));
            instances.numbers(&it.memories).numbers(&it.globals);
        }
        module.custom("coreinstances", &instances);
        let mut stack = Bytes::default();
        stack.byte(0).counted(b"main").number(self.frames().len() as u64);
        for frame in self.frames() {
            let of_module = |module: u32| {
                let known = self.modules.get(module as usize);
                known.is_some_and(|known| Module::same(known, frame.module()))
            };
            let instance = self.contents.iter().rposition(|it| of_module(it.module));
            stack
                .byte(0)
                .number(instance.unwrap_or(0) as u64)
                .number(u64::from(frame.func_index()));
            stack.number(frame.func_offset().unwrap_or(0) as u64);
            // Neither locals nor operands.
            stack.number(0).number(0);
        }
        module.custom("corestack", &stack);
    }
}

fn write_memory_type(to: &mut Bytes, memory: &Memory, store: &impl AsContext) {
    let ty = memory.ty(store);
    let has_default_pages = ty.page_size_log2() == 16;
    let flags = u8::from(ty.maximum().is_some())
        | u8::from(ty.is_shared()) << 1
        | u8::from(ty.is_64()) << 2
        | u8::from(!has_default_pages) << 3;
    to.byte(flags).number(memory.size(store));
    if let Some(maximum) = ty.maximum() {
        to.number(maximum);
    }
    if !has_default_pages {
        to.number(u64::from(ty.page_size_log2()));
    }
}

/// Writes what is not zero in a memory as data segments. Returns how many there are.
fn write_contents(to: &mut Bytes, place: u64, memory: &Memory, store: &impl AsContext) -> u64 {
    let is_64 = memory.ty(store).is_64();
    let (mut offset, mut count) = (0, 0);
    for piece in memory.data(store.as_context()).chunks(PIECE) {
        let first = piece.iter().position(|byte| *byte != 0);
        if let Some(first) = first {
            let last = piece.iter().rposition(|byte| *byte != 0).unwrap_or(first);
            match place {
                0 => to.byte(0),
                _ => to.byte(2).number(place),
            };
            let address = (offset + first) as u64;
            match is_64 {
                true => to.byte(0x42).signed(address.cast_signed()),
                false => to.byte(0x41).signed(i64::from((address as u32).cast_signed())),
            };
            to.byte(0x0b).counted(&piece[first..=last]);
            count += 1;
        }
        offset += piece.len();
    }
    count
}

/// Writes a global with its value; null for references.
fn write_global(to: &mut Bytes, global: &Global, store: &mut impl AsContextMut) {
    let ty = global.canonical_type();
    let code = value_type(ty.content);
    to.byte(code).byte(u8::from(ty.mutable));
    match global.get(store) {
        Val::I32(value) => to.byte(0x41).signed(i64::from(value)),
        Val::I64(value) => to.byte(0x42).signed(value),
        Val::F32(bits) => to.byte(0x43).bytes(&bits.to_le_bytes()),
        Val::F64(bits) => to.byte(0x44).bytes(&bits.to_le_bytes()),
        Val::V128(value) => to.byte(0xfd).number(12).bytes(&value.as_u128().to_le_bytes()),
        Val::FuncRef(_) | Val::ExternRef(_) | Val::AnyRef(_) | Val::ExnRef(_) | Val::ContRef(_) => {
            to.byte(0xd0).byte(code)
        }
    };
    to.byte(0x0b);
}

/// A type in binary form; for references the nullable one of the top of their hierarchy, whose code
/// is that of the heap type as well.
fn value_type(ty: ValType) -> u8 {
    match ty {
        ValType::I32 => 0x7f,
        ValType::I64 => 0x7e,
        ValType::F32 => 0x7d,
        ValType::F64 => 0x7c,
        ValType::V128 => 0x7b,
        ValType::Ref(ty) => match ty.heap.top() {
            HeapType::Extern => 0x6f,
            HeapType::Any => 0x6e,
            HeapType::Exn => 0x69,
            HeapType::Cont => 0x68,
            _ => 0x70,
        },
    }
}
