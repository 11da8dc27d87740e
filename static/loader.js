'use strict';
// The script of the page's own thread. It starts the Worker, carries out its commands
// and forwards events. Without a Worker or wasm, or if they fail, it runs a fallback
// with the least that must work. The facts and URLs are the data attributes of
// #checkout.
(() => {
  const root = document.getElementById('checkout');
  if (!root) return;
  const facts = root.dataset;
  const all = (selector) => document.querySelectorAll(selector);
  const one = (selector) => document.querySelector(selector);
  const on = (target, names, f) => names.split(' ').forEach((name) => target.addEventListener(name, f));
  const paid = () => facts.state === 'paid';
  // tell passes an event to the Worker or to the fallback.
  let tell = () => {};
  let invoked = false, started = false;
  // A page in a frame or a popup exchanges messages with the shop's page.
  const isShown = !!opener || parent !== window;

  const hide = (target, hidden) => all(`[data-reveal="${target}"]`).forEach((e) => { e.hidden = hidden; });

  // said finds the part of the page whose text a screen reader speaks for a state.
  const said = (target) => [...all(`[data-say~="${target}"]`)].find((e) => e.getClientRects()[0]);

  const json = 'application/json';
  // ask sends a request with a timeout, because a phone's network may lose it.
  const ask = (url, accept, body) => fetch(url, {
    method: body ? 'POST' : 'GET', body, headers: { Accept: accept }, cache: 'no-store',
    signal: AbortSignal.timeout && AbortSignal.timeout(body ? 30000 : 10000),
  });

  // The commands of the Worker.
  const commands = {
    show(c) { facts.state = c.state; if (c.target) facts[c.target] = 1; },
    set_text(c) { all(`[data-text="${c.target}"]`).forEach((e) => { e.textContent = c.text; }); },
    announce(c) {
      one('#announce').textContent = (said(c.target) || {}).textContent || '';
    },
    set_link(c) { all(`[data-link="${c.target}"]`).forEach((e) => { e.href = c.url; e.hidden = false; }); },
    reveal(c) { hide(c.target, false); },
    conceal(c) { hide(c.target, true); },
    invoke_bridge: invoke,
    navigate(c) { if (/^https?:\/\//.test(c.url)) location.assign(c.url); },
    reload,
    renew() { const form = one('[data-again]'); if (form && !pressed) post(form, null); },
  };

  // reload reloads the page at most every 5 seconds, even if the status contradicts
  // the page each time. Only one reload is queued, and new content cancels it.
  let queued = 0;
  function reload() {
    if (queued) return;
    // A reload would cancel a form that is being sent.
    if (pressed) { queued = setTimeout(() => { queued = 0; reload(); }, 500); return; }
    const key = 'wantukit-reloaded';
    let last = 0;
    try {
      last = Number(sessionStorage.getItem(key));
      sessionStorage.setItem(key, Date.now());
    // Storage is off: reload without a limit.
    } catch (e) {}
    queued = setTimeout(refresh, Math.abs(Date.now() - last) < 5000 ? 5000 : 0);
  }

  // swap replaces the content with the server's page, without a load: for a renewed
  // code or another wallet. It throws if the new content needs its own policy or URL: a
  // frame, or WeChat's sheet. It never replaces a receipt, because the response is then
  // outdated.
  async function swap(request, button) {
    const response = await request;
    if (!response.ok || new URL(response.url).pathname !== location.pathname) throw 0;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.getElementById('checkout');
    const here = button || root.contains(document.activeElement);
    if (paid() || !root.replaceChildren || next.querySelector('iframe') || next.dataset.jsapi) throw 0;
    queued = clearTimeout(queued);
    if (facts.returned && facts.attempt === next.dataset.attempt) next.dataset.returned = 1;
    [...root.attributes].forEach((a) => root.removeAttribute(a.name));
    [...next.attributes].forEach((a) => root.setAttribute(a.name, a.value));
    const lines = next.querySelector('.lines'), shown = root.querySelector('.lines');
    if (lines && shown) lines.open = shown.open;
    root.replaceChildren(...next.childNodes);
    document.title = page.title;
    unhide();
    // A shopper who used the content gets the focus on the new heading. Otherwise a
    // screen reader speaks the heading.
    const title = said(facts.state);
    if (button) scrollTo(0, 0);
    if (here && title) { title.tabIndex = -1; title.focus({ preventScroll: !button }); }
    else commands.announce({ target: facts.state });
    tell({ event: 'replaced', ...facts });
  }
  function refresh() {
    queued = 0;
    swap(ask(location.pathname, 'text/html')).catch(() => paid() || location.reload());
  }
  // check shows when the gateway was queried and nothing was paid. It throws if the server
  // does not say the state.
  async function check(request) {
    const response = await request.catch(() => {});
    if (!response) { tell({ event: 'offline' }); return; }
    const { state } = await response.json();
    if (!state) throw 0;
    const time = new Date().toTimeString().slice(0, 8);
    if (state !== 'paid') all('[data-checked]').forEach((e) => { e.textContent = e.dataset.checked.replace('{time}', time); });
    tell({ event: 'posted' });
  }
  // post sends a form, and swaps its response in or shows what the check has found. If that
  // fails, the browser sends the form, provided that a button was pressed; otherwise a
  // later renewal tries again.
  async function post(form, button) {
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.set(button.name, button.value);
    busy(button || form);
    let again;
    try {
      await (form.dataset.swap === 'check' ? check(ask(form.action, json, body)) : swap(ask(form.action, 'text/html', body), button));
    } catch (e) { again = button; }
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
    const fall = () => {
      worker.terminate();
      if (tell !== fallback) fallBack();
    };
    setTimeout(() => { if (!window.wantukit) fall(); }, 8000);
    worker.onerror = fall;
    worker.onmessage = ({ data }) => {
      if (data.cmd === 'ready') window.wantukit = true;
      else if (data.cmd === 'crashed') fall();
      else if (commands[data.cmd]) commands[data.cmd](data);
    };
    tell = (event) => worker.postMessage(event);
    tell({ event: 'started', ...facts, framed: isShown });
  }

  // The fallback polls, and reloads if the status differs from the page. It has at most
  // one poll in flight.
  let asking, timer, since = Date.now(), confirmed = 0, confirming, words = '', unreached = 0;
  function fallBack() {
    tell = fallback;
    // The page's inline script does not reload a page that is watched.
    window.wantukit = true;
    if (!invoked) pay();
    // The shopper is back from the wallet.
    if (facts.state === 'confirming') confirm();
    else poll();
  }
  function fallback(e) {
    if (e.event === 'offline') offline(2);
    if (e.event === 'posted') poll();
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
  // offline says that the network is away if so many polls in a row got no response.
  function offline(polls) {
    hide('offline', polls < 2);
    if (polls > 1 && unreached < 2) commands.announce({ target: 'offline' });
    unreached = polls;
  }
  async function poll() {
    if (asking || paid()) return;
    asking = true;
    clearTimeout(timer);
    const response = await ask(facts.status, json).catch(() => {});
    offline(response ? 0 : unreached + 1);
    try {
      const s = await response.json();
      const moved = s.state !== facts.state || (!facts.statusOnly && (s.attempt || '') !== (facts.attempt || ''));
      if (s.state && moved) reload();
    // The next poll will try again.
    } catch (e) {}
    asking = false;
    if (!document.hidden) timer = setTimeout(poll, Date.now() - since < 60000 ? 2000 : 10000);
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
    if (document.hidden) visible();
    on(document, 'visibilitychange resume', visible);
    on(window, 'focus online', visible);
    on(window, 'offline', () => { if (!paid()) tell({ event: 'offline' }); });
    on(window, 'pageshow', (e) => { if (e.persisted) { busy(); visible(); } });
    const ready = () => tell({ event: 'bridge_ready' });
    if (window.WeixinJSBridge) ready();
    else on(document, 'WeixinJSBridgeReady', ready);
  }

  // Only one form is sent at a time: a second press is ignored.
  let pressed;
  function busy(button) {
    if (pressed) pressed.removeAttribute('aria-busy');
    pressed = button;
    if (pressed) pressed.setAttribute('aria-busy', 'true');
  }
  on(document, 'submit', (e) => {
    if (pressed) { e.preventDefault(); return; }
    // An old browser has no submitter: it sends the form by itself.
    if (e.submitter && swaps(e.target)) { e.preventDefault(); post(e.target, e.submitter); return; }
    busy(e.submitter || e.target);
    setTimeout(busy, 8000);
  });
  const swaps = (form) => 'swap' in form.dataset;
  on(document, 'click', (e) => {
    const action = e.target.closest('[data-action]');
    if (action) tell({ event: 'clicked', action: action.dataset.action });
    const copy = e.target.closest('[data-copy]');
    if (copy) copyText(copy);
    if (e.target.closest('[data-print]')) print();
    // A tap on a wallet's label shows its code. The arrow keys only choose: their clicks have
    // no detail. A button with the attribute form opens the wallet's app: see unhide.
    const label = e.detail && e.target.closest('label.pick');
    const button = label && one(`#${label.control.dataset.starts} button:not([form])`);
    if (button) button.click();
  });
  function copyText(button) {
    const source = button.parentNode.querySelector('[data-source]');
    const text = source.value || source.textContent;
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    const done = () => { button.textContent = one('#announce').textContent = button.dataset.copy; };
    // Many web-views without navigator.clipboard have execCommand.
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => {});
    else if (document.execCommand('copy')) done();
  }

  function start() {
    if (started) return;
    started = true;
    const starter = facts.autostart && one(`[data-default][value="${facts.autostart}"]:not([form])`);
    // If the start loads another page, this one needs no Worker.
    if (starter && !swaps(starter.form)) { window.wantukit = true; starter.click(); return; }
    const connection = navigator.connection;
    const can = facts.worker && facts.wasm && window.Worker && window.WebAssembly && !(connection && connection.saveData);
    try { can ? startWorker() : fallBack(); } catch (e) { fallBack(); }
    listen();
    if (starter) starter.click();
  }

  // begin starts after the first paint, or after a second on a hidden page, which is
  // not painted. On a prerendered page it runs when the shopper opens the page.
  function unhide() {
    all('[data-script]').forEach((e) => { e.hidden = false; });
    // An iPad calls itself a Mac, and has the wallet's app: the first other way.
    if (navigator.maxTouchPoints) all('[data-touch]').forEach((e, i) => {
      delete facts.starting;
      e.textContent = e.dataset.touch;
      e.setAttribute('form', e.closest('.way').querySelector('.alt').id = 'touch' + i);
    });
  }
  function begin() {
    unhide();
    if (facts.embed && isShown) document.head.appendChild(document.createElement('script')).src = facts.embed;
    // A sandbox without allow-same-origin lets the page send no request.
    if (window.origin === 'null') { hide('stuck', false); return; }
    // The page cannot detect that a frame failed to load. The link to the cashier is
    // always there; after 10 seconds without a load event, a warning points to it.
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
