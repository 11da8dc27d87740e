'use strict';
// The page's half of the messages between the page and the shop's page that shows it in a
// frame or a popup. wantukit.js is the other half, and docs/embedding.md has the protocol.
// loader.js loads this script in a frame and in a popup only.
(() => {
  const root = document.getElementById('checkout');
  const isFramed = parent !== window;
  const peer = isFramed ? parent : opener;
  const session = location.pathname.split('/').pop();
  const allowed = root.dataset.origins.split(' ');
  // shop is the origin of the page that listens: it has answered "ready" with "hello".
  let shop, told = {};

  const post = (target, type, more) => peer.postMessage({ wantukit: 1, type, session, ...more }, target);

  // ready tells the shop's origins that the page has loaded. The browser delivers it to an
  // origin that is named, and to no other. Where the browser tells the origin around a frame,
  // only that one is asked, because each other one would be an error in the console.
  function ready() {
    const around = isFramed && location.ancestorOrigins && location.ancestorOrigins[0];
    allowed.filter((origin) => !around || origin === around).forEach((origin) => post(origin, 'ready'));
  }
  addEventListener('message', ({ source, origin, data }) => {
    if (source !== peer || !allowed.includes(origin) || !data || data.wantukit !== 1) return;
    if (data.type !== 'hello' || data.session !== session) return;
    shop = origin;
    told = {};
    tell();
  });

  // messages are the messages that tell a state.
  const messages = {
    confirming: 'processing', paid: 'completed', expired: 'expired', canceled: 'canceled', failed: 'error',
  };

  // tell tells the listener the height in CSS pixels that a frame needs for the whole page,
  // and the state, where they have changed. The link to the shop may come after the state.
  function tell() {
    if (!shop) return;
    let { state } = root.dataset;
    const height = Math.ceil(root.getBoundingClientRect().bottom + scrollY + parseFloat(getComputedStyle(root).marginBottom));
    if (height !== told.height) post(shop, 'resize', { height });
    const link = document.querySelector(`[data-on~="${state}"] a[data-shop][href]`);
    if (state === 'paid' && !link) state = told.state;
    if (state !== told.state && messages[state]) {
      post(shop, messages[state], state === 'failed' ? { code: 'payment_failed' } : { url: link ? link.href : '' });
    }
    told = { height, state };
  }

  // isOurs reports whether the listener opens what this link or form leads to. A popup goes to
  // a wallet by itself, but the shop's own window opens the shop.
  const isOurs = (e) => shop && (isFramed || 'shop' in e.dataset);

  // Where the shopper is still here after a while, the sandbox of a frame did not let it leave:
  // the page then says so.
  const stuck = () => document.querySelectorAll('[data-reveal="stuck"]').forEach((e) => { e.hidden = false; });
  const expectToLeave = () => isFramed && setTimeout(stuck, 6000);

  // leave has the shop's page open a URL in the top window.
  function leave(url) {
    expectToLeave();
    post(shop, 'redirect', { url });
  }

  // A form that leaves the frame is sent here, and the server tells where it leads.
  addEventListener('submit', async (e) => {
    const { target: form, submitter } = e;
    if (e.defaultPrevented || form.target !== '_top') return;
    if (!isOurs(form)) { expectToLeave(); return; }
    e.preventDefault();
    if (submitter && submitter.name) {
      const { name, value } = submitter;
      form.appendChild(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    }
    try {
      const body = new URLSearchParams(new FormData(form));
      const response = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
      if (!response.ok) throw 0;
      const { url, top } = await response.json();
      if (top) leave(new URL(url, location.href).href);
      else location.assign(url);
    // The browser sends the form, and shows the error.
    } catch (error) { form.submit(); }
  });
  addEventListener('click', (e) => {
    const link = e.target.closest('a[target="_top"]');
    if (!link || e.defaultPrevented || e.ctrlKey || e.metaKey || e.shiftKey) return;
    if (!isOurs(link)) { expectToLeave(); return; }
    e.preventDefault();
    leave(link.href);
  });
  addEventListener('keydown', (e) => { if (e.key === 'Escape' && shop && isFramed) post(shop, 'escape'); });

  new MutationObserver(tell).observe(root, { subtree: true, attributeFilter: ['data-state', 'href'] });
  if (window.ResizeObserver) [root, document.body].forEach((e) => new ResizeObserver(tell).observe(e));
  ready();
})();
