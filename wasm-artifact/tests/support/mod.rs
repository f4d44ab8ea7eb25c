//! Modules made up from random numbers: consistent enough to be written, and of all shapes.
#![allow(dead_code, reason = "each test file uses a part of this")]

use proptest::prelude::*;
use wasm_types::profile::{CodeHash, CounterMap, CounterPoint, PointKind};
use wasm_types::{
    AddressMapEntry, ArrayType, CatchHandler, CatchSite, CompiledFunction, CompiledModule,
    CompositeType, ConstExpr, ConstOp, ContType, DataIndex, DataKind, DataSegment,
    DefinedFuncIndex, ElemIndex, ElementItems, ElementKind, ElementSegment, EntityIndex, Export,
    FieldType, FrameOperand, FramePoint, FrameSlotEntry, FrameValueKind, FuelEntry, FuncIndex,
    FuncType, FunctionFrame, GlobalIndex, GlobalType, HeapType, Import, InlinedFunction,
    InlinedRange, Internals, IsaFlag, KeptValue, MemoryIndex, MemoryType, Module, NameMap,
    OptLevel, RecGroup, RefType, StackMapEntry, StorageType, StructType, SubType, TableIndex,
    TableType, TagIndex, TagType, TextItem, TextItemKind, TrapCode, TrapEntry, Tunables, TypeIndex,
    TypeKind, ValType, WasmFeatures,
};

pub(crate) const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "riscv64gc-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
];

/// What `write` takes.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) module: Module,
    pub(crate) wasm: Vec<u8>,
    pub(crate) compiled: CompiledModule,
}

/// Inputs of all shapes. They shrink towards small ones.
pub(crate) fn input() -> impl Strategy<Value = Input> {
    prop::collection::vec(any::<u32>(), 0..900).prop_map(|numbers| {
        let mut source = Source { numbers: numbers.into_iter() };
        let (module, wasm) = source.module();
        let compiled = source.compiled(&module);
        Input { module, wasm, compiled }
    })
}

/// Random numbers, and zeros when they are used up.
struct Source {
    numbers: std::vec::IntoIter<u32>,
}

impl Source {
    fn any(&mut self) -> u32 {
        self.numbers.next().unwrap_or(0)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.any() as usize % limit.max(1)
    }

    fn coin(&mut self) -> bool {
        self.any() & 1 == 1
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn many<T>(&mut self, limit: usize, mut make: impl FnMut(&mut Self, usize) -> T) -> Vec<T> {
        let count = self.below(limit);
        (0..count).map(|i| make(self, i)).collect()
    }

    fn name(&mut self, unique: usize) -> String {
        let alphabet = ["", "env", "naïve", "a\0b", "$L.1", "std::vec<T>", "日本"];
        format!("{}{unique}", self.pick(&alphabet))
    }

    fn heap(&mut self, types: usize) -> HeapType {
        let abstracts = [
            HeapType::Func,
            HeapType::Extern,
            HeapType::NoFunc,
            HeapType::NoExtern,
            HeapType::Any,
            HeapType::Eq,
            HeapType::I31,
            HeapType::Struct,
            HeapType::Array,
            HeapType::None,
            HeapType::Exn,
            HeapType::NoExn,
            HeapType::Cont,
            HeapType::NoCont,
        ];
        if self.any() % 4 == 3 {
            let kind = self.pick(&[TypeKind::Func, TypeKind::Cont]);
            HeapType::Concrete(TypeIndex::new(self.below(types) as u32), kind)
        } else {
            self.pick(&abstracts)
        }
    }

    fn ref_type(&mut self, types: usize) -> RefType {
        RefType { nullable: self.coin(), heap: self.heap(types) }
    }

    fn val(&mut self, types: usize) -> ValType {
        match self.below(6) {
            0 => ValType::I32,
            1 => ValType::I64,
            2 => ValType::F32,
            3 => ValType::F64,
            4 => ValType::V128,
            _ => ValType::Ref(self.ref_type(types)),
        }
    }

    fn field(&mut self, types: usize) -> FieldType {
        let storage = match self.below(3) {
            0 => StorageType::I8,
            1 => StorageType::I16,
            _ => StorageType::Val(self.val(types)),
        };
        FieldType { storage, mutable: self.coin() }
    }

    fn sub_type(&mut self, index: usize, types: usize) -> SubType {
        let composite = match if index == 0 { 0 } else { self.below(5) } {
            1 => CompositeType::Struct(StructType {
                fields: self.many(4, |s, _| s.field(types)).into(),
            }),
            2 => CompositeType::Array(ArrayType(self.field(types))),
            3 => CompositeType::Cont(ContType(TypeIndex::new(self.below(types) as u32))),
            _ => {
                let params = self.many(5, |s, _| s.val(types));
                let results = self.many(4, |s, _| s.val(types));
                CompositeType::Func(FuncType::new(params, results))
            }
        };
        let supertype = self.coin().then(|| TypeIndex::new(self.below(types) as u32));
        SubType { is_final: self.coin(), supertype, composite }
    }

    fn const_expr(&mut self, globals: usize, functions: usize) -> ConstExpr {
        let heap = self.heap(1);
        let op = |s: &mut Self| match s.below(14) {
            0 => ConstOp::I32Const(s.any().cast_signed()),
            1 => ConstOp::I64Const(i64::from(s.any()) * -3),
            2 => ConstOp::F32Const(s.any()),
            3 => ConstOp::F64Const(u64::from(s.any()) << 20),
            4 => ConstOp::V128Const(u128::from(s.any()) << 70),
            5 => ConstOp::GlobalGet(GlobalIndex::new(s.below(globals) as u32)),
            6 => ConstOp::RefNull(heap),
            7 => ConstOp::RefFunc(FuncIndex::new(s.below(functions) as u32)),
            8 => ConstOp::I32Add,
            9 => ConstOp::I32Sub,
            10 => ConstOp::I32Mul,
            11 => ConstOp::I64Add,
            12 => ConstOp::I64Sub,
            _ => ConstOp::I64Mul,
        };
        let count = 1 + self.below(3);
        let ops: Vec<_> = (0..count).map(|_| op(self)).collect();
        ConstExpr::new(ops)
    }

    /// An offset of a segment: mostly a constant within or a little beyond `size`.
    fn offset(&mut self, size: u64, index64: bool) -> ConstExpr {
        if self.any() % 16 == 15 {
            return ConstExpr::new([ConstOp::GlobalGet(GlobalIndex::new(0))]);
        }
        let offset = self.any() % (size as u32 - size as u32 / 8 + 1);
        ConstExpr::new([if index64 {
            ConstOp::I64Const(offset.into())
        } else {
            ConstOp::I32Const(offset.cast_signed())
        }])
    }

    fn module(&mut self) -> (Module, Vec<u8>) {
        let wasm: Vec<u8> = (0..3000u32).map(|i| (i * 7 % 251) as u8 + 1).collect();
        let types = 1 + self.below(6);
        let mut module = Module {
            types: (0..types).map(|i| self.sub_type(i, types)).collect(),
            features: WasmFeatures::from_bits_truncate(self.any().into()),
            ..Module::default()
        };
        let mut start = 0;
        let trivial = self.coin();
        while start < types {
            let len = if trivial { 1 } else { self.below(types - start + 1) };
            module
                .rec_groups
                .push(RecGroup { start: TypeIndex::new(start as u32), len: len as u32 });
            start += len.max(usize::from(self.numbers.len() == 0));
            if len == 0 && self.numbers.len() == 0 {
                break;
            }
        }

        let mut defined = 0;
        for item in self.many(24, |s, i| (s.below(8), i)) {
            // The imports come first.
            let imported = item.1 < 6 && item.0 % 2 == 1;
            if imported && defined > 0 {
                continue;
            }
            defined += usize::from(!imported);
            self.entity(&mut module, item.0, imported, item.1);
        }
        if self.coin() {
            self.ordinary_table_and_memory(&mut module);
        }
        self.initial_state(&mut module, wasm.len());

        let functions = module.functions.len();
        if functions > 0 {
            module.start = self.coin().then(|| FuncIndex::new(self.below(functions) as u32));
        }
        let mut escaping: Vec<_> = (0..functions as u32).map(FuncIndex::new).collect();
        let keep = self.any();
        escaping.retain(|func| keep >> (func.as_u32() % 32) & 1 == 1);
        module.escaping_functions = escaping;
        module.names = self.names(&module);
        (module, wasm)
    }

    fn entity(&mut self, module: &mut Module, kind: usize, imported: bool, number: usize) {
        let types = module.types.len();
        let index = match kind / 2 {
            0 => {
                module.functions.push(TypeIndex::new(0));
                module.num_imported_functions += u32::from(imported);
                EntityIndex::Func(FuncIndex::new(module.functions.len() as u32 - 1))
            }
            1 => {
                let heap = if self.coin() { HeapType::Func } else { self.heap(types) };
                module.tables.push(TableType {
                    element: RefType { nullable: self.coin(), heap },
                    minimum: (self.any() % 40).into(),
                    maximum: self.coin().then_some(1 << 33),
                    table64: self.coin(),
                    shared: self.coin(),
                });
                module.num_imported_tables += u32::from(imported);
                if !imported {
                    let init = (self.any() % 4 == 3).then(|| self.const_expr(1, 1));
                    module.table_inits.push(init);
                }
                EntityIndex::Table(TableIndex::new(module.tables.len() as u32 - 1))
            }
            2 => {
                module.memories.push(MemoryType {
                    minimum: (self.any() % 4).into(),
                    maximum: self.coin().then(|| self.any().into()),
                    memory64: self.coin(),
                    shared: self.coin(),
                    page_size_log2: if self.any() % 8 == 7 { 0 } else { 16 },
                });
                module.num_imported_memories += u32::from(imported);
                EntityIndex::Memory(MemoryIndex::new(module.memories.len() as u32 - 1))
            }
            _ if number % 3 == 2 => {
                module.tags.push(TagType { ty: TypeIndex::new(0) });
                module.num_imported_tags += u32::from(imported);
                EntityIndex::Tag(TagIndex::new(module.tags.len() as u32 - 1))
            }
            _ => {
                let content = self.val(types);
                module.globals.push(GlobalType { content, mutable: self.coin() });
                module.num_imported_globals += u32::from(imported);
                if !imported {
                    let (globals, functions) = (module.globals.len(), module.functions.len());
                    module.global_inits.push(self.const_expr(globals, functions));
                }
                EntityIndex::Global(GlobalIndex::new(module.globals.len() as u32 - 1))
            }
        };
        if imported {
            let (module_name, name) = (self.name(0).into(), self.name(number).into());
            let ty = module.entity_type(index);
            module.imports.push(Import { module: module_name, name, index, ty });
        } else if self.coin() {
            let name = self.name(number);
            module.exports.push(Export { name, index });
        }
    }

    /// What most modules have, so that segments have something to go to.
    fn ordinary_table_and_memory(&mut self, module: &mut Module) {
        module.functions.push(TypeIndex::new(0));
        module.tables.push(TableType {
            element: RefType::FUNCREF,
            minimum: (self.any() % 20 + 20).into(),
            maximum: None,
            table64: false,
            shared: false,
        });
        module.table_inits.push(None);
        module.memories.push(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: 16,
        });
    }

    fn initial_state(&mut self, module: &mut Module, wasm_len: usize) {
        let functions = module.functions.len();
        let segments = self.many(12, |s, _| {
            let ty = s.ref_type(1);
            let items = if functions == 0 || s.any() % 3 == 2 {
                ElementItems::Expressions(s.many(5, |s, _| match s.below(3) {
                    0 if functions > 0 => ConstExpr::new([ConstOp::RefFunc(FuncIndex::new(0))]),
                    1 => s.const_expr(1, functions),
                    _ => ConstExpr::new([ConstOp::RefNull(HeapType::Func)]),
                }))
            } else {
                let func = |s: &mut Self, _| FuncIndex::new(s.below(functions) as u32);
                ElementItems::Functions(s.many(12, func))
            };
            let kind = match s.below(5) {
                0 => ElementKind::Passive,
                1 => ElementKind::Declared,
                _ if module.tables.is_empty() => ElementKind::Passive,
                _ => {
                    let table = s.below(module.tables.len());
                    let ty = module.tables[table];
                    let offset = s.offset(ty.minimum, ty.table64);
                    ElementKind::Active { table: TableIndex::new(table as u32), offset }
                }
            };
            ElementSegment { kind, ty, items }
        });
        module.elements = segments;
        module.data = self.many(10, |s, _| {
            let start = s.below(wasm_len);
            let range = start..(start + s.below(700)).min(wasm_len);
            let kind = if module.memories.is_empty() || s.below(5) == 0 {
                DataKind::Passive
            } else {
                let memory = s.below(module.memories.len());
                let ty = module.memories[memory];
                let offset = s.offset(ty.minimum << ty.page_size_log2, ty.memory64);
                DataKind::Active { memory: MemoryIndex::new(memory as u32), offset }
            };
            DataSegment { kind, range }
        });
    }

    fn names(&mut self, module: &Module) -> NameMap {
        macro_rules! some {
            ($len:expr, $index:ident) => {{
                let keep = self.any();
                (0..$len as u32)
                    .filter(|i| keep >> (i % 32) & 1 == 1)
                    .map(|i| ($index::new(i), self.name(i as usize)))
                    .collect()
            }};
        }
        let mut fields = Vec::new();
        for (number, ty) in (0..).zip(&module.types) {
            let CompositeType::Struct(ty) = &ty.composite else { continue };
            for field in 0..ty.fields.len() as u32 {
                if self.coin() {
                    continue;
                }
                fields.push(((TypeIndex::new(number), field), self.name(field as usize)));
            }
        }
        NameMap {
            module: self.coin().then(|| self.name(0)),
            functions: some!(module.functions.len(), FuncIndex),
            tables: some!(module.tables.len(), TableIndex),
            memories: some!(module.memories.len(), MemoryIndex),
            globals: some!(module.globals.len(), GlobalIndex),
            elements: some!(module.elements.len(), ElemIndex),
            data: some!(module.data.len(), DataIndex),
            types: some!(module.types.len(), TypeIndex),
            fields,
            tags: some!(module.tags.len(), TagIndex),
        }
    }

    fn counters(&mut self, functions: usize) -> CounterMap {
        let points = |s: &mut Self| {
            s.many(4, |s, i| CounterPoint { offset: i as u32 * 7, kind: s.pick(&PointKind::ALL) })
        };
        let functions = (0..functions).map(|_| points(self)).collect();
        CounterMap { code: CodeHash([self.any() as u8; 16]), functions }
    }

    fn compiled(&mut self, module: &Module) -> CompiledModule {
        let mut tunables = Tunables::new();
        tunables.memory_reservation = u64::from(self.any()) << 16;
        tunables.stack_guard_size = 1 << (self.any() % 20);
        tunables.spectre_mitigation = self.coin();
        tunables.relaxed_simd_deterministic = self.coin();
        tunables.nan_canonicalization = self.coin();
        tunables.interruption = self.coin();
        tunables.interruption_callbacks = self.coin();
        tunables.fuel_yields = self.coin();
        tunables.gathers_profile = self.coin();
        tunables.guest_debug = self.coin();
        tunables.fuel_costs = self.coin().then(|| u64::from(self.any()) << 20);
        tunables.opt_level = self.pick(&[OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize]);
        tunables.internals =
            self.pick(&[Internals::Sealed, Internals::Readable, Internals::Writable]);
        let mut functions = Vec::new();
        let mut text = Vec::new();
        let imported = module.num_imported_functions;
        for _ in imported..module.functions.len() as u32 {
            let len = 1 + self.any() % 90;
            let frame_size = self.any() % 100;
            functions.push(CompiledFunction { offset: text.len() as u32, len, frame_size });
            text.resize(text.len() + len as usize, 0xc3);
            text.resize(text.len().next_multiple_of(16), 0x90);
        }
        if self.coin() {
            functions.reverse();
        }
        let items = self.many(3, |s, index| {
            let (offset, len) = (text.len() as u32, 1 + s.any() % 40);
            text.resize(text.len() + len as usize, 0);
            let kind = match s.coin() {
                true => TextItemKind::Table(TableIndex::new(index as u32)),
                false => TextItemKind::ImportThunk(FuncIndex::new(index as u32)),
            };
            TextItem { kind, offset, len }
        });
        let unit = 1 << (self.any() % 3);
        let mut offset = 0;
        let traps = self.many(200, |s, _| {
            offset += unit * (1 + s.any() % 60);
            TrapEntry { offset, code: s.pick(TrapCode::ALL) }
        });
        let mut offset = 0;
        let address_map = self.many(200, |s, _| {
            offset += unit * (s.any() % 40);
            let wasm_offset = if s.any() % 10 == 9 { u32::MAX } else { s.any() % 5000 };
            AddressMapEntry { offset, wasm_offset }
        });
        let mut offset = 0;
        let fuel = self.many(100, |s, _| {
            offset += 1 + s.any() % 60;
            FuelEntry { offset, ahead: s.any().cast_signed() }
        });
        let inlined_functions = (0..self.any() % 20).map(|number| InlinedFunction {
            func: FuncIndex::new(self.any() % 30),
            call: self.any() % 5000,
            caller: (number > 0 && self.coin()).then(|| self.any() % number),
        });
        let inlined_functions: Vec<_> = inlined_functions.collect();
        let mut offset = 0;
        let inlined_ranges = self.many(100, |s, _| {
            offset += 1 + s.any() % 60;
            let number = s.any() % (1 + inlined_functions.len() as u32);
            let function = ((number as usize) < inlined_functions.len()).then_some(number);
            InlinedRange { offset, function }
        });
        let mut offset = 0;
        let stack_maps = self.many(40, |s, _| {
            offset += 1 + s.any() % 60;
            let below_frame_pointer = s.many(4, |s, _| 4 * (1 + s.any() % 20));
            StackMapEntry { offset, below_frame_pointer }
        });
        let slots = (imported..module.functions.len() as u32).filter(|func| func % 3 == 1);
        let frame_slots = slots.map(|func| FrameSlotEntry {
            func: FuncIndex::new(func),
            below_frame_pointer: 8 * func,
        });
        let kept = (0..module.functions.len() as u32 - imported).filter(|func| func % 5 == 1);
        let kept_values = kept.flat_map(|func| {
            [None, Some(func)].map(|local| KeptValue {
                func: DefinedFuncIndex::new(func),
                local,
                below_frame_pointer: 16 * func,
                size: 8,
            })
        });
        let hooked = (imported..module.functions.len() as u32).filter(|func| func % 4 == 2);
        let mut return_offset = 0;
        let catch_sites = self.many(40, |s, _| {
            return_offset += 1 + s.any() % 60;
            let handlers = s.many(4, |s, _| CatchHandler {
                tag: (!module.tags.is_empty() && s.coin())
                    .then(|| TagIndex::new(s.any() % module.tags.len() as u32)),
                target: s.any() % text.len().max(1) as u32,
            });
            CatchSite {
                return_offset,
                stack_below_frame: 16 * (s.any() % 20),
                context_below_frame: 8 * (s.any() % 20),
                handlers,
            }
        });
        let counters = match tunables.gathers_profile {
            true => self.counters(functions.len()).encode(),
            false => Vec::new(),
        };
        let frames = match tunables.guest_debug {
            true => self.frames(functions.len()),
            false => Vec::new(),
        };
        // Handlers lie within the text.
        let catch_sites = if text.is_empty() { Vec::new() } else { catch_sites };
        CompiledModule {
            target: self.pick(&TARGETS).into(),
            isa_flags: self.many(3, |s, i| IsaFlag { name: s.name(i), value: s.name(i) }),
            extensions: self.many(3, |s, i| format!("has_{}", s.name(i))),
            proposals: module.features,
            tunables,
            text,
            functions,
            items,
            traps,
            address_map,
            frame_slots: frame_slots.collect(),
            kept_values: kept_values.collect(),
            hooked_functions: hooked.map(FuncIndex::new).collect(),
            inlined_functions,
            inlined_ranges,
            stack_maps,
            fuel,
            catch_sites,
            counters,
            frames,
            profile: self.coin().then(|| CodeHash([self.any() as u8; 16])),
        }
    }

    /// Frames that can be debugged.
    fn frames(&mut self, functions: usize) -> Vec<FunctionFrame> {
        const KINDS: [FrameValueKind; 3] =
            [FrameValueKind::I32, FrameValueKind::V128, FrameValueKind::Any];
        let mut pc = 0;
        let frames = (0..functions).map(|_| {
            let body = pc;
            let mut operands = Vec::new();
            let points = self.many(20, |s, _| {
                pc += 1 + s.any() % 9;
                let below = s.any() % (1 + operands.len() as u32);
                operands.push(FrameOperand { below, kind: s.pick(&KINDS) });
                FramePoint { pc, top: s.any() % (1 + operands.len() as u32) }
            });
            FunctionFrame {
                body,
                numbers_below: 16 * (self.any() % 20),
                references_below: 16 * (self.any() % 20),
                references: self.any() % 20,
                locals: self.many(5, |s, _| s.pick(&KINDS)),
                operands,
                points,
            }
        });
        frames.collect()
    }
}
