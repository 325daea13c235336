import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Several times what the databases of a run and their log take at once. */
const ROOM_BYTES = 4 * 1024 ** 3;

/** Folders of test runs: the pid of the run is part of the name, so that a later run can tell which ones are left over. */
export const RUN_FOLDER_PREFIX = join(inMemory() ? MEMORY : tmpdir(), 'arcadia-test-');

/** Each test file has databases of its own, of 600 files each: ext4 takes half a second to make them, memory a tenth of that. */
function inMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false; // not Linux
  }
}

/** What global setup hands to the test files of every jest worker, through the environment that workers inherit. */
export interface TestRun {
  /** Unique among runs; part of the names of what is made outside our own folder. */
  readonly id: string;
  /** Superuser (or at least: may create databases), on any database of the server. */
  readonly ownerUrl: string;
  readonly appRole: string;
  readonly appPassword: string;
}

const VARIABLE = 'ARCADIA_TEST_RUN';

export function publishTestRun(run: TestRun): void {
  process.env[VARIABLE] = JSON.stringify(run);
}

export function currentTestRun(): TestRun {
  const published = process.env[VARIABLE];
  if (!published) throw new Error('There is no test run: start test files through jest, whose global setup starts PostgreSQL');
  return JSON.parse(published) as TestRun;
}

/** Begins the name of every database and role that a run makes. */
export function databasePrefix(runId: string): string {
  return `arcadia_test_${runId}_`;
}
