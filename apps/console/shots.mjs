/**
 * Pictures of every screen, in both schemes and three widths, of the system that `npm start` runs: `npm run console:shots`. They go to
 * `DATA_DIR/shots`. Options: `--only <part of a name>`, `--width <pixels>`, `--scheme light|dark`, and `--state empty|broken|slow`: lists
 * without rows, an api that answers 500, one that does not answer.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const text = { type: 'string' };
const { values: chosen } = parseArgs({ options: { only: text, width: text, scheme: text, state: text } });
const dataDir = process.env.DATA_DIR ?? '.data';
const folder = join(dataDir, 'shots');
const run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
const get = async (path, token = run.admin_token) =>
  (await fetch(`${run.api}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
/** The first record of the first of these lists that has one. */
const first = async (...paths) => {
  for (const path of paths) {
    const { data = [] } = await get(path);
    if (data.length > 0) return data[0].id;
  }
  return '00000000-0000-4000-8000-000000000000';
};
/** The same of a list as the tenant sees it. */
const own = async (path) => (await get(path, run.tenant_token)).data?.[0]?.id ?? '00000000-0000-4000-8000-000000000000';

/** What becomes of a call of the api, where a state other than the usual one is chosen. */
const STATES = {
  broken: (route) =>
    route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      json: {
        status: 500,
        code: 'internal',
        detail: 'The service could not answer. Its log has the reason under the request id.',
        request_id: 'shot-1',
      },
    }),
  slow: () => undefined,
  empty: async (route) => {
    if (route.request().url().includes('/events/stream')) return route.continue(); // it has no end
    // The page may be closed before its last calls are answered.
    const answer = await route.fetch().catch(() => null);
    return answer && route.fulfill({ response: answer, json: emptyAnswer(await answer.json().catch(() => ({}))) });
  },
};

/** An answer of the api without rows. */
function emptyAnswer({ data, ...rest }) {
  const none = Array.isArray(data) ? { data: [], page: { next_cursor: null } } : { data: emptied(data) };
  const totals = rest.totals && { totals: { ...rest.totals, count: 0, monthly: '0.00', unpriced: 0 } };
  return { ...rest, ...none, ...totals };
}

/** An object of the api with empty lists and zeros. */
function emptied(value) {
  if (Array.isArray(value)) return [];
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return /^\d+\.\d+$/.test(value) ? '0.00' : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, emptied(inner)]));
}

const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];
const ADMIN = {
  inbox: '/inbox',
  inventory: '/inventory',
  resource: `/resources/${process.env.SHOT_RESOURCE ?? (await first('/api/v1/inventory?tenant_id=acme&kind=droplet'))}`,
  order: '/order?kind=provision_droplet',
  sagas: '/sagas',
  saga: `/sagas/${await first('/api/v1/sagas')}`,
  'bulk-jobs': '/sagas/bulk',
  'bulk-job': `/sagas/bulk/${await first('/api/v1/sagas/bulk-jobs')}`,
  drift: '/drift',
  'drift-rules': '/drift-rules',
  sweeps: '/sweeps',
  sweep: `/sweeps/${await first('/api/v1/sweeps?status=suspect', '/api/v1/sweeps')}`,
  projects: '/projects',
  'ownership-rules': '/ownership-rules',
  'ownership-moves': '/ownership-moves',
  'provider-invoices': '/provider-invoices',
  'provider-invoice': `/provider-invoices/${await first('/api/v1/billing/invoices')}`,
  'cost-lines': '/cost-lines',
  pnl: '/pnl',
  'month-runs': '/month-runs',
  'rate-cards': '/rate-cards',
  'rate-card': `/rate-cards/${await first('/api/v1/rate-cards')}`,
  'rate-card-edit': `/rate-cards/${await first('/api/v1/rate-cards')}/edit`,
  'rate-overrides': '/rate-overrides',
  payments: '/payments',
  'credit-notes': '/credit-notes',
  wallets: '/wallets',
  'billing-settings': '/billing-settings',
  'new-invoice': '/invoices/new?tenant_id=acme',
  'list-prices': '/list-prices',
  invoices: '/invoices',
  invoice: `/invoices/${await first('/api/v1/tenant-invoices')}`,
  tenants: '/tenants',
  tenant: '/tenants/acme',
  provider: '/provider',
  kinds: '/kinds',
  webhooks: '/webhooks',
  webhook: `/webhooks/${await first('/api/v1/webhooks')}`,
  notifications: '/notifications',
  dns: '/dns',
  zone: `/dns/${await first('/api/v1/inventory?kind=dns_zone&tenant_id=acme')}`,
  expiring: '/expiring',
  database: `/resources/${await first('/api/v1/inventory?kind=managed_db')}`,
  cluster: `/resources/${await first('/api/v1/inventory?kind=k8s_cluster')}`,
  network: `/resources/${await first('/api/v1/inventory?kind=vpc&tenant_id=acme')}`,
  missing: '/invoices/00000000-0000-4000-8000-000000000000',
  audit: '/audit',
  events: '/events?span=week',
  costs: '/costs',
  'costs-days': '/costs?by=day',
  'costs-resources': '/costs?by=resource',
};
const TENANT = {
  overview: '/overview',
  resources: '/inventory',
  order: '/order?kind=provision_droplet',
  requests: '/sagas',
  dns: '/dns',
  zone: `/dns/${await first('/api/v1/inventory?kind=dns_zone&tenant_id=acme')}`,
  webhooks: '/webhooks',
  notifications: '/notifications',
  events: '/events?span=week',
  costs: '/costs',
  invoices: '/invoices',
  invoice: `/invoices/${await own('/api/v1/tenant-invoices')}`,
  resource: `/resources/${await own('/api/v1/inventory?kind=droplet')}`,
  request: `/sagas/${await own('/api/v1/sagas')}`,
  expiring: '/expiring',
  payments: '/payments',
  'credit-notes': '/credit-notes',
  wallets: '/wallets',
};

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
for (const [who, token, screens] of [
  ['admin', run.admin_token, ADMIN],
  ['tenant', run.tenant_token, TENANT],
]) {
  const wanted = Object.entries(screens).filter(([name]) => !chosen.only || `${who}-${name}`.includes(chosen.only));
  for (const scheme of ['light', 'dark'].filter((one) => !chosen.scheme || one === chosen.scheme)) {
    for (const size of SIZES.filter(([one]) => !chosen.width || String(one) === chosen.width))
      await takePictures(who, token, wanted, scheme, size);
  }
}
await browser.close();

/** All screens of one caller in one session, a screen after the other. */
async function takePictures(who, token, screens, scheme, [width, height]) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const signedIn = await context.newPage();
  await signedIn.goto(`${run.api}/console#token=${token}`);
  await signedIn.locator('main').waitFor();
  await signedIn.close();
  for (const [name, path] of screens) {
    const page = await context.newPage();
    if (chosen.state) await page.route('**/api/v1/**', STATES[chosen.state]);
    else page.on('console', (message) => message.type() === 'error' && console.error(`${who}-${name}: ${message.text()}`));
    page.on('pageerror', (error) => console.error(`${who}-${name}: ${error.message}`));
    await page.goto(`${run.api}/console${path}`);
    await page.locator('main').waitFor();
    // The stream of events never ends, so the page waits for its own skeletons, not for a quiet network.
    if (chosen.state !== 'slow')
      await page.waitForFunction(() => document.querySelector('[aria-busy]') === null, null, { timeout: 8_000 }).catch(() => undefined);
    await page.waitForTimeout(500);
    if (chosen.state) await page.waitForTimeout(chosen.state === 'broken' ? 4_000 : 500); // until it gives up
    await page.screenshot({ path: join(folder, `${[`${who}-${name}`, chosen.state, width, scheme].filter(Boolean).join('-')}.png`) });
    await page.close();
  }
  await context.close();
}
