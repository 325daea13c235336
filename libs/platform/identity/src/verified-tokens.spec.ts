import type { Principal } from './principal';
import { VerifiedTokens } from './verified-tokens';

const LEEWAY_S = 5;
const principal: Principal = { sub: 'user-1', role: 'tenant', tenantId: 'acme' };
const newTokens = (exp = 1_000, nbf = 0): VerifiedTokens => {
  const tokens = new VerifiedTokens(LEEWAY_S);
  tokens.addToken('token', 'secret', { principal, exp, nbf });
  return tokens;
};

it('finds a token by its whole text', () => {
  expect(newTokens().findPrincipal('token', 'secret', 0)).toBe(principal);
  for (const other of ['', 'toke', 'token ', 'Token']) expect(newTokens().findPrincipal(other, 'secret', 0)).toBeUndefined();
});

it('drops a token in the second in which it ends, leeway included [TEN-1]', () => {
  const tokens = newTokens(1_000);
  expect(tokens.findPrincipal('token', 'secret', 1_004_999)).toBe(principal);
  expect(tokens.findPrincipal('token', 'secret', 1_005_000)).toBeUndefined();
  expect(tokens.findPrincipal('token', 'secret', 0)).toBeUndefined();
});

it('does not accept a token early when the clock is set back [TEN-1]', () => {
  expect(newTokens(1_000, 900).findPrincipal('token', 'secret', 895_000)).toBe(principal);
  expect(newTokens(1_000, 900).findPrincipal('token', 'secret', 894_999)).toBeUndefined();
});

it('drops every token when the secret changes, also when the first secret returns [TEN-1]', () => {
  const tokens = newTokens();
  expect(tokens.findPrincipal('token', 'rotated', 0)).toBeUndefined();
  tokens.addToken('other', 'rotated', { principal, exp: 1_000, nbf: 0 });
  expect(tokens.findPrincipal('token', 'rotated', 0)).toBeUndefined();
  expect(tokens.findPrincipal('token', 'secret', 0)).toBeUndefined();
});

it('keeps a thousand tokens and no long ones', () => {
  const tokens = newTokens();
  for (let n = 0; n < 1_000; n++) tokens.addToken(`token-${n}`, 'secret', { principal, exp: 1_000, nbf: 0 });
  expect(tokens.findPrincipal('token', 'secret', 0)).toBeUndefined();
  expect(tokens.findPrincipal('token-0', 'secret', 0)).toBe(principal);
  tokens.addToken('x'.repeat(2_049), 'secret', { principal, exp: 1_000, nbf: 0 });
  expect(tokens.findPrincipal('x'.repeat(2_049), 'secret', 0)).toBeUndefined();
});
