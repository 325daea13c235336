import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFile } from './environment-file';

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'arcadia-env-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('is .env where there is one', () => {
  expect(environmentFile({}, folder)).toBeUndefined();
  writeFileSync(join(folder, '.env'), '');
  expect(environmentFile({}, folder)).toBe(join(folder, '.env'));
});

it('is none when ARCADIA_ENV_FILE is empty, whatever lies there', () => {
  writeFileSync(join(folder, '.env'), 'DO_API_TOKEN=dop_v1_real');
  expect(environmentFile({ ARCADIA_ENV_FILE: '' }, folder)).toBeUndefined();
});

it('is the one that ARCADIA_ENV_FILE names, which must exist', () => {
  expect(() => environmentFile({ ARCADIA_ENV_FILE: 'other.env' }, folder)).toThrow(join(folder, 'other.env'));
  writeFileSync(join(folder, 'other.env'), '');
  expect(environmentFile({ ARCADIA_ENV_FILE: 'other.env' }, folder)).toBe(join(folder, 'other.env'));
});
