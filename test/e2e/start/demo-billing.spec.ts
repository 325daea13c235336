import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from '../../support/needed-program';
import { until } from '../../support/until';
import { freePorts, Launched, runNote, type Ports } from './launcher';

jest.setTimeout(480_000);

const MONTHS = 3;
const DONE = /demo billing is ready after \d+ s: 3 months, (\d+) issued invoices, (\d+) drafts/;

const hasPdftotext = hasProgram({
  command: ['pdftotext', '-v'],
  neededFor: 'the totals of printed documents, read by a program that is not ours',
  install: 'apt-get install poppler-utils',
  requiredBy: 'REQUIRE_PDFTOTEXT',
});

interface Listed {
  readonly data: readonly Readonly<Record<string, string | boolean | null>>[];
}

let dataDir: string;
let ports: Ports;
let start: Launched;

const up = () => Launched.run(['up'], { DATA_DIR: dataDir, ...ports, DEMO_MONTHS: String(MONTHS), DO_RATE_PER_MINUTE: '5000' });

async function read(path: string): Promise<unknown> {
  const { api, admin_token: token } = runNote(dataDir);
  const answer = await fetch(`${api}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.json();
}
const list = async (path: string) => ((await read(path)) as Listed).data;

beforeAll(async () => {
  dataDir = join(mkdtempSync(join(tmpdir(), 'arcadia-demo-')), 'data');
  ports = await freePorts();
});
afterAll(async () => {
  start.child.kill('SIGTERM');
  await start.ended;
  rmSync(join(dataDir, '..'), { recursive: true, force: true });
});

it('writes the invoices of the demo after the summary, goes on after a kill, and does nothing twice', async () => {
  start = up();
  await start.summary();
  await until(async () => (await list('tenant-invoices?status=issued&limit=5')).length > 0, {
    what: 'an issued invoice',
    withinMs: 200_000,
  });
  start.child.kill('SIGKILL');
  await start.ended;
  start = up();
  await start.summary();
  await until(() => DONE.test(start.stderr), { what: 'the end of the demo billing', withinMs: 200_000 });
  const [, issuedCount, draftCount] = DONE.exec(start.stderr) ?? [];

  const invoices = await list('tenant-invoices?limit=200&sort=period');
  const periods = [...new Set(invoices.map(({ period }) => String(period)))].sort();
  expect(periods).toHaveLength(MONTHS);
  const [last, eventful] = [periods.at(-1), periods.at(-2)];
  expect(new Set(invoices.map(({ tenant_id, period }) => `${tenant_id} ${period}`)).size).toBe(invoices.length);
  const issued = invoices.filter(({ status }) => status === 'issued');
  expect([issued.length, invoices.filter(({ status }) => status === 'draft').length].map(String)).toEqual([issuedCount, draftCount]);
  expect(invoices.filter(({ period, status }) => period === last && status !== 'draft')).toEqual([]);
  const numbers = issued.map(({ number, issued_on }) => ({ number: String(number), issued_on: String(issued_on) }));
  numbers.sort((one, other) => (one.number < other.number ? -1 : 1));
  expect(numbers.map(({ number }) => number)).toEqual(issued.map((_one, at) => `INV-${String(at + 1).padStart(5, '0')}`));
  expect(numbers.map(({ issued_on }) => issued_on)).toEqual(numbers.map(({ issued_on }) => issued_on).sort());

  const unpaid = issued.filter(({ payment_status }) => payment_status !== 'paid');
  unpaid.sort((one, other) => (String(one.tenant_id) < String(other.tenant_id) ? -1 : 1));
  expect(unpaid.map(({ tenant_id, period, payment_status, overdue }) => [tenant_id, period, payment_status, overdue])).toEqual([
    ['juniper', eventful, 'partly_paid', false],
    ['lumen', eventful, 'unpaid', true],
  ]);
  expect(await list('credit-notes')).toMatchObject([{ tenant_id: 'bluebird' }]);
  const payments = await list('payments?limit=200');
  expect(payments).toHaveLength(issued.length - 1);
  for (const period of periods)
    expect(await read(`pnl?period=${period}`)).toMatchObject({ data: { difference: '0.00', unreconciled_invoices: [] } });
  const moved = issued.filter(({ period, tenant_id }) => period === eventful && ['harbour', 'ironbark'].includes(String(tenant_id)));
  for (const { id, tenant_id } of moved) {
    const lines = await list(`tenant-invoices/${id}/lines?limit=200`);
    const isNamed = lines.some(({ resource_name }) => resource_name === 'harbour-app-01');
    // Its earlier owner pays for its days, and reads no name that its present owner may have given. [TBL-7]
    expect({ tenant_id, isNamed }).toEqual({ tenant_id, isNamed: tenant_id === 'ironbark' });
  }
  expect(moved).toHaveLength(2);
  const requests = await list('notification-requests');
  expect(new Set(requests.map(({ tenant_id }) => tenant_id))).toEqual(new Set(requests.length > 0 ? ['lumen'] : []));
});

/** The PDF of a document as text, with its columns side by side; waits until a worker has printed it. */
async function textOf(path: string): Promise<string> {
  const { api, admin_token: token } = runNote(dataDir);
  const pdf = await until(
    async () => {
      const answer = await fetch(`${api}/api/v1/${path}/document.pdf`, { headers: { authorization: `Bearer ${token}` } });
      return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : undefined;
    },
    { what: `the printed document of ${path}`, withinMs: 120_000 },
  );
  const { stdout, status } = spawnSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8' });
  expect({ path, status }).toEqual({ path, status: 0 });
  return stdout;
}

/** The amount at the end of the one line that begins with this label. */
function amountOf(label: string, text: string): string | undefined {
  const [line, ...others] = text.split('\n').filter((one) => one.trimStart().startsWith(label));
  expect({ label, others }).toEqual({ label, others: [] });
  return /([−-]?[\d,]+\.\d\d)\s*$/
    .exec(line ?? '')?.[1]
    ?.replaceAll(',', '')
    .replace('−', '-');
}

const describeWithPdftotext = hasPdftotext ? describe : describe.skip;

describeWithPdftotext('pdftotext', () => {
  it('reads the totals that the API answers from every printed document [TBL-8]', async () => {
    const documents = [
      ...(await list('tenant-invoices?status=issued&limit=200')).map((one) => ({ ...one, path: 'tenant-invoices', words: 'Total (' })),
      ...(await list('credit-notes')).map((one) => ({ ...one, path: 'credit-notes', words: 'Total credited (' })),
    ] as (Listed['data'][number] & { readonly path: string; readonly words: string })[];
    expect(documents.length).toBeGreaterThan(MONTHS);
    for (const { id, path, words, number, net, total } of documents) {
      const text = await textOf(`${path}/${id}`);
      const printed = { number, net: amountOf('Net  ', text), total: amountOf(words, text) };
      expect(text).toContain(String(number));
      expect(printed).toEqual({ number, net, total });
    }
  });
});
