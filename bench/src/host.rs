//! The small WASI of this program, without the runtimes' types: the state of a guest, and the
//! functions on its memory.

/// What a guest has access to: arguments, output, and nothing else.
pub(crate) struct World {
    arguments: Vec<String>,
    pub(crate) output: Vec<u8>,
}

/// Error numbers of WASI.
pub(crate) const SUCCESS: i32 = 0;
pub(crate) const BAD_DESCRIPTOR: i32 = 8;
pub(crate) const NOT_SUPPORTED: i32 = 52;
pub(crate) const NOT_SEEKABLE: i32 = 70;

impl World {
    pub(crate) fn new(name: &str, arguments: &[&str]) -> Self {
        let name = std::iter::once(name.to_owned());
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        Self { arguments: name.chain(arguments).collect(), output: Vec::new() }
    }

    pub(crate) fn args_sizes(&self, memory: &mut [u8], count: i32, size: i32) -> i32 {
        let bytes: usize = self.arguments.iter().map(|argument| argument.len() + 1).sum();
        put(memory, count, &(self.arguments.len() as u32).to_le_bytes());
        put(memory, size, &(bytes as u32).to_le_bytes());
        SUCCESS
    }

    pub(crate) fn args(&self, memory: &mut [u8], pointers: i32, buffer: i32) -> i32 {
        let (mut pointer, mut at) = (pointers, buffer);
        for argument in &self.arguments {
            put(memory, pointer, &at.to_le_bytes());
            put(memory, at, argument.as_bytes());
            put(memory, at + argument.len() as i32, &[0]);
            pointer += 4;
            at += argument.len() as i32 + 1;
        }
        SUCCESS
    }

    pub(crate) fn fd_write(
        &mut self,
        memory: &mut [u8],
        vectors: i32,
        count: i32,
        written: i32,
    ) -> i32 {
        let mut total = 0;
        for vector in 0..count {
            let at = get(memory, vectors + vector * 8) as usize;
            let length = get(memory, vectors + vector * 8 + 4) as usize;
            self.output.extend_from_slice(&memory[at..at + length]);
            total += length as u32;
        }
        put(memory, written, &total.to_le_bytes());
        SUCCESS
    }
}

/// The time is always the same, since programs must do the same on both sides.
pub(crate) fn clock_time(memory: &mut [u8], result: i32) -> i32 {
    put(memory, result, &1_700_000_000_000_000_000_u64.to_le_bytes());
    SUCCESS
}

/// The bytes are always the same.
pub(crate) fn random(memory: &mut [u8], buffer: i32, length: i32) -> i32 {
    for at in buffer..buffer + length {
        put(memory, at, &[(at * 37) as u8]);
    }
    SUCCESS
}

/// A character device with all rights.
pub(crate) fn fdstat(memory: &mut [u8], result: i32) -> i32 {
    put(memory, result, &[0; 24]);
    put(memory, result, &[2]);
    put(memory, result + 8, &[0xff; 16]);
    SUCCESS
}

pub(crate) fn put(memory: &mut [u8], at: i32, bytes: &[u8]) {
    let at = at as u32 as usize;
    memory[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(crate) fn get(memory: &[u8], at: i32) -> u32 {
    let at = at as u32 as usize;
    u32::from_le_bytes(memory[at..at + 4].try_into().expect("four bytes"))
}
