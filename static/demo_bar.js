'use strict';
// The demo's bar: a new choice of "view as" acts at once. Only the demo serves this file.
(() => {
  const as = document.getElementById('demo-as');
  const keyboard = 'wantukit-demo-keyboard';
  as.addEventListener('change', () => {
    as.form.requestSubmit();
    // An arrow key changes the choice too. The next page has the focus here again, for
    // the next press.
    if (as.matches(':focus-visible')) sessionStorage.setItem(keyboard, '1');
  });
  // A page that comes back from the browser's memory shows the device that it was made for.
  window.addEventListener('pageshow', (e) => { if (e.persisted) as.form.reset(); });
  if (sessionStorage.getItem(keyboard)) as.focus({ preventScroll: true });
  sessionStorage.removeItem(keyboard);
})();
