import type { Principal } from './principal';
import { VerifiedTokens } from './verified-tokens';

const LEEWAY_S = 5;
const principal: Principal = { sub: 'user-1', role: 'tenant', tenantId: 'acme' };
const newTokens = (exp = 1_000, nbf = 0): VerifiedTokens => {
  const tokens = new VerifiedTokens(LEEWAY_S);
  tokens.add('token', 'secret', { principal, exp, nbf });
  return tokens;
};

it('knows a token by its whole text', () => {
  expect(newTokens().find('token', 'secret', 0)).toBe(principal);
  for (const other of ['', 'toke', 'token ', 'Token']) expect(newTokens().find(other, 'secret', 0)).toBeUndefined();
});

it('TEN-1: forgets a token in the second in which it ends, leeway and all', () => {
  const tokens = newTokens(1_000);
  expect(tokens.find('token', 'secret', 1_004_999)).toBe(principal);
  expect(tokens.find('token', 'secret', 1_005_000)).toBeUndefined();
  expect(tokens.find('token', 'secret', 0)).toBeUndefined();
});

it('TEN-1: a clock that is set back does not make a token begin early', () => {
  expect(newTokens(1_000, 900).find('token', 'secret', 895_000)).toBe(principal);
  expect(newTokens(1_000, 900).find('token', 'secret', 894_999)).toBeUndefined();
});

it('TEN-1: another secret empties it, also when the first one comes back', () => {
  const tokens = newTokens();
  expect(tokens.find('token', 'rotated', 0)).toBeUndefined();
  tokens.add('other', 'rotated', { principal, exp: 1_000, nbf: 0 });
  expect(tokens.find('token', 'rotated', 0)).toBeUndefined();
  expect(tokens.find('token', 'secret', 0)).toBeUndefined();
});

it('keeps a thousand, and no long ones', () => {
  const tokens = newTokens();
  for (let n = 0; n < 1_000; n++) tokens.add(`token-${n}`, 'secret', { principal, exp: 1_000, nbf: 0 });
  expect(tokens.find('token', 'secret', 0)).toBeUndefined();
  expect(tokens.find('token-0', 'secret', 0)).toBe(principal);
  tokens.add('x'.repeat(2_049), 'secret', { principal, exp: 1_000, nbf: 0 });
  expect(tokens.find('x'.repeat(2_049), 'secret', 0)).toBeUndefined();
});
