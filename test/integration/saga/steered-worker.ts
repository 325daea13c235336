import { SagaEngine, SagaModule, SagaRegistry } from '#libs/saga';
import { Pool } from 'pg';
import { createTestWorker } from '../../support/test-worker';
import { steeredSaga } from './steered-saga';

/** A worker in a process of its own, which a test can kill. */
async function main(): Promise<void> {
  const outside = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
  const worker = await createTestWorker([SagaModule], process.env);
  worker.get(SagaRegistry, { strict: false }).register(steeredSaga(outside));
  worker.get(SagaEngine, { strict: false }).start();
}

void main();
