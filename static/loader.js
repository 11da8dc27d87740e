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
    renew() { const form = one('[data-again]'); if (form && !pressed) post(form, null); },
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
    setTimeout(refresh, soon ? 5000 : 0);
  }

  // The server's page takes the place of this one's content: a code is renewed
  // and a wallet changed without a load. It fails where the new content needs a
  // policy or an address of its own: a frame, or WeChat's sheet.
  async function swap(request) {
    const response = await request;
    if (!response.ok || response.url.split('?')[0] !== absolute(location.pathname)) throw response.status;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.getElementById('checkout');
    if (next.querySelector('iframe') || next.dataset.jsapi) throw 0;
    [...root.attributes].forEach((a) => root.removeAttribute(a.name));
    [...next.attributes].forEach((a) => root.setAttribute(a.name, a.value));
    root.replaceChildren(...next.childNodes);
    document.title = page.title;
    unhide();
    const title = one(`[data-say~="${facts.state}"]`);
    if (title) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
    tell({ event: 'replaced', ...content() });
  }
  function refresh() {
    swap(fetch(location.pathname, { signal: within(), cache: 'no-store', headers: { Accept: 'text/html' } })).catch(() => location.reload());
  }
  // A form's answer is swapped in; where it cannot be, the form is sent as the
  // browser does.
  async function post(form, button) {
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.set(button.name, button.value);
    busy(button || form);
    try {
      await swap(fetch(form.action, { method: 'POST', headers: { Accept: 'text/html' }, body }));
    } catch (e) {
      if (button) native(button); // else the next round renews
    }
    busy();
  }
  function native(button) {
    busy();
    delete button.form.dataset.swap;
    button.click();
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
    tell({ event: 'started', ...content(), wasm: absolute(facts.wasm), wasmExec: absolute(facts.wasmExec) });
  }

  // What the Worker has to know of the page.
  function content() {
    return {
      state: facts.state, attempt: facts.attempt || '', remaining: Number(facts.remaining), renew: Number(facts.renew || 0),
      next: facts.next || '', jsapi: !!facts.jsapi, statusOnly: !!facts.statusOnly, framed, token: facts.token || '',
      status: absolute(facts.status), events: absolute(facts.events), confirm: absolute(facts.confirm),
    };
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
  // within gives up on a request that a phone's network has lost.
  const within = () => AbortSignal.timeout && AbortSignal.timeout(10000);
  async function poll() {
    if (asking || facts.state === 'paid') return;
    asking = true;
    clearTimeout(timer);
    try {
      const s = await (await fetch(facts.status, { signal: within(), cache: 'no-store', headers: { Accept: 'application/json' } })).json();
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
    if (swaps(e.target)) { e.preventDefault(); post(e.target, e.submitter).then(() => scrollTo(0, 0)); return; }
    busy(e.submitter || e.target);
    setTimeout(busy, 8000);
  });
  const swaps = (form) => 'swap' in form.dataset && root.replaceChildren && window.FormData;
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
    if (starter && !swaps(starter.form)) { starter.click(); return; } // the next page is the one to live on
    const connection = navigator.connection;
    const can = facts.worker && facts.wasm && window.Worker && window.WebAssembly && !(connection && connection.saveData);
    try { can ? startWorker() : fallBack(); } catch (e) { fallBack(); }
    listen();
    if (starter) starter.click();
  }

  // After the first paint, which a hidden page does not have; and not while a
  // browser only guesses that the page will be wanted.
  const unhide = () => all('[data-script]').forEach((e) => { e.hidden = false; });
  function begin() {
    unhide();
    requestAnimationFrame(() => setTimeout(start));
    setTimeout(start, 1000);
  }
  if (document.prerendering) document.addEventListener('prerenderingchange', begin, { once: true });
  else begin();
})();
