//! Programs as binaries.

use super::generate::{Binary, Function, Op, Program, Ty};

impl Program {
    /// The binary.
    pub(super) fn encode(&self) -> Vec<u8> {
        let list = |types: &[Ty]| {
            let mut bytes = unsigned(types.len());
            bytes.extend(types.iter().map(|ty| code(*ty)));
            bytes
        };
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, count: usize, content: Vec<u8>| {
            let mut whole = unsigned(count);
            whole.extend(content);
            module.push(id);
            module.extend(unsigned(whole.len()));
            module.extend(whole);
        };
        let types = self.signatures.iter().flat_map(|(params, results)| {
            let mut bytes = vec![0x60];
            bytes.extend(list(params));
            bytes.extend(list(results));
            bytes
        });
        section(1, self.signatures.len(), types.collect());
        let functions = self.functions.iter().flat_map(|function| unsigned(function.signature));
        section(3, self.functions.len(), functions.collect());
        section(7, 1, b"\x04main\0\0".to_vec());
        let bodies = self.functions.iter().flat_map(|function| {
            let (body, _) = function.body();
            let mut bytes = unsigned(body.len());
            bytes.extend(body);
            bytes
        });
        section(10, self.functions.len(), bodies.collect());
        module
    }

    /// Where each operator of each function is in the binary.
    pub(super) fn places(&self) -> Vec<Vec<usize>> {
        let mut end = self.encode().len();
        let mut places = Vec::new();
        for function in self.functions.iter().rev() {
            let (body, first) = function.body();
            let mut at = end - body.len() + first;
            places.push(
                function
                    .ops
                    .iter()
                    .map(|op| {
                        let place = at;
                        at += encode(op).len();
                        place
                    })
                    .collect(),
            );
            end -= body.len() + unsigned(body.len()).len();
        }
        places.reverse();
        places
    }
}

impl Function {
    /// The body, and where its operators start in it.
    fn body(&self) -> (Vec<u8>, usize) {
        let locals = &self.locals[self.params..];
        let mut bytes = unsigned(locals.len());
        for ty in locals {
            bytes.extend([1, code(*ty)]);
        }
        let first = bytes.len();
        bytes.extend(self.ops.iter().flat_map(encode));
        (bytes, first)
    }
}

fn code(ty: Ty) -> u8 {
    match ty {
        Ty::I32 => 0x7f,
        Ty::I64 => 0x7e,
        Ty::F64 => 0x7c,
    }
}

fn encode(op: &Op) -> Vec<u8> {
    let with = |code: u8, operand: Vec<u8>| {
        let mut bytes = vec![code];
        bytes.extend(operand);
        bytes
    };
    match *op {
        Op::I32(value) => with(0x41, signed(i64::from(value))),
        Op::I64(value) => with(0x42, signed(value)),
        Op::F64(value) => with(0x44, value.to_le_bytes().to_vec()),
        Op::Get(local) => with(0x20, unsigned(local as usize)),
        Op::Set(local) => with(0x21, unsigned(local as usize)),
        Op::Tee(local) => with(0x22, unsigned(local as usize)),
        Op::Binary(ty, binary) => vec![match (ty, binary) {
            (Ty::I32, Binary::Add) => 0x6a,
            (Ty::I32, Binary::Mul) => 0x6c,
            (Ty::I32, Binary::Div) => 0x6d,
            (Ty::I64, Binary::Add) => 0x7c,
            (Ty::I64, _) => 0x7e,
            (Ty::F64, Binary::Add) => 0xa0,
            (Ty::F64, _) => 0xa2,
        }],
        Op::Eqz => vec![0x45],
        Op::Extend => vec![0xac],
        Op::Wrap => vec![0xa7],
        Op::Convert => vec![0xb7],
        Op::Drop => vec![0x1a],
        Op::Select => vec![0x1b],
        Op::Nop => vec![0x01],
        Op::Block(signature) => with(0x02, signed(signature as i64)),
        Op::Loop(signature) => with(0x03, signed(signature as i64)),
        Op::If(signature) => with(0x04, signed(signature as i64)),
        Op::Else => vec![0x05],
        Op::End => vec![0x0b],
        Op::Br(label) => with(0x0c, unsigned(label as usize)),
        Op::BrIf(label) => with(0x0d, unsigned(label as usize)),
        Op::Return => vec![0x0f],
        Op::Call(function) => with(0x10, unsigned(function as usize)),
    }
}

fn unsigned(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 && low & 0x40 == 0 || value == -1 && low & 0x40 != 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
