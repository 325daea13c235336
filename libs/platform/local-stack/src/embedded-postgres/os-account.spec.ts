import { execFileSync } from 'node:child_process';
import { accountNamed } from './os-account';

const { PATH } = process.env;

afterEach(() => (process.env.PATH = PATH));

it('finds an account of this machine without the program id', () => {
  const uid = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
  const gid = Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' }));
  process.env.PATH = '';
  expect(accountNamed('nobody')).toEqual({ uid, gid });
});

it.each(['root', 'nobody-by-this-name', ''])('returns no account for %j', (name) => {
  expect(accountNamed(name)).toBeUndefined();
});
