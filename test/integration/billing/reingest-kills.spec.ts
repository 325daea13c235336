import { BillingHistory, CostLineReader, InvoiceIngest, InvoiceLedger } from '#libs/provider-billing';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { UNLIMITED_CALLS } from '../../support/settings';
import { newBillingWorld, type BillingWorld } from './billing-world';

const REINGESTS = Number(process.env.REINGESTS ?? (process.env.TEST_LONG ? 50 : 4));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const LINES = 3_000;
const INVOICE = {
  invoice_uuid: '22222222-0000-4000-8000-000000000001',
  invoice_period: '2026-04',
  items: Array.from({ length: LINES }, (_, nth) => ({
    description: `web-${nth} (s-1vcpu-1gb)`,
    amount: '1.00',
    resource_id: String(570_000_000 + nth),
  })),
};

let world: BillingWorld;
beforeEach(async () => {
  world = await newBillingWorld();
});
afterEach(() => world.close());

const run = (id: string) => world.get(InvoiceIngest).run(id);

describe(`${REINGESTS} re-ingests by processes that are killed (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('arcadia-invoice-'));
  let child: ChildProcess;
  let owner: Client;
  beforeEach(async () => {
    owner = new Client({ connectionString: world.stored.ownerUrl });
    await owner.connect();
  });
  afterEach(() => owner.end());

  function startIngester(invoiceId: string): ChildProcess {
    return fork(join(__dirname, 'ingester.ts'), {
      execArgv: ['-r', join(__dirname, '../../support/run-typescript.cjs')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: world.stored.appUrl,
        DO_API_URL: world.provider.url,
        DO_API_TOKEN: world.provider.token,
        ...UNLIMITED_CALLS,
        INVOICE_ID: invoiceId,
      },
    });
  }

  /** Whether the other process has an open transaction that loads lines. */
  const loading = async () =>
    (
      await owner.query(
        `select 1 from pg_stat_activity
          where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
            and query ~ 'invoice_(stage|ids|names|projects|hits|owners)|(insert into|delete from) cloud_cost_lines'`,
      )
    ).rows.length > 0;

  const killed = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };

  it(
    'never lets a reader see a part of a line set, and ends with the rows of the document [BIL-2]',
    async () => {
      await world.simulator.change({ invoices: [INVOICE] });
      await world.get(BillingHistory).read();
      const [id = ''] = await world.get(InvoiceLedger).due(1);
      await run(id);
      const first = await world.lines(id);
      const killedPids: number[] = [];
      const seen = { reads: 0, torn: 0 };
      const sinceMs = performance.now();
      const stop = new AbortController();
      const reader = (async () => {
        while (!stop.signal.aborted) {
          const [row] = await world.database.query<{ n: number; sum: string; said: number }>(
            `select count(*)::int as n, coalesce(sum(l.amount), 0)::text as sum, max(i.lines) as said
             from cloud_invoices i left join cloud_cost_lines l on l.invoice_id = i.id where i.id = $1 group by i.id`,
            [id],
          );
          seen.reads += 1;
          if (row?.n !== LINES || row.said !== LINES || Number(row.sum) !== LINES) seen.torn += 1;
          if (seen.reads % 5 === 0) {
            const page = await world.get(CostLineReader).list({ invoice_id: id }, { limit: 200 });
            if (page.data.length !== 200 || page.data[0]?.line_no !== 1) seen.torn += 1;
          }
        }
      })();
      const failures: string[] = [];
      const totals = { ended: 0, kills: 0 };
      while (totals.ended < REINGESTS) {
        child = startIngester(id);
        const reported = new Promise<void>((resolve) => {
          const most = random.below(2);
          let mine = 0;
          child.on('message', (report: { lines?: number; error?: string }) => {
            if (report.lines !== LINES) failures.push(report.error ?? `${report.lines} lines`);
            totals.ended += 1;
            mine += 1;
            if (mine > most) resolve();
          });
        });
        await reported;
        await until(loading, { what: 'an open load' });
        killedPids.push(child.pid ?? 0);
        await killed();
        totals.kills += 1;
      }
      await run(id);
      stop.abort();
      await reader;
      const readsPerS = Math.round(seen.reads / ((performance.now() - sinceMs) / 1_000));
      console.log(`re-ingests: FUZZ_SEED=${SEED} ${JSON.stringify({ ...totals, ...seen, readsPerS })}`);
      expect(totals.kills).toBeGreaterThan(1);
      expect(seen.reads).toBeGreaterThan(100);
      expect(seen.torn).toBe(0);
      expect(failures).toEqual([]);
      expect(await world.lines(id)).toEqual(first);
      expect((await world.invoices())[0]).toMatchObject({ status: 'ingested', lines: LINES, reconciliation: { status: 'reconciled' } });
      expect(folders().filter((name) => killedPids.some((pid) => name.startsWith(`arcadia-invoice-${pid}-`)))).toEqual([]);
    },
    120_000 + REINGESTS * 20_000,
  );
});
