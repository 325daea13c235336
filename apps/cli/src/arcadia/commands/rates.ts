import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { answered, type Schemas } from '../session/client';
import { EXIT, usageError } from '../session/failure';
import { addList } from '../session/lists';
import { writeObject, writeRows } from '../session/output';
import { durationMs, type CommandBook, type Session } from '../session/session';

const VERSION = ['id', 'version', 'valid_from', 'published_at', 'published_by', 'digest', 'monthly', 'rates'];
const RUN = ['id', 'period', 'status', 'progress', 'totals', 'problems', 'failure', 'requested_by', 'requested_at', 'finished_at'];
const PNL = ['tenant_id', 'buy_direct', 'buy_shared', 'sell', 'margin'];
const POLL_MS = 1_000;
const DEFAULT_TIMEOUT = '30m';

export function addRateCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'rates', 'Rate cards: what tenants pay');
  addList(book, group, {
    usage: 'ls',
    summary: 'list rate cards',
    path: '/api/v1/rate-cards',
    filters: {},
    fields: ['id', 'name', 'currency', 'is_default', 'created_by', 'created_at'],
    examples: ['rates ls'],
  });
  addList(book, group, {
    usage: 'versions <id>',
    summary: 'list the versions of a card',
    path: '/api/v1/rate-cards/{id}/versions',
    filters: {},
    fields: ['version', 'valid_from', 'published_at', 'published_by', 'digest'],
    examples: ['rates versions CARD'],
  });
  book.add(
    group,
    {
      usage: 'show <id> [version]',
      summary: 'one version of a card with its rates, the latest by default',
      examples: ['rates show CARD', 'rates show CARD 2 -o json'],
    },
    async (session, id = '', version) => {
      const shape = session.shape(VERSION);
      const params = { path: { id }, query: { limit: 200 } };
      const { data: versions } = await answered(session.client.GET('/api/v1/rate-cards/{id}/versions', { params }));
      const latest = versions.toSorted((a, b) => b.version - a.version);
      const found = version === undefined ? latest[0] : latest.find((one) => String(one.version) === version);
      if (!found) throw usageError(version === undefined ? 'The card has no version' : `The card has no version ${version}`);
      await writeObject(session.terminal, shape, { ...found });
    },
  );
  book.add(
    group,
    {
      usage: 'draft <id> <file>',
      summary: 'add an unpublished version from a JSON file: {"valid_from", "rates", "monthly"}',
      options: { '--reason <text>': 'kept in the audit log' },
      examples: ['rates draft CARD card-2027.json --reason "prices of 2027"'],
    },
    (session, id = '', file = '') => {
      const body = { ...versionIn(file), ...session.reason } as Schemas['RateCardVersionBody'];
      return session.show(session.client.POST('/api/v1/rate-cards/{id}/versions', { params: { path: { id } }, body }), VERSION);
    },
  );
  book.add(
    group,
    {
      usage: 'publish <id> <version>',
      summary: 'publish a version: it counts from its month on, and never changes',
      options: { '--reason <text>': 'kept in the audit log' },
      examples: ['rates publish CARD 2 --reason "prices of 2027"'],
    },
    async (session, id = '', version = '') => {
      await session.confirm(`A published version never changes. Publish version ${version} of ${id}?`);
      const params = { path: { id, version: numberOf(version) } };
      const call = session.client.POST('/api/v1/rate-cards/{id}/versions/{version}/publish', { params, body: session.reason });
      await session.show(call, VERSION);
    },
  );
  book.add(
    group,
    {
      usage: 'simulate <id> <version>',
      summary: 'what each tenant would pay for a past month under a version; changes nothing',
      options: { '--period <month>': 'month, such as 2026-10; required', '--exit-code': 'exit with 3 when a total would change' },
      examples: ['rates simulate CARD 2 --period 2026-10'],
    },
    simulate,
  );
  addRunCommands(book, program);
}

async function simulate(session: Session, id = '', version = ''): Promise<number> {
  const shape = session.shape(['tenant_id', 'now', 'simulated']);
  const params = { path: { id, version: numberOf(version) } };
  const body = { period: session.needed('period') };
  const call = session.client.POST('/api/v1/rate-cards/{id}/versions/{version}/simulate', { params, body });
  const { data } = await answered(call);
  await writeRows(session.terminal, shape, (async function* () { yield data.map((total) => ({ ...total })); })()); // prettier-ignore
  return session.has('exitCode') && data.some(({ now, simulated }) => now !== simulated) ? EXIT.findings : EXIT.ok;
}

function addRunCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'run', 'Rating of months');
  addList(book, group, {
    usage: 'ls',
    summary: 'list runs, newest first',
    path: '/api/v1/billing-runs',
    filters: { period: 'month, such as 2026-10' },
    fields: ['id', 'period', 'status', 'progress.tenants', 'progress.lines', 'requested_by', 'requested_at', 'finished_at'],
    examples: ['run ls --period 2026-10'],
  });
  book.add(group, { usage: 'get <id>', summary: 'one run with its problems', examples: ['run get ID'], watch: true }, (session, id = '') =>
    session.show(session.client.GET('/api/v1/billing-runs/{id}', { params: { path: { id } } }), RUN),
  );
  book.add(
    group,
    {
      usage: 'month <period>',
      summary: 'rate a month: what each tenant pays for it',
      options: {
        '--reason <text>': 'kept in the audit log',
        '--wait': 'wait until the month is rated',
        '--timeout <duration>': `how long to wait, ${DEFAULT_TIMEOUT} by default`,
      },
      examples: ['run month 2026-10', 'run month 2026-10 --wait && arcadia invoice build --period 2026-10'],
    },
    month,
  );
  book.add(
    program,
    {
      usage: 'pnl <period>',
      summary: 'profit and loss of a month; JSON has the whole equation',
      examples: ['pnl 2026-10', 'pnl 2026-10 -o json'],
    },
    async (session, period = '') => {
      const shape = session.shape(PNL);
      const { data } = await answered(session.client.GET('/api/v1/pnl', { params: { query: { period } } }));
      if (shape.format === 'json') return writeObject(session.terminal, shape, { ...data });
      await writeRows(session.terminal, shape, (async function* () { yield (data.tenants ?? []).map((tenant) => ({ ...tenant })); })()); // prettier-ignore
      session.say(`The provider charges ${data.payable} ${data.currency}; ${data.difference} of it is in no bucket`);
    },
  );
}

async function month(session: Session, period = ''): Promise<number> {
  const shape = session.shape(RUN);
  const body = { period, ...session.reason };
  let { data: run } = await answered(session.client.POST('/api/v1/billing-runs', { body }));
  if (session.has('wait')) {
    const deadline = session.terminal.now() + durationMs(session.text('timeout') ?? DEFAULT_TIMEOUT);
    while (run.status === 'pending' || run.status === 'running') {
      if (session.terminal.now() >= deadline) {
        session.say(`arcadia: the run of ${period} is still ${run.status}; it continues (timed_out)`);
        return EXIT.timedOut;
      }
      await session.terminal.pause(POLL_MS);
      run = (await answered(session.client.GET('/api/v1/billing-runs/{id}', { params: { path: { id: run.id } } }))).data;
    }
  }
  await writeObject(session.terminal, shape, { ...run });
  return run.status === 'failed' ? EXIT.failed : EXIT.ok;
}

function numberOf(version: string): number {
  if (!/^[1-9]\d{0,6}$/.test(version)) throw usageError(`The version must be a whole number, not ${version}`);
  return Number(version);
}

function versionIn(file: string): object {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof read === 'object' && read !== null) return read;
  } catch (error) {
    throw usageError(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw usageError(`${file} must contain a JSON object`);
}
