'use strict';
// The Worker runs the Go program, outside of the page's own thread. Messages that come
// before the program listens are kept in wantukit.waiting.
self.wantukit = { page: null, waiting: [] };

self.onmessage = ({ data }) => {
  if (data.event === 'started') {
    self.wantukit.page = data;
    run(data).catch(crashed);
  } else {
    self.wantukit.waiting.push(data);
  }
};

// instantiateStreaming would be faster, but fails in some Android web-views, which
// report a wrong content type.
async function run({ wasm, wasmExec }) {
  importScripts(wasmExec);
  const response = await fetch(wasm);
  if (!response.ok) throw new Error('wasm: status ' + response.status);
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
  await go.run(instance);
  crashed(); // the program never ends by itself
}

function crashed() {
  self.postMessage({ cmd: 'crashed' });
}
