import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import type { Measured } from './measured-ingester';
import { SlowProxy } from './slow-proxy';
import { StreamedInvoices } from './streamed-invoices';

const FEW = process.env.TEST_LONG ? 100_000 : 10_000;
const MANY = 10 * FEW;
/** The first ingest compiles code and fills caches, so it is not measured. */
const WARM = 5_000;
/** PostgreSQL accepts data more slowly than documents are parsed, so any unbounded read-ahead becomes visible. */
const BYTES_PER_SECOND = 12_000_000;
const MOST_GROWTH_MB = 4;

let stored: TestDatabase;
let provider: StreamedInvoices;
let line: SlowProxy;
let child: ChildProcess;
beforeEach(async () => {
  [stored, provider] = await Promise.all([createTestDatabase(), StreamedInvoices.of([WARM, FEW, MANY])]);
  const url = new URL(stored.appUrl);
  line = await SlowProxy.to(Number(url.port), BYTES_PER_SECOND);
  url.port = String(line.port);
  child = fork(join(__dirname, 'measured-ingester.ts'), {
    execArgv: ['--expose-gc', '-r', join(__dirname, '../../support/run-typescript.cjs')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url.href,
      DO_API_URL: provider.url,
      DO_API_TOKEN: 'dop_v1_streamed',
    },
  });
  await once(child, 'message');
});
afterEach(async () => {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  await Promise.all([line.end(), provider.close()]);
  await stored.drop();
});

async function ingest(lines: number): Promise<Measured> {
  child.send(lines);
  const [report] = (await once(child, 'message')) as [Measured];
  expect(report).toMatchObject({ lines });
  return report;
}

it(
  `ingests ${MANY} lines with no more memory than ${FEW} when PostgreSQL is slow [BIL-4]`,
  async () => {
    await ingest(WARM);
    const few = await ingest(FEW);
    const waitsBefore = line.waits;
    const many = await ingest(MANY);
    console.log(`memory of an ingest: ${JSON.stringify({ few, many, waits: line.waits - waitsBefore })}`);
    expect(line.waits - waitsBefore).toBeGreaterThan(MANY / 1_000);
    expect(many.samples).toBeGreaterThan(5);
    expect(many.mostMb - few.mostMb).toBeLessThan(MOST_GROWTH_MB);
  },
  process.env.TEST_LONG ? 600_000 : undefined,
);
