// Reads jobs from its input, one JSON object a line, and answers each with one line of JSON. One Chromium
// serves them all. Arguments: the folder that holds node_modules, and the browser's program.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [packages, program] = process.argv.slice(2);
const require = createRequire(pathToFileURL(packages + '/package.json'));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = 15_000;

const browser = await chromium.launch({
  executablePath: program,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
});

// --- a tab and what happens in it -----------------------------------------------------

const isLocal = (url) => /^(file|data|blob|about|chrome-error):/.test(url);

// A tab that writes down what it sees; `seen` starts anew with each visit.
async function open({ width = 1280, height = 800, dark = false, script = true, policy = true }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: script,
    bypassCSP: !policy,
    offline: true,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const tab = { context, page, seen: null };
  tab.clear = () => (tab.seen = { requests: [], failed: [], errors: [], dialogs: [], popups: [], left: [] });
  tab.clear();
  await page.route((url) => !isLocal(url.href), (route) => route.abort());
  // Requests that the page's own policy stops are told here too: wanting them is fault enough.
  page.on('request', (request) => isLocal(request.url()) || tab.seen.requests.push(request.url()));
  page.on('requestfailed', (request) => {
    if (isLocal(request.url())) tab.seen.failed.push(`${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('console', (message) => message.type() === 'error' && tab.seen.errors.push(message.text()));
  page.on('pageerror', (error) => tab.seen.errors.push(String(error)));
  page.on('dialog', async (dialog) => {
    tab.seen.dialogs.push(`${dialog.type()} ${dialog.message()}`);
    await dialog.dismiss().catch(() => {});
  });
  context.on('page', async (popup) => {
    if (popup === page) return;
    tab.seen.popups.push(popup.url());
    await popup.close().catch(() => {});
  });
  return tab;
}

// A context takes as long to open as ten pages: one is kept for each kind.
const tabs = new Map();

async function within({ width, height, dark, script, policy }, work) {
  const options = { width, height, dark, script, policy };
  const kind = JSON.stringify(options);
  const tab = tabs.get(kind) ?? (await open(options));
  tabs.delete(kind);
  tab.clear();
  try {
    const answer = await work(tab);
    await tab.page.emulateMedia({ media: null });
    await tab.page.goto('about:blank');
    tabs.set(kind, tab);
    return answer;
  } catch (error) {
    await tab.context.close();
    throw error;
  }
}

// Names may hold "#" and "?".
const addressOf = (site, path) => pathToFileURL(`${site}/${path}`).href;

// --- jobs -----------------------------------------------------------------------------

// What there is to see on each page of the job.
async function visit(job) {
  return within(job, async (tab) => {
    const reports = [];
    for (const path of job.pages) {
      const address = addressOf(job.site, path);
      tab.clear();
      await go(tab, address);
      if (job.poke) {
        await poke(tab.page).catch((error) => tab.seen.left.push(String(error).split('\n')[0]));
        await tab.page.waitForLoadState('load');
      }
      const pwned = await tab.page.evaluate(() => window.pwned !== undefined).catch(() => false);
      if (tab.page.url().split('#')[0] !== address.split('#')[0]) {
        tab.seen.left.push(tab.page.url());
        await go(tab, address);
      }
      const looked = await tab.page.evaluate(look).catch((error) => {
        tab.seen.left.push(String(error).split('\n')[0]); // it went elsewhere meanwhile
        return NOTHING;
      });
      const report = { path, ...tab.seen, ...looked, pwned };
      if (job.axe) report.axe = await axe(tab.page);
      if (report.left.length) await go(tab, 'about:blank');
      reports.push(report);
    }
    return reports;
  });
}

// A page that leads elsewhere by itself would end the whole job.
async function go({ page, seen }, address) {
  await page.goto(address, { waitUntil: 'load' }).catch((error) => seen.left.push(String(error).split('\n')[0]));
}

const NOTHING = { title: '', scrollWidth: 0, innerWidth: 0, wide: [], main: '', buttons: [], links: [] };

// Runs in the page.
function look() {
  const width = window.innerWidth;
  const clips = (element) => {
    for (let above = element; above && above !== document.body; above = above.parentElement) {
      if (getComputedStyle(above).overflowX !== 'visible') return true;
    }
    return false;
  };
  const name = (element) => element.tagName.toLowerCase() + (element.id && '#' + element.id) +
    [...element.classList].map((each) => '.' + each).join('');
  const root = document.documentElement;
  const sticksOut = (element) => {
    const { left, right } = element.getBoundingClientRect();
    return Math.max(right, left + element.scrollWidth) > width + 0.5 && !clips(element);
  };
  const outer = root.scrollWidth <= width ? [] : [...document.body.querySelectorAll('*')].filter(sticksOut);
  const wide = outer.filter((each) => !outer.some((other) => other !== each && each.contains(other)));
  return {
    title: document.title,
    scrollWidth: root.scrollWidth,
    innerWidth: width,
    wide: wide.slice(0, 5).map(name),
    main: document.querySelector('main')?.innerText.trim() ?? '',
    buttons: [...document.querySelectorAll('main button')].map((each) => each.innerText),
    links: [...document.querySelectorAll('a[href]')].filter((each) => each.checkVisibility())
      .map((each) => each.getAttribute('href')),
  };
}

// Does what a reader's mouse and keyboard would set off, and follows the links that run rather than lead.
async function poke(page) {
  await page.evaluate(() => {
    const events = ['mouseover', 'mouseenter', 'pointerover', 'pointerenter', 'focus', 'focusin', 'blur', 'click',
      'toggle', 'animationstart', 'transitionend', 'copy', 'wheel', 'keydown', 'input', 'change', 'submit'];
    document.addEventListener('click', (event) => {
      const link = event.target.closest?.('a, area');
      if (!link || link.protocol !== 'javascript:') event.preventDefault();
    });
    for (const element of document.querySelectorAll('body, body *')) {
      for (const type of events) {
        element.dispatchEvent(type === 'click'
          ? new MouseEvent(type, { bubbles: true, cancelable: true })
          : new Event(type));
      }
    }
  });
  await page.waitForTimeout(30);
}

async function axe(page) {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      resultTypes: ['violations'],
      preload: false, // it would fetch the style sheets, which no page may
    });
    return violations.map(({ id, impact, help, nodes }) =>
      ({ id, impact, help, nodes: nodes.slice(0, 5).map((node) => node.html.slice(0, 160)) }));
  });
}

// By keyboard alone from the home page to a page.
async function search({ site, query, from = 'index.html', patience = 3000, ...options }) {
  return within(options, async (tab) => {
    const { page } = tab;
    await page.goto(addressOf(site, from), { waitUntil: 'load' });
    await page.evaluate(() => {
      const found = new MutationObserver(() => {
        if (document.querySelector('#search-results a')) {
          window.firstResult ??= performance.now();
        }
      });
      found.observe(document.body, { childList: true, subtree: true, attributes: true });
      document.addEventListener('input', () => (window.firstInput ??= performance.now()), true);
    });
    await page.keyboard.press('/');
    const focused = await page.evaluate(() => document.activeElement?.id ?? '');
    await page.keyboard.insertText(query);
    const results = await resultsOf(page, patience);
    const ms = await page.evaluate(() => window.firstResult - window.firstInput);
    const address = page.url();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const leads = (url) => url.href.split(/[?#]/)[0] !== address.split(/[?#]/)[0];
    await page.waitForURL(leads, { timeout: patience }).catch(() => {});
    await page.waitForLoadState('load');
    return { ...tab.seen, focused, results, ms, url: page.url(), title: await page.title() };
  });
}

async function resultsOf(page, patience) {
  await page.waitForSelector('#search-results a', { timeout: patience }).catch(() => {});
  return page.$$eval('#search-results a', (links) => links.filter((each) => each.checkVisibility())
    .map((each) => ({ text: each.textContent.trim(), url: each.href })));
}

// How the search box stands after each of the keys, or texts to type.
async function press({ site, path = 'index.html', search = '', steps, axe: judged = false, ...options }) {
  return within(options, async (tab) => {
    const { page } = tab;
    await page.goto(addressOf(site, path) + search, { waitUntil: 'load' });
    await page.evaluate(() => {
      const status = document.querySelector('form.search [role=status]');
      window.said = [];
      new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true });
    });
    const states = [];
    for (const { key, text } of steps) {
      const before = page.url();
      const leaves = key === 'Enter' && (await page.$('#search-results a'));
      if (key) await page.keyboard.press(key);
      else await page.keyboard.insertText(text);
      if (leaves) await page.waitForURL((url) => url.href !== before);
      await page.waitForFunction(() => !document.querySelector('#search-results [aria-busy=true]'));
      states.push(await page.evaluate(lookAtSearch));
    }
    return { ...tab.seen, states, axe: judged ? await axe(page) : [] };
  });
}

// Runs in the page.
function lookAtSearch() {
  const input = document.querySelector('#search-input');
  const panel = document.querySelector('#search-results');
  const box = ({ left, top, right, bottom }) => ({ left, top, right, bottom });
  const active = document.getElementById(input.getAttribute('aria-activedescendant'));
  return {
    url: location.href,
    field: input.value,
    focused: document.activeElement.id || document.activeElement.localName,
    role: input.getAttribute('role'),
    expanded: input.getAttribute('aria-expanded'),
    controls: document.getElementById(input.getAttribute('aria-controls'))?.getAttribute('role') ?? null,
    active: active?.querySelector('.search-title').textContent ?? null,
    selected: [...panel.querySelectorAll('[aria-selected=true]')].map((each) => each.id),
    options: [...panel.querySelectorAll('[role=option]')].map((each) => each.querySelector('.search-title').textContent),
    status: document.querySelector('form.search [role=status]').textContent,
    said: window.said ?? [],
    shown: !panel.hidden,
    panel: box(panel.getBoundingClientRect()),
    header: box(document.querySelector('header').getBoundingClientRect()),
    first: panel.querySelector('a') && box(panel.querySelector('a').getBoundingClientRect()),
    chosen: active && box(active.getBoundingClientRect()),
    window: { width: innerWidth, height: innerHeight, scroll: document.documentElement.scrollWidth },
    highlights: CSS.highlights.get('search')?.size ?? 0,
  };
}

// What the address `?q=…` shows.
async function ask({ site, query, path = 'index.html', patience = 3000, ...options }) {
  return within(options, async (tab) => {
    await tab.page.goto(`${addressOf(site, path)}?q=${encodeURIComponent(query)}`, { waitUntil: 'load' });
    const results = await resultsOf(tab.page, patience);
    return { ...tab.seen, results, field: await tab.page.inputValue('#search-input') };
  });
}

// As the printer gets it.
async function print({ site, path, ...options }) {
  return within(options, async (tab) => {
    await tab.page.goto(addressOf(site, path), { waitUntil: 'load' });
    await tab.page.emulateMedia({ media: 'print' });
    const shown = await tab.page.evaluate(() => ({
      main: document.querySelector('main')?.innerText.trim() ?? '',
      chrome: [...document.querySelectorAll('nav, #search-input, button')]
        .filter((each) => each.checkVisibility({ visibilityProperty: true })).map((each) => each.outerHTML.slice(0, 80)),
    }));
    const pdf = await tab.page.pdf({ format: 'A4' });
    const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    return { ...shown, bytes: pdf.length, sheets };
  });
}

async function shoot({ site, path, out, query, whole = false, ...options }) {
  return within(options, async (tab) => {
    await tab.page.goto(addressOf(site, path), { waitUntil: 'load' });
    if (query) {
      await tab.page.keyboard.press('/');
      await tab.page.keyboard.insertText(query);
      await resultsOf(tab.page, 3000);
      await tab.page.waitForTimeout(400);
    }
    await tab.page.screenshot({ path: out, fullPage: whole });
    return { out };
  });
}

// --- the conversation -----------------------------------------------------------------

const jobs = { visit, search, press, ask, print, shoot };

process.stdout.write(JSON.stringify({ result: 'ready' }) + '\n');
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { do: name, ...job } = JSON.parse(line);
    answer = { result: await jobs[name](job) };
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
await browser.close();
