'use strict';
// wantukit.js shows the checkout in a shop's page: in a frame (mount), in a dialog or in a popup
// (open). docs/embedding.md explains it. embed.js is the other half, in the checkout's page.
// Shops pin a version of this file by its hash: see ShopScriptVersion in shopscript.go.
(() => {
  const callbacks = {
    ready: 'onReady', resize: 'onResize', processing: 'onProcessing', completed: 'onComplete',
    expired: 'onExpired', canceled: 'onCancel', error: 'onError', close: 'onClose',
  };

  // ends are the messages that tell how a session has ended.
  const ends = ['completed', 'expired', 'canceled'];

  // go opens a URL in the top window.
  function go(url) {
    if (!/^https?:/.test(url)) return;
    try { top.location.href = url; } catch (error) { location.href = url; }
  }

  // listen receives the messages of a session's page from the window that getWindow returns.
  // own are the callbacks of the view, which are called before those of the shop.
  function listen(session, options, getWindow, own) {
    const page = new URL(session.url || session);
    const id = page.pathname.split('/').pop();
    let timer, isReady, last;

    function call(type, message) {
      const callback = options[callbacks[type]];
      if (own[type]) own[type](message);
      if (callback) callback(message);
      return callback;
    }
    function receive({ source, origin, data }) {
      if (origin !== page.origin || source !== getWindow() || !data || data.wantukit !== 1 || data.session !== id) return;
      const { type, url } = data;
      if (type === 'ready') {
        isReady = true;
        clearTimeout(timer);
        source.postMessage({ wantukit: 1, type: 'hello', session: id }, origin);
      }
      // A page that is loaded again tells again how the session has ended.
      if (type === last) return;
      if (ends.includes(type)) last = type;
      const isHandled = call(type, data);
      if (type === 'redirect' || type === 'canceled' && !isHandled) go(url);
      // In a frame the shopper sees the receipt before the shop.
      if (type === 'completed' && !isHandled) setTimeout(go, own.completed ? 0 : 3000, url);
    }
    addEventListener('message', receive);
    return {
      page,
      call,
      // loaded is called when a frame has loaded. A page that shows an error is never ready.
      loaded() {
        timer = setTimeout(() => {
          if (isReady) return;
          const detail = `The payment page does not answer. Is ${location.origin} in its allowed_origins?`;
          console.error('wantukit:', detail);
          call('error', { code: 'no_answer', detail, session: id });
        }, 5000);
      },
      end() {
        clearTimeout(timer);
        removeEventListener('message', receive);
      },
    };
  }

  // words returns the title of the frame and the label of the button that closes the dialog.
  function words() {
    const language = document.documentElement.lang || navigator.language;
    if (!/^zh/i.test(language)) return ['Payment', 'Close'];
    return /hant|tw|hk|mo/i.test(language) ? ['付款', '關閉'] : ['支付', '关闭'];
  }

  // add makes an element with a style, and adds it to its parent.
  function add(to, name, style, more) {
    const element = Object.assign(document.createElement(name), more);
    element.style.cssText = style;
    to.append(element);
    return element;
  }

  // addFrame adds the frame of a session's page. The frame tells the checkout which origin frames
  // it, whatever the policy of the shop's page.
  function addFrame(to, options, style, { page, loaded }) {
    return add(to, 'iframe', 'display:block;width:100%;border:0;' + style, {
      title: options.title || words()[0], allow: 'clipboard-write', referrerPolicy: 'strict-origin', onload: loaded, src: page,
      ...(options.sandbox && { sandbox: options.sandbox }),
    });
  }

  function mount(target, options) {
    const at = target.tagName ? target : document.querySelector(target);
    const view = listen(options.session, options, () => frame.contentWindow, {
      resize({ height }) { frame.style.height = height + 'px'; },
    });
    // The plain link of a page without script gives way.
    at.textContent = '';
    const frame = addFrame(at, options, 'height:560px', view);
    return {
      unmount() {
        view.end();
        frame.remove();
      },
    };
  }

  function open(session, options = {}) {
    return options.popup && openPopup(session, options) || openDialog(session, options);
  }

  function openDialog(session, options) {
    // An old browser has no dialog: there the shopper pays on the page itself.
    if (!window.HTMLDialogElement) return go(session.url || session);
    const [title, label] = words();
    const { style } = document.documentElement;
    const { overflow } = style;
    const view = listen(session, options, () => frame.contentWindow, {
      // On a phone the box has the whole screen.
      resize({ height }) { box.style.height = innerWidth < 600 ? '100%' : height + 52 + 'px'; },
      escape: close, canceled: close,
    });
    const dialog = add(document.body, 'dialog', 'position:fixed;inset:0;display:flex;width:100%;height:100%;max-width:none;max-height:none;padding:0;border:0;background:#0c0e1199');
    dialog.setAttribute('aria-label', options.title || title);
    const box = add(dialog, 'div', 'display:flex;flex-direction:column;width:480px;max-width:100%;height:100%;max-height:100%;margin:auto;overflow:hidden;border-radius:12px;color-scheme:light dark;background:Canvas');
    const button = add(box, 'button', 'width:44px;height:44px;margin:4px;padding:0;align-self:end;border:0;background:none;color:CanvasText;font:24px/1 sans-serif;cursor:pointer', { type: 'button', textContent: '×', onclick: close });
    button.setAttribute('aria-label', label);
    const frame = addFrame(box, options, 'flex:1;min-height:0', view);
    function close() {
      if (!dialog.open) return;
      // It also gives the focus back to where it was.
      dialog.close();
      dialog.remove();
      style.overflow = overflow;
      view.end();
      view.call('close', {});
    }
    // Escape closes a dialog by itself. Only close tidies up.
    dialog.oncancel = (e) => { e.preventDefault(); close(); };
    style.overflow = 'hidden';
    dialog.showModal();
    return { close };
  }

  // openPopup returns undefined if the browser blocks the popup.
  function openPopup(session, options) {
    const close = () => popup.close();
    const { page, call, end } = listen(session, options, () => popup, {
      redirect: close, completed: close, canceled: close,
    });
    page.searchParams.set('popup', 1);
    const popup = window.open(page, '_blank', 'popup,width=480,height=760');
    if (!popup) return end();
    const timer = setInterval(() => {
      if (!popup.closed) return;
      clearInterval(timer);
      end();
      call('close', {});
    }, 500);
    return { close };
  }

  window.wantukit = { version: '1.0.0', mount, open };
})();
