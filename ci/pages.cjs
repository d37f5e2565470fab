// SPDX-License-Identifier: GPL-2.0-or-later
//
// node pages.cjs REPORT URL LIVE PROFILE [PICTURES]: see ci/pages.  The browser is spoken to by
// two pipes (https://chromedevtools.github.io/devtools-protocol/), so there is no port that
// somebody else could find, and nothing to install beside it.

'use strict';
const { spawn } = require('child_process');
const fs = require('fs');

const [report, url, live, profile, pictures] = process.argv.slice(2);
const widths = [375, 800, 1280, 1920];

const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--user-data-dir=' + profile, '--remote-debugging-pipe', 'about:blank'],
{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const [, , , to, from] = browser.stdio;
const waiting = new Map();
let last = 0, rest = '', session;

from.setEncoding('utf8');
from.on('data', data => {
  const messages = (rest + data).split('\0');
  rest = messages.pop();
  for (const { id, result, error } of messages.map(m => JSON.parse(m)))
    if (waiting.has(id)) {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      error ? reject(new Error(error.message)) : resolve(result);
    }
});
browser.on('exit', () => waiting.forEach(w => w.reject(new Error('the browser has ended'))));

function send(method, params = {}) {
  const id = ++last;
  to.write(JSON.stringify({ id, method, params, sessionId: session }) + '\0');
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}
async function page(expression) {
  const r = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (r.exceptionDetails)
    throw new Error(r.exceptionDetails.exception.description);
  return r.result.value;
}
async function until(expression) {
  for (let i = 0; !await page(expression); i++) {
    if (i === 600)
      throw new Error('never: ' + expression);
    await new Promise(done => setTimeout(done, 100));
  }
}
async function open(where) {
  await send('Page.navigate', { url: where });
  await until(`location.href === ${JSON.stringify(where)} && document.readyState === 'complete'`);
}
async function look(width, media = '', scheme = 'light') {
  await send('Emulation.setDeviceMetricsOverride',
    { width, height: 900, deviceScaleFactor: 1, mobile: width < 400 });
  await send('Emulation.setEmulatedMedia',
    { media, features: [{ name: 'prefers-color-scheme', value: scheme }] });
}
async function picture(name) {
  if (!pictures)
    return;
  const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: true });
  fs.writeFileSync(`${pictures}/${name}.png`, Buffer.from(data, 'base64'));
}

let passed = 0, failed = 0;
function check(what, holds, got = '') {
  holds ? passed++ : failed++;
  if (!holds)
    console.log(`FAIL ${what} ${got}`);
}
async function is(what, expression, wanted) {
  const got = await page(expression);
  check(what, JSON.stringify(got) === JSON.stringify(wanted), JSON.stringify(got));
}

// words that nobody can read: of all elements with text of their own, those whose contrast is under
// 4.5 (WCAG 2.1, 1.4.3)
const faint = `(() => {
  const rgb = c => c.match(/[0-9.]+/g).map(Number);
  const light = c => rgb(c).slice(0, 3).map(v => v / 255).map(
    v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce(
    (sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (rgb(c)[3] !== 0)
        return c;
    }
    return 'rgb(255,255,255)';
  };
  return [...document.body.querySelectorAll('*')].filter(e => e.checkVisibility() &&
    !(e instanceof SVGElement) &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 20));
})()`;

async function fits(name) {
  for (const width of widths)
    for (const scheme of ['light', 'dark']) {
      await look(width, '', scheme);
      await is(`${name} at ${width}, ${scheme}: no wider than the window`,
        'Math.max(0, document.documentElement.scrollWidth - innerWidth)', 0);
      await is(`${name} at ${width}, ${scheme}: can be read`, faint, []);
      await picture(`${name}-${width}-${scheme}`);
    }
}

async function theReport() {
  await open('file://' + report);
  await fits('report');
  await look(1280);
  const shown = `[...document.querySelectorAll('details')].filter(d =>
    d.checkVisibility()).map(d => d.querySelector('summary').firstChild.data.trim())`;
  const all = await page(shown);
  check('what was played is there', all.length === 8, all.length);
  await page("document.getElementById('only-bad').click()");
  await is('the filter of failures', shown, ['here, dhcp, broken']);
  await page("document.getElementById('only-slow').click()");
  await is('the filter of slow ones', `${shown}.includes('here, dhcp, slow')`, true);
  await is('the filter of slow ones has fewer', `${shown}.length < 8`, true);
  await is('each link leads somewhere', `[...document.links].filter(l => l.hash &&
    !document.getElementById(l.hash.slice(1))).map(l => l.hash)`, []);
  await is('what a guest wrote is text', 'window.hacked === undefined', true);
  await is('the console stands in the report', "document.body.textContent.includes('hacked')",
    true);
  await look(794, 'print');
  await is('on paper there is nothing to choose',
    "getComputedStyle(document.querySelector('.choice')).display", 'none');
  const { data } = await send('Page.printToPDF', { printBackground: true });
  check('it can be printed', Buffer.from(data, 'base64').subarray(0, 5).toString() === '%PDF-');
}

async function thePage() {
  const say = text => fs.appendFileSync(`${live}/here/dhcp/boots/console`, text);

  await look(1280);
  await open(url);
  await until("document.getElementById('sum').textContent === '0 of 2 over, 1 running'");
  await until("document.getElementById('console').textContent.includes('login: ')");
  await fits('live');
  await look(1280);
  say('\u00e4 word later');
  await until("document.getElementById('console').textContent.endsWith('\u00e4 word later')");
  passed++;
  await is('what a guest wrote is text', 'window.hacked === undefined', true);
  const lines = fs.readFileSync(`${live}/live`, 'utf8');
  fs.writeFileSync(`${live}/live`, lines.replace('running', 'fail'));
  await until("document.getElementById('sum').textContent === '1 of 2 over, 1 failed'");
  await is('what failed is told', "document.getElementById('c1').textContent", 'FAIL');
  await page("document.getElementById('c2').click()");
  await until("document.getElementById('title').textContent === 'here dhcp later'");
  fs.copyFileSync(report, `${live}/index.html`);
  await until("document.querySelector('#state a')");
  await page("document.querySelector('#state a').click()");
  await until("document.title.startsWith('verify: ')");
  passed++;
}

async function all() {
  const { targetInfos } = await send('Target.getTargets');
  const { targetId } = targetInfos.find(t => t.type === 'page');
  session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
  await theReport();
  await thePage();
}
all().catch(e => check(e.message, false)).finally(() => {
  browser.kill();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
});
