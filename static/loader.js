'use strict';
// The page's thread: starts the Worker, carries out its commands and forwards
// events. Where there is no Worker, no wasm, or they fail, it does the least
// that must work. The facts and URLs are the data attributes of #checkout.
(() => {
  const root = document.getElementById('checkout');
  if (!root) return;
  const facts = root.dataset;
  const all = (selector) => document.querySelectorAll(selector);
  const one = (selector) => document.querySelector(selector);
  const absolute = (url) => new URL(url, location.href).href;
  const framed = window.parent !== window;
  let tell = () => {}; // takes an event: the Worker's, or the fallback's
  let invoked = false;
  let started = false;

  // What the Worker can ask for.
  const commands = {
    show(c) { facts.state = c.state; },
    set_text(c) { all(`[data-text="${c.target}"]`).forEach((e) => { e.textContent = c.text; }); },
    announce(c) {
      const source = one(`[data-say~="${c.target}"]`);
      one('#announce').textContent = source ? source.textContent : '';
    },
    set_link(c) { all(`[data-link="${c.target}"]`).forEach((e) => { e.href = c.url; e.hidden = false; }); },
    reveal(c) { all(`[data-reveal="${c.target}"]`).forEach((e) => { e.hidden = false; }); },
    conceal(c) { all(`[data-reveal="${c.target}"]`).forEach((e) => { e.hidden = true; }); },
    invoke_bridge: invoke,
    // Only the shop can frame the page (frame-ancestors), and a state is no
    // secret from it: any origin may be the parent's.
    tell_parent(c) { window.parent.postMessage({ wantukit: { state: c.state } }, '*'); },
    navigate(c) { if (/^https?:\/\//.test(c.url)) location.assign(c.url); },
    reload,
  };

  // A server that keeps contradicting its own page must not make it spin.
  function reload() {
    // A form's next page is on its way: a reload would call it off.
    if (pressed) { setTimeout(reload, 500); return; }
    const key = 'wantukit-reloaded';
    let last = 0;
    try {
      last = Number(sessionStorage.getItem(key));
      sessionStorage.setItem(key, Date.now());
    } catch (e) { /* storage is off: reload and hope */ }
    const soon = Math.abs(Date.now() - last) < 5000;
    setTimeout(() => location.reload(), soon ? 5000 : 0);
  }

  function invoke() {
    invoked = true;
    window.WeixinJSBridge.invoke('getBrandWCPayRequest', JSON.parse(facts.jsapi), (answer) => {
      const result = String(answer && answer.err_msg).split(':').pop();
      tell({ event: 'bridge_answered', result: result === 'ok' || result === 'cancel' ? result : 'fail' });
    });
  }

  function startWorker() {
    const worker = new Worker(facts.worker);
    let ready = false;
    const fall = () => {
      worker.terminate();
      if (tell !== fallback) fallBack();
    };
    setTimeout(() => { if (!ready) fall(); }, 8000);
    worker.onerror = fall;
    worker.onmessage = ({ data }) => {
      if (data.cmd === 'ready') ready = true;
      else if (data.cmd === 'crashed') fall();
      else if (commands[data.cmd]) commands[data.cmd](data);
    };
    tell = (event) => worker.postMessage(event);
    tell({
      event: 'started',
      state: facts.state, attempt: facts.attempt || '', remaining: Number(facts.remaining), next: facts.next || '',
      jsapi: !!facts.jsapi, statusOnly: !!facts.statusOnly, framed, token: facts.token || '',
      status: absolute(facts.status), events: absolute(facts.events), confirm: absolute(facts.confirm),
      wasm: absolute(facts.wasm), wasmExec: absolute(facts.wasmExec),
    });
  }

  // The fallback polls, and reloads when the server says something else than
  // the page. It never asks twice at once.
  let asking = false, timer = 0, since = Date.now(), confirmed = 0;
  function fallBack() {
    tell = fallback;
    if (window.WeixinJSBridge) tell({ event: 'bridge_ready' });
    if (facts.state === 'confirming') confirm(); // back from the wallet: ask at once
    else poll();
  }
  function fallback(e) {
    if (e.event === 'visible') { since = Date.now(); confirm(); }
    if (e.event === 'bridge_ready' && facts.jsapi && facts.state === 'redirecting' && !invoked) invoke();
    if (e.event === 'clicked' && e.action === 'pay' && window.WeixinJSBridge) invoke();
    if (e.event === 'bridge_answered') confirm();
  }
  async function poll() {
    if (asking || facts.state === 'paid') return;
    asking = true;
    clearTimeout(timer);
    try {
      const signal = AbortSignal.timeout && AbortSignal.timeout(10000);
      const s = await (await fetch(facts.status, { signal, cache: 'no-store', headers: { Accept: 'application/json' } })).json();
      const moved = s.state !== facts.state || (!facts.statusOnly && (s.attempt || '') !== (facts.attempt || ''));
      if (s.state && moved) reload();
    } catch (e) { /* offline: the next one */ }
    asking = false;
    timer = setTimeout(poll, Date.now() - since < 60000 ? 2000 : 10000);
  }
  async function confirm() {
    if (facts.attempt && Date.now() - confirmed >= 2000) {
      confirmed = Date.now();
      const body = new URLSearchParams({ token: facts.token });
      await fetch(facts.confirm, { method: 'POST', headers: { Accept: 'application/json' }, body }).catch(() => {});
    }
    poll();
  }

  // Events.
  function listen() {
    const visible = () => tell({ event: 'visible' });
    document.addEventListener('visibilitychange', () => tell({ event: document.hidden ? 'hidden' : 'visible' }));
    window.addEventListener('pageshow', (e) => { if (e.persisted) { busy(false); visible(); } });
    window.addEventListener('focus', visible);
    window.addEventListener('online', visible);
    if (window.WeixinJSBridge) tell({ event: 'bridge_ready' });
    else document.addEventListener('WeixinJSBridgeReady', () => tell({ event: 'bridge_ready' }));
  }

  // One step at a time: a second press of a button is the first one's.
  let pressed = null;
  function busy(button) {
    if (pressed) pressed.removeAttribute('aria-busy');
    pressed = button || null;
    if (pressed) pressed.setAttribute('aria-busy', 'true');
  }
  document.addEventListener('submit', (e) => {
    if (pressed) { e.preventDefault(); return; }
    busy(e.submitter || e.target);
    setTimeout(busy, 8000);
  });
  document.addEventListener('click', (e) => {
    const action = e.target.closest('[data-action]');
    if (action) tell({ event: 'clicked', action: action.dataset.action });
    const copy = e.target.closest('[data-copy]');
    if (copy) copyText(copy);
    if (e.target.closest('[data-print]')) window.print();
  });
  function copyText(button) {
    const source = button.parentNode.querySelector('[data-source]');
    const text = source.value || source.textContent;
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    const done = () => { button.textContent = one('#announce').textContent = button.dataset.copy; };
    // Web-views without the clipboard's new way often have its old one.
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => {});
    else if (document.execCommand('copy')) done();
  }

  function start() {
    if (started) return;
    started = true;
    const starter = facts.autostart && one(`[data-default][value="${facts.autostart}"]`);
    if (starter) { starter.click(); return; } // the next page is the one to live on
    const connection = navigator.connection;
    const can = facts.worker && facts.wasm && window.Worker && window.WebAssembly && !(connection && connection.saveData);
    try { can ? startWorker() : fallBack(); } catch (e) { fallBack(); }
    listen();
  }

  // After the first paint, which a hidden page does not have; and not while a
  // browser only guesses that the page will be wanted.
  function begin() {
    all('[data-script]').forEach((e) => { e.hidden = false; });
    requestAnimationFrame(() => setTimeout(start));
    setTimeout(start, 1000);
  }
  if (document.prerendering) document.addEventListener('prerenderingchange', begin, { once: true });
  else begin();
})();
