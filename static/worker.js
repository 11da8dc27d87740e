'use strict';
// The Worker: runs Go's program, away from the page's own thread. What the
// page says before the program listens waits in wantukit.waiting.
self.wantukit = { page: null, waiting: [] };

self.onmessage = ({ data }) => {
  if (data.event === 'started') {
    self.wantukit.page = data;
    run(data).catch(crashed);
  } else {
    self.wantukit.waiting.push(data);
  }
};

// Compiling while it streams would be quicker, but fails on some Android
// web-views, whose word about the content type cannot be trusted.
async function run({ wasm, wasmExec }) {
  importScripts(wasmExec);
  const response = await fetch(wasm);
  if (!response.ok) throw new Error('wasm: status ' + response.status);
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
  await go.run(instance);
  crashed(); // it never ends by itself
}

function crashed() {
  self.postMessage({ cmd: 'crashed' });
}
