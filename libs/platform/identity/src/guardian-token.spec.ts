import { createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { sign } from 'jsonwebtoken';
import { guardianKey, signGuardianToken, verifyGuardianToken } from './guardian-token';
import { NoScopeError, UnauthenticatedError } from './identity.errors';

const SECRET = 'a-shared-secret-of-the-main-application-that-is-long-enough-ünïcode';
const CHECKS = { leewayS: 5 };
const NOW_S = Math.floor(Date.now() / 1000);
const ADMIN = { sub: 'user-1', typ: 'access', iat: NOW_S, nbf: NOW_S, exp: NOW_S + 600, roles: ['platform_admin'] };
const { roles: _roles, ...NOBODY } = ADMIN;
const TENANT = { ...NOBODY, tenant_id: 'acme' };

const base64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token made by hand, so that neither header nor payload is refused by a library. */
function handmade(header: unknown, payload: unknown, { hash = 'sha512', secret = SECRET } = {}): string {
  const text = `${base64(header)}.${base64(payload)}`;
  return `${text}.${createHmac(hash, Buffer.from(secret, 'utf8')).update(text).digest('base64url')}`;
}
const signed = (payload: unknown, header: object = {}) => handmade({ alg: 'HS512', typ: 'JWT', ...header }, payload);
const verified = (token: string, checks: object = {}) => verifyGuardianToken(token, SECRET, { ...CHECKS, ...checks });

describe('only genuine access tokens pass [TEN-1]', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [head = '', , tail = ''] = signed(TENANT).split('.');

  it.each([
    ['an empty text', ''],
    ['garbage', 'garbage'],
    ['two dots and nothing else', '..'],
    ['four parts', `${signed(ADMIN)}.x`],
    ['alg none with an empty signature', `${base64({ alg: 'none' })}.${base64(ADMIN)}.`],
    ['alg NONE with our signature', handmade({ alg: 'NONE', typ: 'JWT' }, ADMIN)],
    ['no alg', handmade({ typ: 'JWT' }, ADMIN)],
    ['alg as a list', handmade({ alg: ['HS512'] }, ADMIN)],
    ['alg in lower case', handmade({ alg: 'hs512' }, ADMIN)],
    ['HS256', handmade({ alg: 'HS256', typ: 'JWT' }, ADMIN, { hash: 'sha256' })],
    ['HS384', handmade({ alg: 'HS384', typ: 'JWT' }, ADMIN, { hash: 'sha384' })],
    ['a HS256 signature under an HS512 header', handmade({ alg: 'HS512', typ: 'JWT' }, ADMIN, { hash: 'sha256' })],
    ['RS256 by a key of its own', sign(ADMIN, privateKey, { algorithm: 'RS256' })],
    ['RS512 by a key of its own', sign(ADMIN, privateKey, { algorithm: 'RS512' })],
    ['another secret', handmade({ alg: 'HS512', typ: 'JWT' }, ADMIN, { secret: `${SECRET}!` })],
    ['an empty secret', handmade({ alg: 'HS512', typ: 'JWT' }, ADMIN, { secret: '' })],
    ['the key it brings along (jwk)', handmade({ alg: 'HS512', jwk: { kty: 'oct', k: base64('mine') } }, ADMIN, { secret: 'mine' })],
    ['a tampered payload', `${head}.${base64(ADMIN)}.${tail}`],
    ['a cut signature', signed(ADMIN).slice(0, -4)],
    ['an expired one', signed({ ...ADMIN, exp: NOW_S - 60 })],
    ['no exp', signed({ ...ADMIN, exp: undefined })],
    ['exp null', signed({ ...ADMIN, exp: null })],
    ['exp as text', signed({ ...ADMIN, exp: String(NOW_S + 600) })],
    ['exp as a list', signed({ ...ADMIN, exp: [NOW_S + 600] })],
    ['an endless exp', signed(JSON.stringify(ADMIN).replace(/"exp":\d+/, '"exp":1e999'))],
    ['E5: an exp that no calendar has', signed(JSON.stringify(ADMIN).replace(/"exp":\d+/, '"exp":1e20'))],
    ['E5: an exp in the year 10000', signed({ ...ADMIN, exp: 253_402_300_800 })],
    ['E5: an nbf before 1970', signed({ ...ADMIN, nbf: -1 })],
    ['nbf in the future', signed({ ...ADMIN, nbf: NOW_S + 3_600 })],
    ['nbf as text', signed({ ...ADMIN, nbf: String(NOW_S) })],
    ['a refresh token', signed({ ...ADMIN, typ: 'refresh' })],
    ['no typ', signed({ ...ADMIN, typ: undefined })],
    ['typ in other letters', signed({ ...ADMIN, typ: 'Access' })],
    ['typ as a list', signed({ ...ADMIN, typ: ['access'] })],
    ['the finance audience', signed({ ...ADMIN, aud: 'skyai-finance' })],
    ['the finance audience among others', signed({ ...ADMIN, aud: ['arcadia', 'skyai-finance'] })],
    ['no sub', signed({ ...ADMIN, sub: undefined })],
    ['an empty sub', signed({ ...ADMIN, sub: '' })],
    ['a number as sub', signed({ ...ADMIN, sub: 7 })],
    ['a NUL in sub', signed({ ...ADMIN, sub: 'user\u0000' })],
    ['an endless sub', signed({ ...ADMIN, sub: 'u'.repeat(256) })],
    ['a list as payload', signed([ADMIN])],
    ['null as payload', signed('null')],
    ['text as payload', signed('"platform_admin"')],
    ['broken JSON as payload', signed('{"sub":')],
    ['a header that is null', handmade('null', ADMIN)],
    ['a huge token', signed({ ...ADMIN, padding: 'x'.repeat(10_000) })],
  ])('refuses %s', (_what, token) => {
    expect(() => verified(token)).toThrow(UnauthenticatedError);
  });

  it.each([
    ['kid', { kid: '../../dev/null' }],
    ['jku', { jku: 'https://forger.example/keys' }],
    ['jwk', { jwk: { kty: 'oct', k: base64('mine') } }],
    ['x5u', { x5u: 'https://forger.example/cert' }],
  ])('ignores the key reference %s in the header', (_what, header) => {
    expect(verified(signed(ADMIN, header))).toEqual({ sub: 'user-1', role: 'platform_admin' });
  });

  it('allows clocks to differ by the leeway and not by more', () => {
    const checks = { leewayS: 600 };
    expect(verified(signed({ ...ADMIN, exp: NOW_S - 400, nbf: NOW_S + 400 }), checks).role).toBe('platform_admin');
    expect(() => verified(signed({ ...ADMIN, exp: NOW_S - 800 }), checks)).toThrow(UnauthenticatedError);
    expect(() => verified(signed({ ...ADMIN, nbf: NOW_S + 800 }), checks)).toThrow(UnauthenticatedError);
  });

  it.each([
    ['no issuer', { issuer: 'arcadia' }, {}],
    ['another issuer', { issuer: 'arcadia' }, { iss: 'arcadia2' }],
    ['no audience', { audience: 'cloud' }, {}],
    ['another audience', { audience: 'cloud' }, { aud: 'clouds' }],
    ['the finance audience, even when it is the configured one', { audience: 'skyai-finance' }, { aud: 'skyai-finance' }],
  ])('refuses %s where one is configured', (_what, checks, claims) => {
    expect(() => verified(signed({ ...ADMIN, ...claims }), checks)).toThrow(UnauthenticatedError);
  });

  it('accepts the configured issuer and one of the audiences', () => {
    const token = signed({ ...TENANT, iss: 'arcadia', aud: ['web', 'cloud'] });
    expect(verified(token, { issuer: 'arcadia', audience: 'cloud' })).toEqual({ sub: 'user-1', role: 'tenant', tenantId: 'acme' });
  });
});

describe('no claim shape widens the scope [TEN-2]', () => {
  it.each([
    ['neither tenant nor role', {}],
    ['an empty tenant', { tenant_id: '' }],
    ['a blank tenant', { tenant_id: '   ' }],
    ['a non-breaking blank as tenant', { tenant_id: '\u00a0' }],
    ['a tenant with outer white space', { tenant_id: 'acme ' }],
    ['a tenant with a line break in front', { tenant_id: '\nacme' }],
    ['a tenant with a NUL', { tenant_id: 'acme\u0000' }],
    ['half a surrogate pair in the tenant', { tenant_id: 'acme\ud800' }],
    ['an endless tenant', { tenant_id: 'a'.repeat(201) }],
    ['a list as tenant', { tenant_id: ['acme'] }],
    ['an object as tenant', { tenant_id: { $ne: null } }],
    ['a number as tenant', { tenant_id: 1 }],
    ['true as tenant', { tenant_id: true }],
    ['null as tenant', { tenant_id: null }],
    ['the role as text', { roles: 'platform_admin' }],
    ['the role as an object', { roles: { platform_admin: true } }],
    ['an object that looks like a list', { roles: { 0: 'platform_admin', length: 1 } }],
    ['the role in a nested list', { roles: [['platform_admin']] }],
    ['the role in a list with other things', { roles: ['platform_admin', {}] }],
    ['the role with a blank', { roles: ['platform_admin '] }],
    ['the role in other letters', { roles: ['Platform_Admin'] }],
    ['the role with a look-alike letter', { roles: ['plаtform_admin'] }],
    ['another role', { roles: ['admin'] }],
    ['the role under another claim', { role: 'platform_admin', scope: 'platform_admin' }],
  ])('opens nothing with %s', (_what, claims) => {
    expect(() => verified(signed({ ...NOBODY, ...claims }))).toThrow(NoScopeError);
  });

  it.each([
    ['the role as text beside a tenant', { tenant_id: 'acme', roles: 'platform_admin' }],
    ['an object as roles beside a tenant', { tenant_id: 'acme', roles: { 0: 'platform_admin' } }],
  ])('leaves a tenant a tenant with %s', (_what, claims) => {
    expect(verified(signed({ ...NOBODY, ...claims }))).toEqual({ sub: 'user-1', role: 'tenant', tenantId: 'acme' });
  });

  it.each([['Acme GmbH'], ['株式会社'], ['*'], ["' or 1=1 --"], ['a'.repeat(200)]])('takes the tenant %s as it is written', (tenantId) => {
    expect(verified(signed({ ...NOBODY, tenant_id: tenantId }))).toMatchObject({ role: 'tenant', tenantId });
  });

  it('is an admin when the token names both the role and a tenant', () => {
    expect(verified(signed({ ...TENANT, roles: ['viewer', 'platform_admin'] }))).toEqual({ sub: 'user-1', role: 'platform_admin' });
  });
});

it('signs tokens that pass its own checks', () => {
  const token = signGuardianToken(SECRET, { sub: 'ops', tenantId: 'acme', issuer: 'arcadia', audience: 'cloud', ttlS: 60 });
  expect(verified(token, { issuer: 'arcadia', audience: 'cloud' })).toEqual({ sub: 'ops', role: 'tenant', tenantId: 'acme' });
  expect(verified(signGuardianToken(createSecretKey(Buffer.from(SECRET)), { sub: 'ops', roles: ['platform_admin'] })).role).toBe(
    'platform_admin',
  );
});

it('builds the key once per secret and follows a rotation', () => {
  expect(guardianKey(SECRET)).toBe(guardianKey(SECRET));
  expect(guardianKey('rotated').export()).toEqual(Buffer.from('rotated'));
  expect(guardianKey(SECRET).export()).toEqual(Buffer.from(SECRET));
});
