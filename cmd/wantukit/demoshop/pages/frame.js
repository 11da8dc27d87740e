'use strict';
// Shows the checkout in a frame of this page. Without script the page has a link to it.
wantukit.mount('#pay', { session: document.getElementById('pay').dataset.session });
