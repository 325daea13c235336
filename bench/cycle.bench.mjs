// Calls of one cycle over all kinds of a mixed account of about 2,000 resources, with the provider's real limits, against what is promised
// (KND-3): a page per 200 objects of each list, of each parent's list and of each project's members. SCALE=22 (60 droplets each).
import { openInventory, report, round, simulatorControl, startDatabase } from './stage.mjs';

const { startSimulator } = await import('../dist/apps/simulator/src/index.js');
const { KINDS, SWEEPS } = await import('../dist/libs/features/inventory/src/index.js');

const simulator = await startSimulator({ scale: Number(process.env.SCALE ?? 12), seed: 1 });
const control = simulatorControl(simulator.url);
const server = await startDatabase();
// The provider's limits make sweeps wait, and the simulator shares this process: a lease must not end meanwhile. Two cycles are far from the
// limit of an hour, over which lists under parents would be spread.
const env = {
  DATABASE_URL: server.appUrl,
  DO_API_URL: simulator.url,
  DO_API_TOKEN: simulator.token,
  DO_RATE_PER_MINUTE: '250',
  DO_ROUTE_RATE_PERCENT: '100',
  SWEEP_LEASE_MS: '600000',
};
const inventory = await openInventory(env);

const cycles = [];
for (const what of ['first', 'unchanged']) {
  const { requests: before } = await control('GET', 'ledger');
  const from = performance.now();
  for (const { kind } of SWEEPS) {
    const ended = await inventory.sweeps.run(kind, { trigger: 'manual' });
    if (ended.status !== 'complete') throw new Error(`the sweep of ${kind} ended ${ended.status}: ${ended.reason}`);
  }
  const seconds = round((performance.now() - from) / 1000, 2);
  const { requests } = await control('GET', `ledger?since=${before.at(-1)?.seq ?? 0}`);
  const refused = requests.filter(({ status }) => status === 429).map(({ path }) => path);
  cycles.push({ what, s: seconds, calls: requests.length, refused_429: refused.length, refused_paths: [...new Set(refused)] });
}

const [{ resources }] = await inventory.database.query('select count(*)::int as resources from cloud_resources');
const promised = await promisedCalls();
await inventory.close();
await server.stop();
await simulator.close();
report('cycle', {
  resources,
  kinds: KINDS.length,
  promised_calls: promised,
  cycles: cycles.map((cycle) => ({ ...cycle, over_promised: round(cycle.calls / promised - 1, 3) })),
});

/** The promise, from the declarations of the kinds and the numbers of objects that the provider gives for each list. */
async function promisedCalls() {
  await control('PUT', 'account', { limits: { per_minute: 1_000_000, per_hour: 1_000_000 } }); // these calls are not those of the product
  const { projects, members } = await control('GET', 'account');
  const pages = (count) => Math.max(1, Math.ceil(count / 200));
  let calls = pages(projects.length);
  for (const { id } of projects) calls += pages(members.filter(({ project_id: project }) => project === id).length);
  for (const { lists, under } of KINDS) {
    for (const { path, query, unpaged } of lists) calls += unpaged ? 1 : pages((await objectsOf(path, query)).length);
    if (!under) continue;
    const { idField = 'id', lists: ofParents } = KINDS.find(({ kind }) => kind === under.kind);
    for (const parent of await objectsOf(ofParents[0].path)) calls += pages((await objectsOf(under.path(parent[idField]))).length);
  }
  return calls;
}

/** All objects of a list. */
async function objectsOf(path, query = {}) {
  const objects = [];
  for (let page = 1; ; page += 1) {
    const url = `${simulator.url}${path}?${new URLSearchParams({ ...query, page: String(page), per_page: '200' })}`;
    const body = await (await fetch(url, { headers: { authorization: `Bearer ${simulator.token}` } })).json();
    objects.push(...(Object.values(body).find(Array.isArray) ?? []));
    if (objects.length >= (body.meta?.total ?? 0)) return objects;
  }
}
