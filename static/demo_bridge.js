'use strict';
// The demo's replacement of WeixinJSBridge. With it, an ordinary browser can use the
// JSAPI flow: it shows the sandbox's payment sheet in a frame. Only the demo serves
// this file.
(() => {
  const sandbox = document.currentScript.dataset.sandbox;
  const frameStyle = { position: 'fixed', inset: '0', width: '100%', height: '100%', border: '0', zIndex: '9', background: '#0008' };

  function invoke(method, params, callback) {
    const prepay = String(params.package).replace('prepay_id=', '');
    const sheet = document.createElement('iframe');
    sheet.title = 'WeChat Pay';
    sheet.src = `${sandbox}/sandbox/jsapi/${encodeURIComponent(prepay)}`;
    Object.assign(sheet.style, frameStyle);
    const answered = (e) => {
      if (e.source !== sheet.contentWindow || e.origin !== new URL(sandbox).origin || !e.data.wantukit_sandbox) return;
      window.removeEventListener('message', answered);
      sheet.remove();
      callback({ err_msg: `get_brand_wcpay_request:${e.data.wantukit_sandbox}` });
    };
    window.addEventListener('message', answered);
    document.body.append(sheet);
    sheet.focus();
  }

  // Like the real one, it appears a moment after the page.
  setTimeout(() => {
    window.WeixinJSBridge = { invoke };
    document.dispatchEvent(new Event('WeixinJSBridgeReady'));
  }, 100);
})();
