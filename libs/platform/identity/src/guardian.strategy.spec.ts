import { createHmac } from 'node:crypto';
import type { Request } from 'express';
import type { Config } from '#libs/config';
import { signGuardianToken } from './guardian-token';
import { bearerToken, GuardianStrategy } from './guardian.strategy';
import { NoScopeError } from './identity.errors';

const FIRST = 'first-secret';
const SECOND = 'second-secret';

/** A request with these Authorization headers, of which Node keeps the first. */
function requestWith(values: readonly string[]): Request {
  const [authorization] = values;
  const headers = { host: 'arcadia', ...(authorization !== undefined && { authorization }) };
  return { headers, rawHeaders: ['Host', 'arcadia', ...values.flatMap((value) => ['Authorization', value])] } as unknown as Request;
}

/** The result of passport for a request with this Authorization header. */
function outcome(strategy: GuardianStrategy, authorization?: string): Promise<unknown> {
  return new Promise((resolve) => {
    const attempt = Object.assign(Object.create(strategy) as GuardianStrategy, {
      success: (principal: unknown) => resolve(principal),
      fail: () => resolve('refused'),
      error: (error: unknown) => resolve(error),
    });
    attempt.authenticate(requestWith(authorization === undefined ? [] : [authorization]));
  });
}

const strategyWith = (jwtSecret: () => string, checks: object = {}) =>
  new GuardianStrategy({ identity: { jwtSecret, leewayS: 5, ...checks } } as unknown as Config);
const bearer = (secret: string, claims: object = {}) =>
  `Bearer ${signGuardianToken(secret, { sub: 'user-1', tenantId: 'acme', ...claims })}`;

function signedPayload(payload: string): string {
  const text = [`{"alg":"HS512","typ":"JWT"}`, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `Bearer ${text}.${createHmac('sha512', FIRST).update(text).digest('base64url')}`;
}

it('turns the bearer token into a principal', async () => {
  expect(
    await outcome(
      strategyWith(() => FIRST),
      bearer(FIRST),
    ),
  ).toEqual({ sub: 'user-1', role: 'tenant', tenantId: 'acme' });
});

it.each([
  ['no header', undefined],
  ['another scheme', 'Basic dXNlcjpwYXNz'],
  ['garbage', 'Bearer garbage'],
  ['another secret', bearer(SECOND)],
  ['a token beyond 8 KiB', bearer(FIRST, { roles: ['x'.repeat(9_000)] })],
  ['null as payload', signedPayload('null')],
  ['broken JSON as payload', signedPayload('{')],
])('refuses %s without an error [TEN-1]', async (_what, authorization) => {
  expect(
    await outcome(
      strategyWith(() => FIRST),
      authorization,
    ),
  ).toBe('refused');
});

it('checks issuer and audience where they are configured [TEN-1]', async () => {
  const strategy = strategyWith(() => FIRST, { issuer: 'arcadia', audience: 'cloud' });
  expect(await outcome(strategy, bearer(FIRST, { issuer: 'arcadia' }))).toBe('refused');
  expect(await outcome(strategy, bearer(FIRST, { issuer: 'arcadia', audience: 'cloud' }))).toMatchObject({ role: 'tenant' });
});

it('distinguishes a genuine token without scope from a wrong one [TEN-2]', async () => {
  expect(
    await outcome(
      strategyWith(() => FIRST),
      bearer(FIRST, { tenantId: undefined }),
    ),
  ).toBeInstanceOf(NoScopeError);
});

it('uses a rotated secret from the next token on', async () => {
  let secret = FIRST;
  const strategy = strategyWith(() => secret);
  expect(await outcome(strategy, bearer(FIRST))).toMatchObject({ role: 'tenant' });
  secret = SECOND;
  expect(await outcome(strategy, bearer(FIRST))).toBe('refused');
  expect(await outcome(strategy, bearer(SECOND))).toMatchObject({ role: 'tenant' });
});

it('remembers a token that passed until the secret changes, and no other token [TEN-1]', async () => {
  let secret = FIRST;
  const strategy = strategyWith(() => secret);
  const [authorization, refused] = [bearer(FIRST), bearer(SECOND)];
  const known = (header: string) => strategy.knownPrincipal(requestWith([header]));
  expect(known(authorization)).toBeUndefined();
  for (const header of [authorization, refused]) await outcome(strategy, header);
  expect(known(authorization)).toEqual({ sub: 'user-1', role: 'tenant', tenantId: 'acme' });
  expect(known(refused)).toBeUndefined();
  secret = SECOND;
  expect(known(authorization)).toBeUndefined();
});

describe('E5: only one Authorization header of exactly the documented form counts', () => {
  const token = bearer(FIRST);
  const bare = token.slice('Bearer '.length);

  it.each([
    ['two headers, the first of them valid', [token, bearer(SECOND)]],
    ['the same header twice', [token, token]],
    ['text after the token', [`${token} x`]],
    ['a second scheme after the token', [`${token}, Basic dXNlcjpwYXNz`]],
    ['a semicolon after the token', [`${token};`]],
    ['a blank after the token', [`${token} `]],
    ['a tab before the token', [`Bearer\t${bare}`]],
    ['the token without its scheme', [bare]],
    ['a fourth part', [`${token}.x`]],
  ])('refuses %s [TEN-1]', (_what, values) => {
    expect(bearerToken(requestWith(values))).toBeNull();
  });

  it('takes the scheme in any letter case, and other headers more than once [TEN-1]', () => {
    const request = requestWith([`bearer ${bare}`]);
    request.rawHeaders.push('x-forwarded-for', '10.0.0.1', 'X-Forwarded-For', '10.0.0.2');
    expect(bearerToken(request)).toBe(bare);
  });
});
