import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** The required free memory is several times the size of the databases and the log of a run. */
const ROOM_BYTES = 4 * 1024 ** 3;

/** The prefix of the folders of test runs. The pid of the run follows it, so that a later run recognises abandoned folders. */
export const RUN_FOLDER_PREFIX = join(inMemory() ? MEMORY : tmpdir(), 'arcadia-test-');

/** Each test file has its own databases of 600 files each. Creating them takes half a second on ext4 and a tenth of that in memory. */
function inMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false; // The system is not Linux.
  }
}

/** The settings that global setup passes to the test files of every jest worker, through inherited environment variables. */
export interface TestRun {
  /** An id that is unique among runs. It is part of all names that are created outside our own folder. */
  readonly id: string;
  /** The connection string of a superuser, or of a role that may create databases, for any database of the server. */
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
  if (!published) throw new Error('There is no test run: start test files through jest, because its global setup starts PostgreSQL');
  return JSON.parse(published) as TestRun;
}

/** The prefix of every database and role that a run creates. */
export function databasePrefix(runId: string): string {
  return `arcadia_test_${runId}_`;
}
