#!/usr/bin/env node
// A walk through all 13 endpoints of the Wantu (玩途) payment gateway, the way
// a shop would use them, against a simulator of it. Plain Node 18 or newer, no
// packages: what a shop has to get right (signing, verifying, answering the
// notification) is all in this file, to be copied from.
//
//   node walk.mjs BASE_URL MERCHANT STORE KEY WECHAT_APP_ID
//   node walk.mjs http://127.0.0.1:8081/paygate HKG1 HKG2 secret wx0000000000000001
//
// It prints a line per step and stops with exit code 1 at the first answer
// that is not what the gateway's manual (§ below) promises.

import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';

const [BASE_URL, MERCHANT, STORE, KEY, APP_ID] = process.argv.slice(2);
const TIMEOUT = 10_000; // ms, for an answer as well as for a notification

class Mismatch extends Error {
  constructor(step, expected, got) {
    super(`${step}\n  expected: ${expected}\n  got:      ${typeof got === 'string' ? got : JSON.stringify(got)}`);
  }
}

function check(step, holds, expected, got) {
  if (!holds) throw new Mismatch(step, expected, got);
}

// ---------------------------------------------------------------- signature

// Everything in a JSON text but white space: a string, a punctuation mark, or
// a bare word (number, true, false, null).
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

// scalars reads the top-level fields of a JSON object as [name, text] pairs and
// skips arrays and objects. JSON.parse alone will not do: it turns 0.10 into
// 0.1 and 1e2 into 100, but the signature was made over the characters which
// the sender wrote. Hence numbers stay the text they are; strings are decoded.
function scalars(json) {
  JSON.parse(json); // throws on malformed text, so that the scan may be simple
  const pairs = new Map();
  let depth = 0;
  let name;
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '}' || token === ']') depth--;
    if (depth === 1 && token === ',') name = undefined;
    if (depth === 1 && !'{}[],:'.includes(token)) {
      if (name === undefined) {
        name = JSON.parse(token);
      } else {
        // With a name twice, signer and reader could each mean another value.
        if (pairs.has(name)) throw new SyntaxError(`field ${name} is there twice`);
        pairs.set(name, scalarText(token));
        name = undefined;
      }
    }
    if (token === '{' || token === '[') depth++;
  }
  return [...pairs];
}

function scalarText(token) {
  if (token === 'null') return ''; // an empty value, which is not signed
  return token.startsWith('"') ? JSON.parse(token) : token;
}

// signature is §1.3. It works on the JSON text, so requests, answers and
// notifications share it. Values go in as they are, without URL encoding.
function signature(json, key) {
  const string1 = scalars(json)
    .filter(([name, text]) => name !== 'sign' && text !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1)) // by code unit; localeCompare would not be ASCII order
    .map(([name, text]) => `${name}=${text}`)
    .join('&');
  return createHash('md5').update(`${string1}&key=${key}`, 'utf8').digest('hex').toUpperCase();
}

// signed returns the JSON text of fields with their signature added.
function signed(fields, key) {
  return JSON.stringify({ ...fields, sign: signature(JSON.stringify(fields), key) });
}

// verified returns the fields of a JSON text whose signature is right.
function verified(step, json) {
  let expected;
  try {
    expected = signature(json, KEY);
  } catch (error) {
    throw new Mismatch(step, `a JSON object (${error.message})`, json.slice(0, 300));
  }
  const fields = JSON.parse(json);
  check(step, fields?.sign === expected, `sign ${expected}`, json);
  return fields;
}

// ------------------------------------------------- what the answers must hold

const rule = (expected, holds) => ({ expected, holds });
const length = (value) => [...value].length; // in characters, not in UTF-16 units
const maybeEmpty = (max) => rule(`a text of at most ${max} characters`,
  (value) => typeof value === 'string' && length(value) <= max);
const text = (max) => rule(`a text of 1 to ${max} characters`,
  (value) => value !== '' && maybeEmpty(max).holds(value));
const link = (max) => rule(`a link of at most ${max} characters`,
  (value) => text(max).holds(value) && /^[a-z]+:\/\/\S+$/.test(value));
// The manual's own examples show numbers both as numbers and as strings.
const like = (expected, pattern) => rule(expected,
  (value) => ['string', 'number'].includes(typeof value) && pattern.test(value));
const cents = like('an integer of at most 11 digits', /^\d{1,11}$/);
const time = like('a time yyyy-MM-dd HH:mm:ss', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
const object = (...names) => rule(`an object with ${names.join(', ')}`,
  (value) => names.every((name) => typeof value?.[name] === 'string' && value[name] !== ''));

const TRADE = { out_trade_no: text(32), trade_id: text(32) };
const FEE = { total_fee: cents, fee_type: text(3) };

// The required fields of each answer, beside return_code, return_msg and sign.
const ANSWER = {
  'create-qrcode': { ...TRADE, ...FEE, qrcode_url: link(64), store_account: text(32) },
  pospay: { ...TRADE, ...FEE, trade_time: time, store_account: text(32) },
  refund: { ...TRADE, total_fee: cents, refund_fee: cents, out_refund_no: text(32), refund_id: text(32) },
  query: {
    ...TRADE, ...FEE,
    trade_status: like('NOT_PAY, PAY_EEROR or SUCCESS', /^(NOT_PAY|PAY_EEROR|SUCCESS)$/), // sic
    trade_time: maybeEmpty(19), // nothing to tell while unpaid; checked as a time once paid
  },
  // The tables call these two texts, but the examples show objects, and the
  // code which a shop's page or app hands them to needs the names inside.
  'pay-form': { parameters: object('appId', 'timeStamp', 'nonceStr', 'package', 'signType', 'paySign') },
  'app, WeChat': { data: object('appId', 'partnerid', 'prepayid', 'timestamp', 'noncestr', 'package', 'sign') },
  'app, Alipay': { data: text(Infinity) },
  'order-list': { order_list: rule('a list', Array.isArray) },
  web: { url: link(Infinity) }, wap: { url: link(Infinity) },
  'merchant-qrcode': { qrcode_url: link(Infinity) },
  currency: { currency: like('a rate', /^\d+(\.\d+)?$/) },
  cancel: {}, close: {},
};

// A row of order_list, with the names of the example: the table's differ.
const ROW = {
  trade_id: text(64), out_trade_no: text(64),
  refund_id: maybeEmpty(64), out_refund_no: maybeEmpty(64), // empty in the row of a payment
  type: like('1 or -1', /^(1|-1)$/),
  total_fee: like('an amount in dollars of at most 14 characters', /^(?=.{1,14}$)\d+(\.\d{1,2})?$/),
  date_added: time, fee_type: text(14),
};

const NOTIFICATION = {
  ...TRADE, merchant_account: text(32), total_fee: cents, subject: text(128),
  return_code: like('200', /^200$/), return_msg: text(128),
  trade_status: like('SUCCESS', /^SUCCESS$/), trade_time: time,
};

function checkFields(step, rules, fields) {
  for (const [name, { expected, holds }] of Object.entries(rules)) {
    check(`${step}: field ${name}`, name in fields && holds(fields[name]), expected, fields[name] ?? fields);
  }
}

// checkEcho: what an answer or a notification says about an order must be what
// the shop knows of it. A shop that skips this can be paid one cent for a car.
function checkEcho(step, known, fields) {
  const names = ['merchant_account', 'store_account', 'out_trade_no', 'trade_id', 'out_refund_no',
    'total_fee', 'fee_type', 'refund_fee_type', 'subject', 'attach', 'device_sn'];
  for (const name of names) {
    if (!(name in known) || !(name in fields)) continue;
    check(`${step}: field ${name}`, String(fields[name]) === String(known[name]), known[name], fields[name]);
  }
}

// ------------------------------------------------------------------ the calls

const REFUSAL = {
  301: 'SIGN_ERROR', 303: 'PARAM_MISSING', 304: 'PARAM_ERROR', 400: 'OUT_TRADE_NO_USED',
  401: 'ORDER_PAID', 402: 'ORDER_INVALID', 508: 'REFUND_ERROR', 509: 'UNSUPPORTED_CURRENCY',
};

const walked = new Set();
let answers = 0;

const ok = (step) => console.log(`ok ${step}`);

// The manual names no time zone; the gateway's shops are at UTC+8.
function timestamp(daysAhead = 0) {
  const shifted = new Date(Date.now() + (8 + 24 * daysAhead) * 3_600_000);
  return shifted.toISOString().slice(0, 19).replace('T', ' ');
}

async function post(url, body, contentType) {
  const response = await fetch(url, {
    method: 'POST',
    headers: contentType ? { 'Content-Type': contentType } : {},
    body,
    signal: AbortSignal.timeout(TIMEOUT),
  });
  return { status: response.status, body: await response.text() };
}

// call posts fields, with the common ones of §2.1, and verifies the answer.
async function call(endpoint, step, fields, { key = KEY, contentType = 'application/json' } = {}) {
  const common = {
    merchant_account: MERCHANT, store_account: STORE, pay_channel: 1, send_time: timestamp(), version: '1.0',
  };
  const { status, body } = await post(`${BASE_URL}/${endpoint}`, signed({ ...common, ...fields }, key), contentType);
  const answer = verified(`${step} (HTTP ${status})`, body);
  answers++;
  walked.add(endpoint);
  return answer;
}

// succeed expects 200 and the fields of the manual's table.
async function succeed(endpoint, what, fields, { known = {}, table = endpoint, ...options } = {}) {
  const step = `${endpoint}: ${what}`;
  const answer = await call(endpoint, step, fields, options);
  check(step, String(answer.return_code) === '200' && answer.return_msg === 'SUCCESS', '200 SUCCESS', answer);
  checkFields(step, ANSWER[table], answer);
  checkEcho(step, { ...fields, merchant_account: MERCHANT, store_account: STORE, ...known }, answer);
  ok(step);
  return answer;
}

// refused expects an error code and, for 303 and 304, the name of the field.
async function refused(endpoint, what, fields, code, { named = '', ...options } = {}) {
  const step = `${endpoint}: ${what} is refused with ${code}`;
  const answer = await call(endpoint, step, fields, options);
  const matches = String(answer.return_code) === String(code) && answer.return_msg === REFUSAL[code];
  check(step, matches, `${code} ${REFUSAL[code]}`, answer);
  check(step, !named || String(answer.return_desc).includes(named), `return_desc with "${named}"`, answer);
  ok(step);
}

// ----------------------------------------------------------- the notification

// listen starts the shop's notify_url. Each verified notification becomes an
// event named after its order; a wrong one becomes an 'error' event.
async function listen() {
  const inbox = new EventEmitter();
  inbox.on('error', (error) => { inbox.failure ??= error; });
  const server = createServer((request, response) => receive(request, response, inbox));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  inbox.url = `http://127.0.0.1:${server.address().port}/notify`;
  inbox.close = () => {
    server.close();
    server.closeAllConnections(); // the gateway may keep its connection open
  };
  return inbox;
}

async function receive(request, response, inbox) {
  response.setHeader('Content-Type', 'application/json');
  try {
    check('notification: method', request.method === 'POST', 'POST', request.method);
    request.setEncoding('utf8'); // so that a character cut by a chunk stays whole
    let body = '';
    for await (const chunk of request) body += chunk;
    const notice = verified('notification', body); // before anything in it is believed
    checkFields('notification', NOTIFICATION, notice);
    // A shop with a database marks the order paid here, under a lock, and
    // answers success as well when it was marked already: they may repeat.
    // The answer is the manual's example; its table has words instead of 200.
    response.end(JSON.stringify({ return_code: 200, return_msg: 'SUCCESS' }));
    inbox.emit(notice.out_trade_no, notice);
  } catch (error) {
    response.end(JSON.stringify({ return_code: 'FAIL', return_msg: 'not accepted' }));
    inbox.emit('error', error);
  }
}

// notified runs pay and returns its answer once the order's notification has
// come. Waiting starts first: the notification may overtake the answer.
async function notified(inbox, order, pay) {
  const step = 'notify_url: the payment is announced and signed';
  const arrival = once(inbox, order.out_trade_no, { signal: AbortSignal.timeout(TIMEOUT) }).catch((error) => {
    throw error.name === 'AbortError' ? new Mismatch(step, `a notification within ${TIMEOUT} ms`, 'none') : error;
  });
  const [[notice], answer] = await Promise.all([arrival, pay()]);
  checkEcho(step, { ...order, merchant_account: MERCHANT }, notice);
  check(step, notice.attach === order.attach, `attach ${order.attach}`, notice);
  ok(step);
  return { notice, answer };
}

// ------------------------------------------------------------------- the walk

const run = randomBytes(6).toString('hex'); // so that walks never share a number
let numbers = 0;
const newNumber = () => `walk${run}n${++numbers}`;

const newOrder = (inbox, more) => ({
  total_fee: 2010, fee_type: 'HKD', subject: 'Poster', product_id: '123',
  out_trade_no: newNumber(), notify_url: inbox.url, ...more,
});

// Chinese, quotes and the signature's own punctuation must survive the trip.
const AWKWARD = { subject: '演唱会门票 "A"/B', attach: 'a=1&b=2+3%20 \\ 套票', device_sn: '设备1' };

async function payByQRCode(inbox) {
  const order = newOrder(inbox, AWKWARD);
  const { trade_id } = await succeed('create-qrcode', 'places an order', order);
  const number = { out_trade_no: order.out_trade_no };
  const known = { ...order, trade_id };

  const before = await succeed('query', 'finds it', number, { known });
  check('query: before the payment', before.trade_status === 'NOT_PAY', 'NOT_PAY', before);

  await notified(inbox, known, () => payInSimulator(order.out_trade_no));
  await checkPaid(known);
  await refused('create-qrcode', 'a used out_trade_no', order, 400);
  await refused('close', 'a paid order', number, 401);
  return known;
}

// payInSimulator plays the customer. Only a simulator has this call.
async function payInSimulator(number) {
  const url = new URL(`/sandbox/orders/${encodeURIComponent(number)}/pay`, BASE_URL);
  const { status, body } = await post(url, '');
  check('sandbox: pay', status >= 200 && status < 300, 'HTTP 2xx', `HTTP ${status} ${body}`);
}

async function checkPaid(order) {
  const number = { out_trade_no: order.out_trade_no, pay_channel: '1' };
  const answer = await succeed('query', 'finds it paid', number, { known: order });
  check('query: after the payment', answer.trade_status === 'SUCCESS', 'SUCCESS', answer);
  check('query: after the payment', answer.attach === order.attach, `attach ${order.attach}`, answer);
  checkFields('query: after the payment', { trade_time: time }, answer);
}

async function payByCode(inbox) {
  const order = newOrder(inbox, { auth_code: '134642301183243245', total_fee: '100', attach: 'till 7' });
  const { notice, answer } = await notified(inbox, order,
    () => succeed('pospay', 'takes the payment at the till', order, { contentType: 'text/plain' }));
  const known = { ...order, trade_id: answer.trade_id };
  checkEcho('notification', known, notice);
  await checkPaid(known);
}

async function refundInParts(order) {
  const part = (refund_fee, by) => ({
    ...by, total_fee: order.total_fee, refund_fee, refund_fee_type: 'HKD', out_refund_no: newNumber(),
  });
  const byNumber = { out_trade_no: order.out_trade_no };
  const byId = { trade_id: order.trade_id };

  const first = part(710, byNumber);
  const answer = await succeed('refund', 'gives a part back', first, { known: order });
  // Only here: of a later part the manual may mean the sum of all so far.
  check('refund: refund_fee', Number(answer.refund_fee) === 710, 710, answer);
  await refused('refund', 'more than is left', part(1301, byNumber), 508);
  const second = part('1300', byId);
  const rest = await succeed('refund', 'gives the rest back, by trade_id', second, { known: order });
  const again = await succeed('refund', 'repeated, is the same refund', first, { known: order });
  check('refund: repeated', again.refund_id === answer.refund_id, answer.refund_id, again);
  await refused('refund', 'one cent past the paid amount', part(1, byNumber), 508);
  return [{ ...first, refund_id: answer.refund_id }, { ...second, refund_id: rest.refund_id }];
}

async function findInStatement(order, refunds) {
  // A day to either side finds the order whatever zone the gateway keeps.
  const days = { start_date: timestamp(-1), end_date: timestamp(1) };
  const { order_list } = await succeed('order-list', 'lists the statement', days);
  for (const row of order_list) checkFields('order-list: row', ROW, row);

  const rows = order_list.filter((row) => row.trade_id === order.trade_id);
  const payment = { type: 1, refund_id: '', out_refund_no: '', fee: order.total_fee };
  const entries = [payment, ...refunds.map((refund) => ({ ...refund, type: -1, fee: refund.refund_fee }))];
  check('order-list: rows of the order', rows.length === entries.length, `${entries.length} rows`, rows);
  for (const { type, refund_id, out_refund_no, fee } of entries) {
    const { out_trade_no, fee_type } = order;
    // The statement counts in dollars, with a decimal point; all else in cents.
    const expected = { out_trade_no, refund_id, out_refund_no, type, total_fee: fee / 100, fee_type };
    const found = rows.some((row) => Object.entries(expected).every(([name, value]) => (
      typeof value === 'number' ? Number(row[name]) === value : row[name] === value)));
    check('order-list: rows of the order', found, JSON.stringify(expected), rows);
  }
  ok('order-list: has the payment and both refunds');
}

async function placeOthers(inbox) {
  const form = await succeed('pay-form', 'starts a payment inside WeChat',
    newOrder(inbox, { open_id: 'oMHUm0xbCkwshwylEe6keVhGE7Mg', app_id: APP_ID }));
  check('pay-form: appId', form.parameters.appId === APP_ID, APP_ID, form);

  const page = { time_expire: timestamp(1), return_url: 'http://shop.example/back?a=1&b=2', pay_channel: '2' };
  const wallet = { payment_inst: 'ALIPAYHK', qrcode_width: 200 };
  await succeed('web', 'shows a QR code of Alipay', newOrder(inbox, { ...page, ...wallet }));
  // attach is empty here: sent, but outside the signature.
  await succeed('web', "leads to Alipay's page", newOrder(inbox, { ...page, total_fee: '2010', attach: '' }));
  // On these pages fee_type and product_id may be left out, which undefined does.
  await succeed('wap', 'leads to Alipay on a phone',
    newOrder(inbox, { ...page, fee_type: undefined, product_id: undefined }));

  await succeed('app', 'starts WeChat', newOrder(inbox, { pay_channel: '1' }), { table: 'app, WeChat' });
  await succeed('app', 'starts Alipay', newOrder(inbox, { pay_channel: 2 }), { table: 'app, Alipay' });
}

async function withdraw(inbox) {
  for (const [endpoint, pay_channel] of [['cancel', 1], ['close', '2']]) {
    const order = newOrder(inbox, { pay_channel });
    await succeed('create-qrcode', `places an order to ${endpoint}`, order);
    await succeed(endpoint, 'withdraws it', { out_trade_no: order.out_trade_no, pay_channel });
  }
}

async function askAround(inbox) {
  await succeed('merchant-qrcode', "gives the shop's own", { notify_url: inbox.url, pay_channel: '2' });
  await succeed('currency', 'gives a rate', {});
  await succeed('currency', 'gives the rate of HKD', { fee_type: 'HKD', pay_channel: '2' });
}

async function beRefused(inbox) {
  const order = (more) => newOrder(inbox, more);
  await refused('create-qrcode', 'a wrong signature', order(), 301, { key: `${KEY}x` });
  await refused('create-qrcode', 'a missing field', order({ subject: undefined }), 303, { named: 'subject' });
  const long = { subject: 'x'.repeat(129) };
  await refused('create-qrcode', 'a too long field', order(long), 304, { named: 'subject' });
  await refused('create-qrcode', 'an unknown currency', order({ fee_type: 'ZZZ' }), 509);
  await refused('currency', 'an unknown currency', { fee_type: 'ZZZ' }, 509);
  for (const endpoint of ['query', 'cancel', 'close']) {
    await refused(endpoint, 'an unknown order', { out_trade_no: newNumber() }, 402);
  }
}

async function walk(inbox) {
  const order = await payByQRCode(inbox);
  const refunds = await refundInParts(order);
  await findInStatement(order, refunds);
  await payByCode(inbox);
  await placeOthers(inbox);
  await withdraw(inbox);
  await askAround(inbox);
  await beRefused(inbox);
  if (inbox.failure) throw inbox.failure; // a wrong notification nobody was waiting for
  check('walk', walked.size === 13, '13 endpoints', [...walked]);
}

if (!APP_ID) {
  console.error('usage: node walk.mjs BASE_URL MERCHANT STORE KEY WECHAT_APP_ID');
  process.exit(2);
}
const inbox = await listen();
try {
  await walk(inbox);
  console.log(`walked ${walked.size} endpoints, ${answers} answers verified`);
} catch (error) {
  const cause = error.cause ? ` (${error.cause.message || error.cause.code})` : '';
  console.error(error instanceof Mismatch ? `FAILED ${error.message}` : `FAILED ${error.stack}${cause}`);
  process.exitCode = 1;
} finally {
  inbox.close();
}
