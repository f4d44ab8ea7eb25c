//! An interpreter of adapter modules: it knows the instructions that adapters consist of, and asks
//! a host for everything that they import.

use std::collections::HashMap;

use wasmparser::{MemArg, Operator, Parser, Payload, ValType, Validator, WasmFeatures};

use crate::adapt::fused::Fused;
use crate::adapt::item::Item;

/// Why a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trapped(pub(super) String);

/// What ends a call and can be caught.
pub(super) fn exception() -> Trapped {
    Trapped("exception".into())
}

/// What modules are instantiated with.
pub(super) trait Host {
    fn call(&mut self, def: Item, args: &[u64]) -> Result<Vec<u64>, Trapped>;
    fn memory(&mut self, def: Item) -> &mut Vec<u8>;
    fn page_size_log2(&self, def: Item) -> u32;
    fn global(&mut self, def: Item) -> &mut u32;
}

struct Function<'a> {
    ty: usize,
    locals: usize,
    code: Vec<Operator<'a>>,
    /// Where the blocks that begin at an instruction end, and where their other branch begins.
    ends: HashMap<usize, (usize, Option<usize>)>,
}

/// An instance.
pub(super) struct Instance<'a> {
    types: Vec<(usize, usize)>,
    imported: Vec<(Item, usize)>,
    memories: Vec<Item>,
    globals: Vec<Item>,
    functions: Vec<Function<'a>>,
    exports: Vec<u32>,
    steps: u64,
}

struct Label {
    target: usize,
    arity: usize,
    height: usize,
    is_loop: bool,
    catches: bool,
}

impl<'a> Instance<'a> {
    /// Validates a module and reads it.
    pub(super) fn new(module: &'a Fused) -> Self {
        let features = WasmFeatures::default() | WasmFeatures::CUSTOM_PAGE_SIZES;
        Validator::new_with_features(features)
            .validate_all(&module.wasm)
            .unwrap_or_else(|error| panic!("the module is not valid: {error}"));
        let mut instance = Self {
            types: Vec::new(),
            imported: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            functions: Vec::new(),
            exports: Vec::new(),
            steps: 0,
        };
        let mut declared = Vec::new();
        for payload in Parser::new(0).parse_all(&module.wasm) {
            match payload.unwrap() {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        let ty = ty.unwrap();
                        instance.types.push((ty.params().len(), ty.results().len()));
                    }
                }
                Payload::ImportSection(section) => {
                    for (import, def) in section.into_imports().zip(&module.imports) {
                        match import.unwrap().ty {
                            wasmparser::TypeRef::Func(ty) => {
                                instance.imported.push((*def, ty as usize));
                            }
                            wasmparser::TypeRef::Memory(_) => instance.memories.push(*def),
                            wasmparser::TypeRef::Global(_) => instance.globals.push(*def),
                            other => panic!("adapters do not import {other:?}"),
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    declared.extend(section.into_iter().map(|ty| ty.unwrap() as usize));
                }
                Payload::ExportSection(section) => {
                    instance
                        .exports
                        .extend(section.into_iter().map(|export| export.unwrap().index));
                }
                Payload::CodeSectionEntry(body) => {
                    let ty = declared[instance.functions.len()];
                    instance.functions.push(function(ty, &body));
                }
                _ => {}
            }
        }
        instance
    }

    /// Calls the adapter of that number.
    pub(super) fn call(
        &mut self,
        adapter: usize,
        args: &[u64],
        host: &mut dyn Host,
    ) -> Result<Vec<u64>, Trapped> {
        self.steps = 0;
        self.invoke(self.exports[adapter] as usize, args.to_vec(), host)
    }

    fn invoke(
        &mut self,
        index: usize,
        args: Vec<u64>,
        host: &mut dyn Host,
    ) -> Result<Vec<u64>, Trapped> {
        if let Some((def, ty)) = self.imported.get(index) {
            let results = host.call(*def, &args)?;
            assert_eq!(results.len(), self.types[*ty].1, "results of {def:?}");
            return Ok(results);
        }
        let place = index - self.imported.len();
        let function = &self.functions[place];
        let arity = self.types[function.ty].1;
        let mut locals = args;
        locals.resize(locals.len() + function.locals, 0);
        let mut stack: Vec<u64> = Vec::new();
        let end = function.code.len() - 1;
        let mut labels =
            vec![Label { target: end, arity, height: 0, is_loop: false, catches: false }];
        let mut at = 0;
        loop {
            self.steps += 1;
            assert!(self.steps < 200_000_000, "the adapter does not end");
            let function = &self.functions[place];
            let op = &function.code[at];
            at += 1;
            let mut branch = None;
            macro_rules! pop {
                () => {
                    stack.pop().unwrap()
                };
                (i32) => {
                    stack.pop().unwrap() as u32
                };
            }
            macro_rules! binary32 {
                ($f:expr) => {{
                    let (b, a) = (pop!(i32), pop!(i32));
                    let f: fn(u32, u32) -> u32 = $f;
                    stack.push(f(a, b).into());
                }};
            }
            macro_rules! binary64 {
                ($f:expr) => {{
                    let (b, a) = (pop!(), pop!());
                    let f: fn(u64, u64) -> u64 = $f;
                    stack.push(f(a, b));
                }};
            }
            match op {
                Operator::Unreachable => return Err(Trapped("unreachable".into())),
                Operator::Block { .. } | Operator::Loop { .. } | Operator::TryTable { .. } => {
                    let is_loop = matches!(op, Operator::Loop { .. });
                    let catches = matches!(op, Operator::TryTable { .. });
                    let target = if is_loop { at } else { function.ends[&(at - 1)].0 + 1 };
                    labels.push(Label { target, arity: 0, height: stack.len(), is_loop, catches });
                }
                Operator::If { .. } => {
                    let (end, other) = function.ends[&(at - 1)];
                    let condition = pop!(i32);
                    labels.push(Label {
                        target: end + 1,
                        arity: 0,
                        height: stack.len(),
                        is_loop: false,
                        catches: false,
                    });
                    if condition == 0 {
                        at = other.map_or(end, |other| other + 1);
                    }
                }
                // The first branch has ended.
                Operator::Else => branch = Some(0),
                Operator::End => {
                    labels.pop();
                    if labels.is_empty() {
                        return Ok(stack.split_off(stack.len() - arity));
                    }
                }
                Operator::Br { relative_depth } => branch = Some(*relative_depth),
                Operator::BrIf { relative_depth } => {
                    if pop!(i32) != 0 {
                        branch = Some(*relative_depth);
                    }
                }
                Operator::BrTable { targets } => {
                    let place = pop!(i32) as usize;
                    let all: Vec<u32> = targets.targets().map(Result::unwrap).collect();
                    branch = Some(all.get(place).copied().unwrap_or(targets.default()));
                }
                Operator::Call { function_index } => {
                    let index = *function_index as usize;
                    let ty = match self.imported.get(index) {
                        Some((_, ty)) => *ty,
                        None => self.functions[index - self.imported.len()].ty,
                    };
                    let args = stack.split_off(stack.len() - self.types[ty].0);
                    match self.invoke(index, args, host) {
                        Ok(results) => stack.extend(results),
                        Err(error) if error == exception() => {
                            let catches = labels.iter().rposition(|label| label.catches);
                            let Some(place) = catches else { return Err(error) };
                            // To the block around it.
                            branch = Some((labels.len() - place) as u32);
                        }
                        Err(error) => return Err(error),
                    }
                }
                Operator::LocalGet { local_index } => stack.push(locals[*local_index as usize]),
                Operator::LocalSet { local_index } => locals[*local_index as usize] = pop!(),
                Operator::LocalTee { local_index } => {
                    locals[*local_index as usize] = *stack.last().unwrap();
                }
                Operator::GlobalGet { global_index } => {
                    stack.push((*host.global(self.globals[*global_index as usize])).into());
                }
                Operator::GlobalSet { global_index } => {
                    *host.global(self.globals[*global_index as usize]) = pop!(i32);
                }
                Operator::I32Load { memarg } | Operator::F32Load { memarg } => {
                    let value = self.load::<4>(host, memarg, pop!(i32))?;
                    stack.push(u32::from_le_bytes(value).into());
                }
                Operator::I64Load { memarg } | Operator::F64Load { memarg } => {
                    let value = self.load::<8>(host, memarg, pop!(i32))?;
                    stack.push(u64::from_le_bytes(value));
                }
                Operator::I64Load32U { memarg } => {
                    let value = self.load::<4>(host, memarg, pop!(i32))?;
                    stack.push(u32::from_le_bytes(value).into());
                }
                Operator::I32Load8U { memarg } => {
                    let value = self.load::<1>(host, memarg, pop!(i32))?;
                    stack.push(value[0].into());
                }
                Operator::I32Load8S { memarg } => {
                    let value = self.load::<1>(host, memarg, pop!(i32))?;
                    stack.push((i32::from(value[0] as i8) as u32).into());
                }
                Operator::I32Load16U { memarg } => {
                    let value = self.load::<2>(host, memarg, pop!(i32))?;
                    stack.push(u16::from_le_bytes(value).into());
                }
                Operator::I32Load16S { memarg } => {
                    let value = self.load::<2>(host, memarg, pop!(i32))?;
                    stack.push((i32::from(i16::from_le_bytes(value)) as u32).into());
                }
                Operator::I32Store8 { memarg } => {
                    let value = [pop!(i32) as u8];
                    self.store(host, memarg, pop!(i32), &value)?;
                }
                Operator::I32Store16 { memarg } => {
                    let value = (pop!(i32) as u16).to_le_bytes();
                    self.store(host, memarg, pop!(i32), &value)?;
                }
                Operator::I32Store { memarg }
                | Operator::F32Store { memarg }
                | Operator::I64Store32 { memarg } => {
                    let value = pop!(i32).to_le_bytes();
                    self.store(host, memarg, pop!(i32), &value)?;
                }
                Operator::I64Store { memarg } | Operator::F64Store { memarg } => {
                    let value = pop!().to_le_bytes();
                    self.store(host, memarg, pop!(i32), &value)?;
                }
                Operator::MemorySize { mem } => {
                    let def = self.memories[*mem as usize];
                    let size = host.memory(def).len() >> host.page_size_log2(def);
                    stack.push(size as u64);
                }
                Operator::MemoryCopy { dst_mem, src_mem } => {
                    let (size, from, to) = (pop!(i32), pop!(i32), pop!(i32));
                    let source = host.memory(self.memories[*src_mem as usize]);
                    let bytes = range(source.len(), from, size)?;
                    let bytes = source[bytes].to_vec();
                    let target = host.memory(self.memories[*dst_mem as usize]);
                    let place = range(target.len(), to, size)?;
                    target[place].copy_from_slice(&bytes);
                }
                Operator::I32Const { value } => stack.push((*value as u32).into()),
                Operator::I64Const { value } => stack.push(*value as u64),
                Operator::F32Const { value } => stack.push(value.bits().into()),
                Operator::F64Const { value } => stack.push(value.bits()),
                Operator::I32Eqz => {
                    let value = pop!(i32);
                    stack.push((value == 0).into());
                }
                Operator::I32Eq => binary32!(|a, b| (a == b).into()),
                Operator::I32Ne => binary32!(|a, b| (a != b).into()),
                Operator::I32LtU => binary32!(|a, b| (a < b).into()),
                Operator::I32LtS => binary32!(|a, b| ((a as i32) < b as i32).into()),
                Operator::I32GtU => binary32!(|a, b| (a > b).into()),
                Operator::I32GeU => binary32!(|a, b| (a >= b).into()),
                Operator::I32Add => binary32!(u32::wrapping_add),
                Operator::I32Sub => binary32!(u32::wrapping_sub),
                Operator::I32Mul => binary32!(u32::wrapping_mul),
                Operator::I32And => binary32!(|a, b| a & b),
                Operator::I32Or => binary32!(|a, b| a | b),
                Operator::I32Xor => binary32!(|a, b| a ^ b),
                Operator::I32Shl => binary32!(u32::wrapping_shl),
                Operator::I32ShrU => binary32!(u32::wrapping_shr),
                Operator::I64Ne => binary64!(|a, b| (a != b).into()),
                Operator::I64GtU => binary64!(|a, b| (a > b).into()),
                Operator::I64Add => binary64!(u64::wrapping_add),
                Operator::I64And => binary64!(|a, b| a & b),
                Operator::I64Or => binary64!(|a, b| a | b),
                Operator::I64Shl => binary64!(|a, b| a.wrapping_shl(b as u32)),
                Operator::I64ShrU => binary64!(|a, b| a.wrapping_shr(b as u32)),
                Operator::I32WrapI64 => {
                    let value = pop!(i32);
                    stack.push(value.into());
                }
                // All values are their bits.
                Operator::I64ExtendI32U
                | Operator::I32ReinterpretF32
                | Operator::I64ReinterpretF64
                | Operator::F32ReinterpretI32
                | Operator::F64ReinterpretI64 => {}
                Operator::I32Extend8S => {
                    let value = pop!() as i8;
                    stack.push((i32::from(value) as u32).into());
                }
                Operator::I32Extend16S => {
                    let value = pop!() as i16;
                    stack.push((i32::from(value) as u32).into());
                }
                other => panic!("adapters do not consist of {other:?}"),
            }
            if let Some(depth) = branch {
                let place = labels.len() - 1 - depth as usize;
                let label = &labels[place];
                let results = stack.split_off(stack.len() - label.arity);
                stack.truncate(label.height);
                stack.extend(results);
                at = label.target;
                if label.is_loop {
                    labels.truncate(place + 1);
                } else {
                    labels.truncate(place);
                    if labels.is_empty() {
                        return Ok(stack);
                    }
                }
            }
        }
    }

    fn memory_of(&self, arg: &MemArg) -> Item {
        match arg.target {
            wasmparser::MemArgTarget::Memory(index) => self.memories[index as usize],
            other => panic!("adapters do not access {other:?}"),
        }
    }

    fn load<const N: usize>(
        &self,
        host: &mut dyn Host,
        arg: &MemArg,
        address: u32,
    ) -> Result<[u8; N], Trapped> {
        let memory = host.memory(self.memory_of(arg));
        let place = effective(memory.len(), arg, address, N)?;
        Ok(memory[place].try_into().unwrap())
    }

    fn store(
        &self,
        host: &mut dyn Host,
        arg: &MemArg,
        address: u32,
        bytes: &[u8],
    ) -> Result<(), Trapped> {
        let memory = host.memory(self.memory_of(arg));
        let place = effective(memory.len(), arg, address, bytes.len())?;
        memory[place].copy_from_slice(bytes);
        Ok(())
    }
}

fn effective(
    len: usize,
    arg: &MemArg,
    address: u32,
    size: usize,
) -> Result<std::ops::Range<usize>, Trapped> {
    let start = address as usize + arg.offset as usize;
    let place = start..start + size;
    // All is checked before, so that no access may trap by itself.
    assert!(place.end <= len, "an access at {place:?} of {len} bytes was not checked");
    Ok(place)
}

fn range(len: usize, start: u32, size: u32) -> Result<std::ops::Range<usize>, Trapped> {
    let place = start as usize..start as usize + size as usize;
    assert!(place.end <= len, "a copy at {place:?} of {len} bytes was not checked");
    Ok(place)
}

fn function<'a>(ty: usize, body: &wasmparser::FunctionBody<'a>) -> Function<'a> {
    let mut locals = 0;
    for local in body.get_locals_reader().unwrap() {
        let (count, ty) = local.unwrap();
        assert!(matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64));
        locals += count as usize;
    }
    let code: Vec<_> =
        body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
    let (mut ends, mut open) = (HashMap::new(), Vec::new());
    for (at, op) in code.iter().enumerate() {
        match op {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. } => {
                open.push((at, None));
            }
            Operator::Else => open.last_mut().unwrap().1 = Some(at),
            Operator::End => {
                if let Some((begin, other)) = open.pop() {
                    ends.insert(begin, (at, other));
                }
            }
            _ => {}
        }
    }
    Function { ty, locals, code, ends }
}
