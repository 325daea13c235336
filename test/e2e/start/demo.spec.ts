import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Launched, REPOSITORY, runNote } from './launcher';
import { until } from '../../support/until';

jest.setTimeout(420_000);

const PAGE = join(REPOSITORY, 'docs/demo.md');
const TRANSCRIPT = /```text\n([\s\S]*?)```/;

let folder: string;
let start: Launched;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcadia-demo-'));
  chmodSync(folder, 0o755);
});
afterAll(async () => {
  start.child.kill('SIGTERM');
  await start.ended;
  rmSync(folder, { recursive: true, force: true });
});

/** Commands, claims and headings without what differs from run to run. */
function shapeOf(transcript: string): string[] {
  return transcript
    .split('\n')
    .filter((line) => /^(\$ |✓ |[A-Z][^.:]*$)/.test(line) && !/^[A-Z_. ]+$/.test(line))
    .map((line) =>
      line
        .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
        .replaceAll(/shop-\w+/g, 'shop-NAME')
        .replaceAll(/\/\S*(invoice\.pdf)/g, '$1')
        .replaceAll(/\d+/g, 'N'),
    );
}

it('plays the guided demo to its end without a person, each claim checked at the provider, as its transcript shows', async () => {
  const dataDir = join(folder, 'data');
  start = Launched.run(['up'], { DATA_DIR: dataDir, DEMO_MONTHS: '1', ...(await freePorts()) });
  const { api, admin_token: token } = await start.summary();
  const drafts = async () => {
    const answer = await fetch(`${api}/api/v1/tenant-invoices?status=draft&limit=1`, { headers: { authorization: `Bearer ${token}` } });
    return ((await answer.json()) as { data: unknown[] }).data.length > 0;
  };
  await until(drafts, { what: 'drafts of the demo account', withinMs: 180_000 });
  const workers = [runNote(dataDir).pids.worker];

  const demo = spawn(process.execPath, [join(REPOSITORY, 'dist/arcadia/arcadia.js'), 'demo', '--yes'], {
    env: { PATH: process.env.PATH, HOME: folder, DATA_DIR: dataDir },
  });
  let printed = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [exitCode] = (await once(demo, 'close')) as [number | null];
  expect({ exitCode, printed }).toEqual({ exitCode: 0, printed: expect.stringContaining('the invoice is verified') as string });
  expect(printed).not.toContain('No row has the field');
  workers.push(runNote(dataDir).pids.worker);
  expect(workers[1]).not.toBe(workers[0]); // the kill -9 reached a worker

  const page = readFileSync(PAGE, 'utf8');
  if (process.env.UPDATE_GOLDEN)
    writeFileSync(
      PAGE,
      page.replace(TRANSCRIPT, () => `\`\`\`text\n${printed.trim()}\n\`\`\``),
    );
  expect(shapeOf(printed)).toEqual(shapeOf(TRANSCRIPT.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? ''));
});
