import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditVerify } from '../../../apps/cli/src/commands/audit-verify';
import { KvServer } from '../../support/vault-server';
import { ChainWorld } from '../../support/chain-world';

let world: ChainWorld;
let folder: string;
let printed: { out: string; err: string };
beforeEach(async () => {
  world = await ChainWorld.open();
  folder = mkdtempSync(join(tmpdir(), 'arcadia-heads-'));
  process.env.DATABASE_URL = world.stored.appUrl;
  printed = { out: '', err: '' };
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((printed.out += String(text))));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((printed.err += String(text))));
  await world.work(10);
  await world.undoneWork(2);
  await world.sealer.seal();
});
afterEach(async () => {
  jest.restoreAllMocks();
  delete process.env.DATABASE_URL;
  rmSync(folder, { recursive: true });
  await world.close();
});

const head = () => join(folder, 'head.json');

it('exits with 0 for an unchanged record, and exports a head that can be kept outside the database [INV-14]', async () => {
  expect(await auditVerify(['--export-head', head()])).toBe(0);
  expect(printed.out).toBe(readFileSync(head(), 'utf8'));
  expect(JSON.parse(printed.out)).toEqual({ no: '2', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  await world.work(3);
  await world.sealer.seal();
  expect(await auditVerify(['--head', head(), '--export-head', head()])).toBe(0);
  expect(JSON.parse(readFileSync(head(), 'utf8'))).toMatchObject({ no: '4' });
  expect(printed.err).toContain('whole: 15 rows, 4 links; 0 digests are not linked yet');
});

it('exits with 1 and names the row when a row was changed, and leaves the head file unchanged [INV-14]', async () => {
  expect(await auditVerify(['--export-head', head()])).toBe(0);
  const before = readFileSync(head(), 'utf8');
  printed.out = '';
  await world.superuser.query(`update cloud_resource_events set tenant_id = 'globex' where seq = 4`);
  expect(await auditVerify(['--head', head(), '--export-head', head()])).toBe(1);
  expect(printed.out).toBe('row_edited cloud_resource_events 4 (digest 1)\n');
  expect(readFileSync(head(), 'utf8')).toBe(before);
});

it('exits with 1 when the tail of the record was cut [INV-14]', async () => {
  await world.work(3);
  await world.sealer.seal();
  expect(await auditVerify(['--export-head', head()])).toBe(0);
  printed.out = '';
  await world.superuser.query(`delete from record_chain where no > 2; delete from record_digests where id > 2;
    delete from cloud_resource_events where seq > 10; delete from audit_log where seq > 1`);
  expect(await auditVerify([])).toBe(0);
  printed.out = '';
  expect(await auditVerify(['--head', head()])).toBe(1);
  expect(printed.out).toBe('head_missing record_chain 4\n');
});

it.each(['', 'no json', '{"no":4,"hash":"00"}', '{"no":"1","hash":"zz"}'])('refuses %j as a head', async (text) => {
  writeFileSync(head(), text);
  await expect(auditVerify(['--head', head()])).rejects.toMatchObject({ code: 'unreadable_head' });
  await expect(auditVerify(['--head', join(folder, 'nowhere')])).rejects.toMatchObject({ code: 'launch_configuration_invalid' });
});

it('creates the kept head on the first run, compares and replaces it on later runs, and leaves it unchanged after a finding [INV-14]', async () => {
  expect(await auditVerify(['--keep-head', head()])).toBe(0);
  expect(printed.err).toContain('there is no head at');
  expect(readFileSync(head(), 'utf8')).toContain('"no":"2"');
  printed.err = '';
  await world.work(3);
  await world.sealer.seal();
  expect(await auditVerify(['--keep-head', head()])).toBe(0);
  expect(printed.err).not.toContain('there is no head');
  expect(readFileSync(head(), 'utf8')).toContain('"no":"4"');
  await world.superuser.query(`delete from record_chain where no > 2; delete from record_digests where id > 2;
    delete from cloud_resource_events where seq > 10; delete from audit_log where seq > 1`);
  expect(await auditVerify(['--keep-head', head()])).toBe(1);
  expect(readFileSync(head(), 'utf8')).toContain('"no":"4"');
  await expect(auditVerify(['--keep-head', head(), '--head', head()])).rejects.toThrow('use one or the other');
});

it('finds the database in production when its address is only in Vault [INV-14]', async () => {
  const vault = await KvServer.start();
  vault.tokens.add('hvs.of-a-test');
  vault.kept.set('arcadia/common', { DATABASE_URL: world.stored.appUrl });
  const settings = { NODE_ENV: 'production', VAULT_ADDR: vault.url, VAULT_SECRETS: 'arcadia/common', VAULT_TOKEN: 'hvs.of-a-test' };
  const before = { ...process.env };
  delete process.env.DATABASE_URL;
  Object.assign(process.env, settings);
  try {
    expect(await auditVerify([])).toBe(0);
  } finally {
    process.env = before;
    await vault.stop();
  }
});
