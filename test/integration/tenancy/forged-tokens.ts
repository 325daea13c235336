import { createHmac } from 'node:crypto';
import { signGuardianToken } from '#libs/identity';
import { JWT_SECRET } from '../../support/settings';

const NOW_S = Math.floor(Date.now() / 1000);
const GENUINE = { sub: 'ops', typ: 'access', iat: NOW_S, nbf: NOW_S, exp: NOW_S + 600, roles: ['platform_admin'] };

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object, { header = {}, hash = 'sha512', secret = JWT_SECRET } = {}): string {
  const text = `${base64({ alg: 'HS512', typ: 'JWT', ...header })}.${base64({ ...GENUINE, ...claims })}`;
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}

const [head, , signature] = signGuardianToken(JWT_SECRET, { sub: 'acme-user', tenantId: 'acme' }).split('.');

/**
 * Tokens that a forger or a faulty service might send. All claim to be a platform admin. The first one is the genuine token
 * from which the others are made.
 */
export const GENUINE_ADMIN = token({});
export const FORGED: readonly (readonly [string, string])[] = [
  ['unsigned', `${base64({ alg: 'none', typ: 'JWT' })}.${base64(GENUINE)}.`],
  ['with a changed payload', `${head}.${base64(GENUINE)}.${signature}`],
  ['signed with another secret', token({}, { secret: 'guessed' })],
  ['HS256', token({}, { header: { alg: 'HS256' }, hash: 'sha256' })],
  ['HS384', token({}, { header: { alg: 'HS384' }, hash: 'sha384' })],
  ['RS256 over the shared secret', token({}, { header: { alg: 'RS256' }, hash: 'sha256' })],
  ['bringing its own key', token({}, { header: { jwk: { kty: 'oct', k: base64('mine') } }, secret: 'mine' })],
  ['expired', token({ exp: NOW_S - 60 })],
  ['without exp', token({ exp: undefined })],
  ['with exp as text', token({ exp: `${NOW_S + 600}` })],
  ['not valid yet', token({ nbf: NOW_S + 60 })],
  ['a refresh token', token({ typ: 'refresh' })],
  ['for the finance service', token({ aud: 'skyai-finance' })],
  ['for the finance service among others', token({ aud: ['arcadia', 'skyai-finance'] })],
  ['without sub', token({ sub: undefined })],
  ['huge', token({ padding: 'x'.repeat(9_000) })],
  ['garbage', 'garbage'],
];
