// Runs one program in V8 as often as `src/v8.rs` requests.
//
//   node --experimental-wasm-return-call run.mjs MODULE start ARGUMENT...
//   node --experimental-wasm-return-call run.mjs MODULE javascript SCRIPT
//   node --experimental-wasm-return-call run.mjs MODULE calls WORKLOAD
//
// For each line on standard input there is one line of output. It has the seconds that a run in a
// new instance took, without the instantiation, and the output in hexadecimal. The module is
// compiled once, so that V8's optimising compiler takes over after some runs. Programs have access
// to the same things as in `src/host.rs`, and the steps are those of `src/calls.rs`.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { basename } from "node:path";

const [, , path, how, ...rest] = process.argv;
const module = new WebAssembly.Module(readFileSync(path));
const WASI = "wasi_snapshot_preview1";

class Exit extends Error {
  constructor(code) {
    super(`left with ${code}`);
    this.code = code;
  }
}

class World {
  constructor(args) {
    this.args = args.map((argument) => Buffer.from(argument + "\0"));
    this.output = [];
  }

  get view() {
    return new DataView(this.memory.buffer);
  }

  get bytes() {
    return new Uint8Array(this.memory.buffer);
  }

  imports() {
    const imports = {};
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      if (kind !== "function") throw new Error(`an import that is no function: ${from} ${name}`);
      imports[from] ??= {};
      imports[from][name] = from === WASI ? () => 52 : () => 0;
    }
    if (imports[WASI]) Object.assign(imports[WASI], this.wasi());
    return imports;
  }

  wasi() {
    return {
      args_sizes_get: (count, size) => {
        this.view.setUint32(count, this.args.length, true);
        this.view.setUint32(size, this.args.reduce((sum, argument) => sum + argument.length, 0), true);
        return 0;
      },
      args_get: (pointers, buffer) => {
        for (const argument of this.args) {
          this.view.setUint32(pointers, buffer, true);
          this.bytes.set(argument, buffer);
          pointers += 4;
          buffer += argument.length;
        }
        return 0;
      },
      environ_sizes_get: (count) => {
        this.view.setUint32(count, 0, true);
        return 0;
      },
      environ_get: () => 0,
      clock_time_get: (_id, _precision, result) => {
        this.view.setBigUint64(result, 1_700_000_000_000_000_000n, true);
        return 0;
      },
      fd_write: (_fd, vectors, count, written) => {
        let total = 0;
        for (let vector = 0; vector < count; vector++) {
          const at = this.view.getUint32(vectors + vector * 8, true);
          const length = this.view.getUint32(vectors + vector * 8 + 4, true);
          this.output.push(Buffer.from(this.bytes.subarray(at, at + length)));
          total += length;
        }
        this.view.setUint32(written, total, true);
        return 0;
      },
      fd_close: () => 0,
      fd_seek: () => 70,
      fd_fdstat_get: (_fd, at) => {
        this.bytes.fill(0, at, at + 24);
        this.view.setUint8(at, 2);
        this.bytes.fill(0xff, at + 8, at + 24);
        return 0;
      },
      fd_prestat_get: () => 8,
      random_get: (at, length) => {
        for (let place = at; place < at + length; place++) this.view.setUint8(place, (place * 37) & 0xff);
        return 0;
      },
      proc_exit: (code) => {
        throw new Exit(code);
      },
    };
  }
}

function seconds(work) {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function start(exports) {
  return seconds(() => {
    try {
      exports._start();
    } catch (error) {
      if (!(error instanceof Exit) || error.code !== 0) throw error;
    }
  });
}

function javascript(exports, world) {
  const script = readFileSync(rest[0]);
  exports._initialize();
  exports.qjs_init();
  const source = exports.malloc(script.length + 1);
  world.bytes.set(script, source);
  world.bytes[source + script.length] = 0;
  const file = exports.malloc(8);
  world.bytes.set(Buffer.from("bench\0"), file);
  let value;
  const time = seconds(() => (value = exports.qjs_eval(source, script.length, file, 0)));
  const text = exports.qjs_get_string(value);
  const end = world.bytes.indexOf(0, text);
  world.output.push(Buffer.from(world.bytes.subarray(text, end)));
  return time;
}

function parse(text) {
  const open = [{ steps: [] }];
  for (const line of text.split("\n")) {
    const words = line.split("#")[0].trim().split(/\s+/);
    if (words[0] === "") continue;
    if (words[0] === "repeat") {
      open.push({ count: Number(words[1]), steps: [] });
    } else if (words[0] === "end") {
      const repeat = open.pop();
      open.at(-1).steps.push(["repeat", repeat]);
    } else {
      open.at(-1).steps.push(words);
    }
  }
  return open[0].steps;
}

function calls(exports, world) {
  const names = new Map();
  let text = "";
  let time = 0;
  let started = 0n;
  const value = (word) => {
    const [base, plus] = word.split("+");
    let number = Number(base);
    if (base.startsWith("&")) number = exports[base.slice(1)].value;
    else if (Number.isNaN(number)) number = names.get(base);
    return number + Number(plus ?? 0);
  };
  const call = ([name, ...args]) => exports[name](...args.map(value)) ?? 0;
  const run = (steps) => {
    for (const step of steps) {
      const [what, ...words] = step;
      if (what === "repeat") {
        for (let round = 0; round < words[0].count; round++) run(words[0].steps);
      } else if (what === "let" && words[2] === "call") {
        names.set(words[0], call(words.slice(3)));
      } else if (what === "let") {
        text = words[3].repeat(Number(words[4]));
        names.set(words[0], text.length);
      } else if (what === "call") {
        call(words);
      } else if (what === "write") {
        world.bytes.set(Buffer.from(text), value(words[0]));
      } else if (what === "fill") {
        const [at, length, seed] = words.map(value);
        let state = seed;
        for (let place = at; place < at + length; place++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          world.bytes[place] = state >>> 24;
        }
      } else if (what === "copy") {
        const [to, from, length] = words.map(value);
        world.bytes.copyWithin(to, from, from + length);
      } else if (what === "start") {
        started = process.hrtime.bigint();
      } else if (what === "stop") {
        time += Number(process.hrtime.bigint() - started) / 1e9;
      } else if (what === "show") {
        const [at, length] = words.map(value);
        world.output.push(Buffer.from(world.bytes.subarray(at, at + length)));
      } else {
        throw new Error(`\`${step.join(" ")}\` is no step`);
      }
    }
  };
  run(parse(readFileSync(rest[0], "utf8")));
  return time;
}

function once() {
  const args = how === "start" ? rest : [];
  const world = new World([basename(path, ".wasm"), ...args]);
  const { exports } = new WebAssembly.Instance(module, world.imports());
  world.memory = exports.memory;
  const time = { start, javascript, calls }[how](exports, world);
  return `${time} ${Buffer.concat(world.output).toString("hex")}`;
}

for await (const _ of createInterface({ input: process.stdin })) {
  console.log(once());
}
