'use strict';
// Keeps the page of an order current, as long as it is visible: it takes the main element
// of the server's page when that has changed.
(() => {
  const main = () => document.querySelector('main');
  let shown = main().innerHTML;

  async function look() {
    if (document.hidden) return;
    const response = await fetch(location.pathname, { cache: 'no-store' });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.querySelector('main');
    if (next.innerHTML === shown) return;
    shown = next.innerHTML;
    main().replaceWith(next);
    document.getElementById('news').textContent = `Order ${next.dataset.status}`;
  }

  (async () => {
    for (;;) {
      await new Promise((next) => setTimeout(next, main().dataset.status === 'awaiting payment' ? 1000 : 5000));
      await look().catch(() => {}); // offline: the next look tries again
    }
  })();
})();
