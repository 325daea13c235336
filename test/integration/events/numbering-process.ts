import { ChainSealer } from '#libs/audit';
import { EventSequencer } from '#libs/events';
import { InventoryModule } from '#libs/inventory';
import { createTestWorker } from '../../support/test-worker';

/** A process that links and numbers without a pause, as the task of a worker does, until it is killed. */
async function main(): Promise<void> {
  const context = await createTestWorker([InventoryModule], process.env);
  const sealer = context.get(ChainSealer, { strict: false });
  const sequencer = context.get(EventSequencer, { strict: false });
  process.stdout.write('ready\n');
  for (;;) {
    await sealer.seal();
    await sequencer.number();
    await new Promise((resolve) => setTimeout(resolve, 5)); // the pause of the task
  }
}

void main();
