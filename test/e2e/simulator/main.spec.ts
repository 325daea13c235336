import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatorClient } from '../../support/simulator-client';
import { spawnSimulator } from '../../support/simulator-world';
import { clientOf } from '../../support/simulator-world';

describe('the simulator as a process', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'simulator-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('listens with the settings of its environment', async () => {
    const { child, listening, ended } = spawnSimulator({ DATA_DIR: folder, SIMULATOR_TOKEN: 'dop_v1_own', SIMULATOR_SCALE: '0.5' });
    const { body } = await clientOf(await listening, 'dop_v1_own')('GET', '/v2/droplets');
    expect(body.meta.total).toBe(30);
    child.kill('SIGTERM');
    await ended;
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 within a second of %s, even while a rule holds a request', async (signal) => {
    const { child, listening, ended } = spawnSimulator({ DATA_DIR: folder });
    const url = await listening;
    const rules = [{ id: 'hold', match: {}, effect: { type: 'hold' } }];
    await fetch(`${url}/_simulator/faults`, { method: 'PUT', body: JSON.stringify({ rules }) });
    const held = clientOf(url, 'dop_v1_simulator')('GET', '/v2/account').catch((error: Error) => error.message);
    await new SimulatorClient(url).untilHeld('hold');
    const start = performance.now();
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await held).toBe('fetch failed');
  });

  it('ends when its parent process ends', async () => {
    const { child, listening, ended } = spawnSimulator({ DATA_DIR: folder });
    await listening;
    child.disconnect();
    expect(await ended).toBe(0);
  });

  it('reports a taken port in one sentence, exits with 1 and leaves the stored state unchanged', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => occupant.once('listening', resolve));
    const { port } = occupant.address() as AddressInfo;
    const { listening, ended } = spawnSimulator({ DATA_DIR: folder, SIMULATOR_PORT: String(port) });
    expect(await ended).toBe(1);
    await expect(listening).rejects.toThrow(`Port ${port} on 127.0.0.1 is already in use: stop the other process or set SIMULATOR_PORT.\n`);
    expect(() => rmSync(join(folder, 'simulator'))).toThrow('ENOENT');
    occupant.close();
  });

  it('refuses a second simulator on its folder, and frees the folder on kill -9', async () => {
    const first = spawnSimulator({ DATA_DIR: folder });
    await first.listening;
    const second = spawnSimulator({ DATA_DIR: folder });
    expect(await second.ended).toBe(1);
    await expect(second.listening).rejects.toThrow('is in use by another simulator: stop that one, or set DATA_DIR to another folder.');
    first.child.kill('SIGKILL');
    await first.ended;
    const third = spawnSimulator({ DATA_DIR: folder });
    await third.listening;
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
  });

  it('names every wrong setting in one sentence', async () => {
    const { listening, ended } = spawnSimulator({ DATA_DIR: folder, SIMULATOR_PORT: 'many', SIMULATOR_SCALE: '-1', SIMULATOR_SEED: 'x' });
    expect(await ended).toBe(1);
    await expect(listening).rejects.toThrow(
      'SIMULATOR_PORT=many is not valid; SIMULATOR_SEED=x is not valid; SIMULATOR_SCALE=-1 is not valid.',
    );
  });

  it('refuses a token with surrounding blanks without printing it', async () => {
    const { listening, ended } = spawnSimulator({ DATA_DIR: folder, SIMULATOR_TOKEN: ' dop_v1_padded' });
    expect(await ended).toBe(1);
    const said = await listening.catch((error: Error) => error.message);
    expect(said).toContain('SIMULATOR_TOKEN has blanks before or after it.');
    expect(said).not.toContain('dop_v1_padded');
  });

  it('refuses a seed that is no whole number', async () => {
    const { listening, ended } = spawnSimulator({ DATA_DIR: folder, SIMULATOR_SEED: '1.5' });
    expect(await ended).toBe(1);
    await expect(listening).rejects.toThrow('SIMULATOR_SEED=1.5 is not valid.');
  });
});
