import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join, resolve } from 'node:path';
import { KINDS } from '#libs/inventory';
import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { NOT_IN_THE_DEMO } from '../../support/listed-products';

const FOLDER = resolve(__dirname, '../../official-client');
const isInstalled = existsSync(join(FOLDER, 'node_modules/@digitalocean/dots/package.json'));
const HOW = 'The official client is not installed: npm ci --prefix test/official-client';

if (!isInstalled) {
  console.warn(HOW);
  it(`SKIPPED: ${HOW}`, () => {
    expect(process.env.REQUIRE_OFFICIAL_CLIENT === '1' ? HOW : 'not required').toBe('not required');
  });
}

interface List {
  readonly name: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

(isInstalled ? describe : describe.skip)('the official client of DigitalOcean against the simulator', () => {
  let simulator: RunningSimulator;

  beforeAll(async () => {
    simulator = await startSimulator();
    const body = JSON.stringify({ ...NOT_IN_THE_DEMO, limits: { per_minute: 100_000, per_hour: 100_000 } });
    const answer = await fetch(`${simulator.url}/_simulator/account`, { method: 'PUT', body });
    if (!answer.ok) throw new Error(await answer.text());
  });
  afterAll(() => simulator.close());

  /** The objects of a list, page by page, without any client. */
  async function objectsOf({ path, query }: List): Promise<Record<string, unknown>[]> {
    const objects: Record<string, unknown>[] = [];
    for (let page = 1; ; page++) {
      const parameters = new URLSearchParams({ ...query, page: String(page), per_page: '200' });
      const answer = await fetch(`${simulator.url}${path}?${parameters.toString()}`, {
        headers: { authorization: `Bearer ${simulator.token}` },
      });
      const body = (await answer.json()) as Record<string, unknown>;
      const found = (Object.values(body).find((value) => Array.isArray(value)) ?? []) as Record<string, unknown>[];
      objects.push(...found);
      if (found.length < 200) return objects;
    }
  }

  /** Every list of every kind; a list under a parent is that of one object with parts. */
  async function allLists(): Promise<List[]> {
    const lists: List[] = [];
    for (const { kind, lists: own, under } of KINDS) {
      for (const [nth, { path, query }] of own.entries()) lists.push({ name: `${kind} ${nth}`, path, query });
      const parent = KINDS.find((other) => other.kind === under?.kind)?.lists[0];
      if (under === undefined || parent === undefined) continue;
      for (const { id, name } of await objectsOf({ name: '', path: parent.path }))
        lists.push({ name: `${kind} of ${String(id ?? name)}`, path: under.path(encodeURIComponent(String(id ?? name))) });
    }
    return lists;
  }

  it('lists as many objects of every kind as the simulator has', async () => {
    const lists = await allLists();
    const own: Record<string, number> = {};
    for (const list of lists) own[list.name] = (await objectsOf(list)).length;
    const client = spawn(process.execPath, [join(FOLDER, 'list.mjs'), simulator.url, simulator.token], { stdio: 'pipe' });
    client.stdin.end(JSON.stringify(lists));
    const [printed, problems] = await Promise.all([text(client.stdout), text(client.stderr)]);
    expect(problems).toBe('');
    expect(JSON.parse(printed)).toEqual(own);
    const withObjects = KINDS.filter(({ kind }) => Object.entries(own).some(([name, count]) => name.startsWith(`${kind} `) && count > 0));
    expect(withObjects.map(({ kind }) => kind)).toEqual(KINDS.map(({ kind }) => kind));
  });
});
