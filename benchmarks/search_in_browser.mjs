// Times a search as a reader sees it. Arguments: the folder that holds node_modules, and the browser's program. Reads
// {"address": …, "queries": […]} as JSON from the standard input; writes for each query the milliseconds from its
// first letter, on a page just opened, to its results, those that the page worked for it, and those of each further
// letter.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packages, program] = process.argv.slice(2);
const { chromium } = createRequire(pathToFileURL(packages + '/package.json'))('playwright-core');
const { address, queries } = JSON.parse(readFileSync(0, 'utf8'));

// Runs in the page. `begin` starts the clock; `answer` is what it shows when results are there to be painted.
function watch() {
  const panel = document.querySelector('#search-results');
  let begun = 0;
  let resolve = () => {};
  window.begin = () => {
    begun = performance.now();
    window.answer = new Promise((done) => (resolve = done));
  };
  const isThere = () => !panel.hidden && !panel.textContent.startsWith('Searching');
  new MutationObserver(() => isThere() && requestAnimationFrame(() => resolve(performance.now() - begun)))
    .observe(panel, { childList: true, subtree: true, attributes: true });
}

// The milliseconds that the page's main thread has had of a processor: the same on an idle and on a busy machine.
async function processorTime(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'ThreadTime').value;
  };
}

async function timed(browser, query) {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  await page.goto(address, { waitUntil: 'load' });
  await page.evaluate(watch);
  const busy = await processorTime(context, page);
  const before = await busy();
  await page.evaluate(() => window.begin());
  await page.keyboard.press('/'); // the focus makes it load the first file
  await page.keyboard.insertText(query.first);
  const first = await page.evaluate(() => window.answer);
  const work = (await busy()) - before;
  const found = await page.$$eval('#search-results a', (links) => links.length);
  const further = [];
  for (const letter of query.further) {
    await page.evaluate(() => window.begin());
    await page.keyboard.insertText(letter);
    further.push(await page.evaluate(() => window.answer));
  }
  await context.close();
  return { first, work, found, further };
}

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
await timed(browser, { first: 'x', further: '' }); // the first page of a browser is slow for reasons of its own
const answers = [];
for (const query of queries) answers.push(await timed(browser, query));
await browser.close();
process.stdout.write(JSON.stringify(answers));
