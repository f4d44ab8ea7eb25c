// Writes the WebAssembly module that a package instantiates: extract.mjs FILE PACKAGE [USE].
import { writeFileSync } from 'node:fs';

const [file, name, use] = process.argv.slice(2);

function save(bytes) {
    writeFileSync(file, ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes));
    process.exit(0);
}

WebAssembly.compile = async (bytes) => save(bytes);
WebAssembly.instantiate = async (bytes) => save(bytes);
WebAssembly.Module = function (bytes) {
    save(bytes);
};

const it = await import(name);
if (use) await eval(use);
console.error(`${name} instantiates nothing`);
process.exitCode = 1;
