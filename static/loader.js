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
  const on = (target, names, f) => names.split(' ').forEach((name) => target.addEventListener(name, f));
  const framed = window.parent !== window;
  const paid = () => facts.state === 'paid';
  // tell takes an event: the Worker's, or the fallback's.
  let tell = () => {};
  let invoked = false;
  let started = false;

  const hide = (target, hidden) => all(`[data-reveal="${target}"]`).forEach((e) => { e.hidden = hidden; });

  // ask gives up on a request that a phone's network has lost.
  const ask = (url, accept, body) => fetch(url, {
    method: body ? 'POST' : 'GET', body, headers: { Accept: accept }, cache: 'no-store',
    signal: AbortSignal.timeout && AbortSignal.timeout(body ? 30000 : 10000),
  });

  // What the Worker can ask for.
  const commands = {
    show(c) { facts.state = c.state; },
    set_text(c) { all(`[data-text="${c.target}"]`).forEach((e) => { e.textContent = c.text; }); },
    announce(c) {
      const source = one(`[data-say~="${c.target}"]`);
      one('#announce').textContent = source ? source.textContent : '';
    },
    set_link(c) { all(`[data-link="${c.target}"]`).forEach((e) => { e.href = c.url; e.hidden = false; }); },
    reveal(c) { hide(c.target, false); },
    conceal(c) { hide(c.target, true); },
    invoke_bridge: invoke,
    // Only the shop can frame the page (frame-ancestors), and a state is no
    // secret from it: any origin may be the parent's.
    tell_parent(c) { window.parent.postMessage({ wantukit: { state: c.state } }, '*'); },
    navigate(c) { if (/^https?:\/\//.test(c.url)) location.assign(c.url); },
    reload,
    renew() { const form = one('[data-again]'); if (form && !pressed) post(form, null); },
  };

  // A server that keeps contradicting its own page must not make it spin. One
  // reload waits at a time, and new content makes it needless.
  let queued = 0;
  function reload() {
    if (queued) return;
    // A form's next page is on its way: a reload would call it off.
    if (pressed) { queued = setTimeout(() => { queued = 0; reload(); }, 500); return; }
    const key = 'wantukit-reloaded';
    let last = 0;
    try {
      last = Number(sessionStorage.getItem(key));
      sessionStorage.setItem(key, Date.now());
    // Where storage is off: reload and hope.
    } catch (e) {}
    queued = setTimeout(refresh, Math.abs(Date.now() - last) < 5000 ? 5000 : 0);
  }

  // The server's page takes the place of this one's content: a code is renewed
  // and a wallet changed without a load. It fails where the new content needs a
  // policy or an address of its own: a frame, or WeChat's sheet. Nothing takes
  // the place of a receipt: what comes then was asked for before.
  async function swap(request, button) {
    const response = await request;
    if (!response.ok || new URL(response.url).pathname !== location.pathname) throw 0;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.getElementById('checkout');
    const here = button || root.contains(document.activeElement);
    if (paid() || !root.replaceChildren || next.querySelector('iframe') || next.dataset.jsapi) throw 0;
    queued = clearTimeout(queued);
    [...root.attributes].forEach((a) => root.removeAttribute(a.name));
    [...next.attributes].forEach((a) => root.setAttribute(a.name, a.value));
    root.replaceChildren(...next.childNodes);
    document.title = page.title;
    unhide();
    // Who was here is taken to the new words; who was not hears of them.
    const title = one(`[data-say~="${facts.state}"]`);
    if (here && title) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
    else commands.announce({ target: facts.state });
    tell({ event: 'replaced', ...facts });
  }
  function refresh() {
    queued = 0;
    swap(ask(location.pathname, 'text/html')).catch(() => paid() || location.reload());
  }
  // A form's answer is swapped in; where it cannot be, the form is sent as the
  // browser does. What no button started, the next round starts again.
  async function post(form, button) {
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.set(button.name, button.value);
    busy(button || form);
    let again;
    try { await swap(ask(form.action, 'text/html', body), button); } catch (e) { again = button; }
    busy();
    if (again) { delete form.dataset.swap; button.click(); }
  }

  function invoke() {
    invoked = true;
    window.WeixinJSBridge.invoke('getBrandWCPayRequest', JSON.parse(facts.jsapi), (answer) => {
      const { err_msg: message, err_desc: why } = answer || {};
      const [, result] = /:(ok|cancel)$/.exec(message) || [0, 'fail'];
      tell({ event: 'bridge_answered', result, words: `${message} ${why || ''}`.trim().slice(0, 200) });
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
    tell({ event: 'started', ...facts, framed });
  }

  // The fallback polls, and reloads when the server says something else than
  // the page. It never asks twice at once.
  let asking = false, timer = 0, since = Date.now(), confirmed = 0, confirming = 0, words = '';
  const json = 'application/json';
  function fallBack() {
    tell = fallback;
    if (!invoked) pay();
    // Back from the wallet: ask at once.
    if (facts.state === 'confirming') confirm();
    else poll();
  }
  function fallback(e) {
    if (e.event === 'visible') { since = Date.now(); confirm(); }
    if (e.event === 'bridge_ready' && !invoked || e.action === 'pay') pay();
    if (e.event === 'bridge_answered') {
      words = e.words;
      hide('bridge-failed', e.result !== 'fail');
      confirm();
    }
  }
  function pay() {
    if (!facts.jsapi || facts.state !== 'redirecting') return;
    if (window.WeixinJSBridge) invoke();
    setTimeout(() => hide('bridge-missing', invoked), invoked ? 0 : 5000);
  }
  async function poll() {
    if (asking || paid()) return;
    asking = true;
    clearTimeout(timer);
    try {
      const s = await (await ask(facts.status, json)).json();
      const moved = s.state !== facts.state || (!facts.statusOnly && (s.attempt || '') !== (facts.attempt || ''));
      if (s.state && moved) reload();
    // Offline: the next one.
    } catch (e) {}
    asking = false;
    timer = setTimeout(poll, Date.now() - since < 60000 ? 2000 : 10000);
  }
  async function confirm() {
    clearTimeout(confirming);
    const wait = confirmed + 2000 - Date.now();
    if (wait > 0) confirming = setTimeout(confirm, Math.min(wait, 2000));
    else if (facts.attempt) {
      confirmed = Date.now();
      const body = new URLSearchParams({ token: facts.token, bridge: words });
      words = '';
      await ask(facts.confirm, json, body).catch(() => {});
    }
    poll();
  }

  // Events.
  function listen() {
    const visible = () => tell({ event: document.hidden ? 'hidden' : 'visible' });
    on(document, 'visibilitychange resume', visible);
    on(window, 'focus online', visible);
    on(window, 'pageshow', (e) => { if (e.persisted) { busy(); visible(); } });
    const ready = () => tell({ event: 'bridge_ready' });
    if (window.WeixinJSBridge) ready();
    else on(document, 'WeixinJSBridgeReady', ready);
  }

  // One step at a time: a second press of a button is the first one's.
  let pressed = null;
  function busy(button) {
    if (pressed) pressed.removeAttribute('aria-busy');
    pressed = button || null;
    if (pressed) pressed.setAttribute('aria-busy', 'true');
  }
  on(document, 'submit', (e) => {
    if (pressed) { e.preventDefault(); return; }
    // An old browser does not say which button, and sends it by itself.
    if (e.submitter && swaps(e.target)) { e.preventDefault(); post(e.target, e.submitter).then(() => scrollTo(0, 0)); return; }
    busy(e.submitter || e.target);
    setTimeout(busy, 8000);
  });
  const swaps = (form) => 'swap' in form.dataset;
  on(document, 'click', (e) => {
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
    // Where another page comes, that is the one to live on.
    if (starter && !swaps(starter.form)) { starter.click(); return; }
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
    // A frame that refuses to load cannot be seen from outside: the way past it
    // is always there, and pointed out to who waits in vain.
    const late = setTimeout(hide, 10000, 'frame-late', false);
    const came = () => { clearTimeout(late); hide('frame-late', true); };
    all('iframe').forEach((e) => {
      e.onload = came;
      if (performance.getEntriesByName(e.src)[0]) came();
    });
    requestAnimationFrame(() => setTimeout(start));
    setTimeout(start, 1000);
  }
  if (document.prerendering) on(document, 'prerenderingchange', begin);
  else begin();
})();
