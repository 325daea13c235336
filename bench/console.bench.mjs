// The console in Debian's Chromium over N=100,000 resources: from the navigation to the first rows of the inventory (median of ROUNDS=5), and
// the share of long tasks of the main thread while 5,000 rows are scrolled (docs/measurements.md, "The console"). The api runs as its own
// process, as deployed. A browser without a screen draws no frames in time, so frames are not counted.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { fillLists } from './http-rows.mjs';
import { pgClient, report, round, startDatabase } from './stage.mjs';

const N = Number(process.env.N ?? 100_000);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const ROWS = 5_000;
const SECRET = 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all';
const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const { signGuardianToken } = createRequire(import.meta.url)(dist('libs/platform/identity/src/index.js'));
const token = signGuardianToken(SECRET, { sub: 'bench', ttlS: 3_600, roles: ['platform_admin'] });

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
await fillLists(owner, { resources: N, lines: 0, sagas: 0 });
const { api, origin } = await startApi();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();

await page.goto(`${origin}/console/sweeps#token=${token}`);
await page.getByRole('heading', { level: 1 }).waitFor();
const first = [];
for (let n = 0; n < ROUNDS; n += 1) {
  const began = performance.now();
  await page.goto(`${origin}/console/inventory?sort=name`, { waitUntil: 'commit' });
  await page.locator('tbody tr[data-index="0"]').waitFor();
  first.push(performance.now() - began);
}
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }); // CPU of the main thread: a busy neighbour moves it less than time
const cpuOf = async () => (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
const cpuBefore = await cpuOf();
const scrolled = await page.evaluate(scrollRows, ROWS);
const cpuS = (await cpuOf()) - cpuBefore;
report('console', {
  resources: N,
  first_rows_ms: round(first.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]),
  first_rows_worst_ms: round(Math.max(...first)),
  ...scrolled,
  cpu_ms_per_100_rows: round((cpuS * 100_000) / ROWS, 1),
});
await browser.close();
api.kill('SIGKILL');
await owner.end();
await server.stop();

/** Scrolls until a row is in the page, and measures what kept the main thread busy. Runs in the page. */
async function scrollRows(rows) {
  let longMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const task of list.getEntries()) longMs += task.duration;
  });
  observer.observe({ entryTypes: ['longtask'] });
  const table = document.querySelector('.tb');
  const began = performance.now();
  let most = 0;
  let last = 0;
  while (last < rows) {
    table.scrollTop += 300;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const shown = [...table.querySelectorAll('tr[data-index]')];
    most = Math.max(most, shown.length);
    last = Number(shown.at(-1)?.dataset.index ?? 0);
  }
  const took = performance.now() - began;
  observer.disconnect();
  return {
    scrolled_rows: last,
    scroll_s: Math.round(took / 100) / 10,
    long_tasks_percent: Math.round((longMs / took) * 1_000) / 10,
    rows_in_page: most,
  };
}

async function startApi() {
  const port = await new Promise((resolve) => {
    const taken = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = taken.address();
      taken.close(() => resolve(free));
    });
  });
  const env = { PATH: process.env.PATH, DATABASE_URL: server.appUrl, JWT_SECRET: SECRET, PORT: String(port), LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, [dist('apps/api/src/main.js')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/health/ready`).catch(() => undefined);
    if (answer?.ok) return { api: child, origin: `http://127.0.0.1:${port}` };
    if (child.exitCode !== null) throw new Error(`The api ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
