'use strict';
// The Worker runs the Go program, outside of the page's own thread. Messages that come
// before the program listens are kept in wantukit.waiting.
self.wantukit = { page: null, waiting: [], takeStream };

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

// A browser opens six connections to a server at most over HTTP/1.1, for all of its tabs and
// windows. So at most maxStreams of its pages have a stream, and the others poll.
const maxStreams = 3;

// takeStream takes one of the browser's streams. It resolves to a function that gives the
// stream back, or to null if all are taken. A browser without locks (Safari before 15.4), or a
// page that may not use them, has no limit.
async function takeStream() {
  for (let i = 0; i < maxStreams; i++) {
    const give = await takeLock(`wantukit-stream-${i}`).catch(() => () => {});
    if (give) return give;
  }
  return null;
}

// takeLock takes a lock. It resolves to a function that gives the lock back, or to null if
// the lock is taken.
function takeLock(name) {
  return new Promise((resolve, reject) => {
    const hold = (lock) => (lock ? new Promise((give) => resolve(give)) : resolve(null));
    navigator.locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
}

function crashed() {
  self.postMessage({ cmd: 'crashed' });
}
