/**
 * Pictures of every screen, in both schemes and three widths, of the system that `npm start` runs: `npm run console:shots`. They go to
 * `DATA_DIR/shots`. Options: `--only <part of a name>`, `--width <pixels>`, `--scheme light|dark`.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: chosen } = parseArgs({ options: { only: { type: 'string' }, width: { type: 'string' }, scheme: { type: 'string' } } });
const dataDir = process.env.DATA_DIR ?? '.data';
const folder = join(dataDir, 'shots');
const run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
const get = async (path) => (await fetch(`${run.api}${path}`, { headers: { authorization: `Bearer ${run.admin_token}` } })).json();
const first = async (path) => (await get(path)).data?.[0]?.id ?? 'none';

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
  drift: '/drift',
  sweeps: '/sweeps',
  sweep: `/sweeps/${await first('/api/v1/sweeps?status=suspect')}`,
  projects: '/projects',
  tenants: '/tenants',
  tenant: '/tenants/acme',
  provider: '/provider',
  audit: '/audit',
  events: '/events?span=week',
  costs: '/costs',
};
const TENANT = {
  overview: '/overview',
  resources: '/inventory',
  order: '/order?kind=provision_droplet',
  requests: '/sagas',
  events: '/events?span=week',
  costs: '/costs',
};

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
for (const [who, token, screens] of [
  ['admin', run.admin_token, ADMIN],
  ['tenant', run.tenant_token, TENANT],
]) {
  for (const [name, path] of Object.entries(screens)) await takePictures(`${who}-${name}`, path, token);
}
await browser.close();

async function takePictures(name, path, token) {
  if (chosen.only && !name.includes(chosen.only)) return;
  for (const scheme of ['light', 'dark'].filter((one) => !chosen.scheme || one === chosen.scheme)) {
    for (const [width, height] of SIZES.filter(([one]) => !chosen.width || String(one) === chosen.width)) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
      const page = await context.newPage();
      page.on('console', (message) => message.type() === 'error' && console.error(`${name}: ${message.text()}`));
      page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
      await page.goto(`${run.api}/console${path}#token=${token}`);
      await page.locator('h1').first().waitFor();
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`) });
      await context.close();
    }
  }
}
