import { createHmac } from 'node:crypto';

type Fields = Record<string, unknown>;

const AUDIENCE = 'skyai-finance';
const LONGEST_LIFE_S = 60;

/** Whose books a token is for, or what is wrong with it. Without a secret the signature counts as good. */
export function readFinanceToken(token: string, secret: string | null, nowMs: number): { tenantId: string } | { problem: string } {
  const [head = '', payload = '', signature = '', ...rest] = token.split('.');
  const header = decode(head);
  const claims = decode(payload);
  if (header === undefined || claims === undefined || rest.length > 0) return { problem: 'the token is not a JWT' };
  if (header.alg !== 'HS512') return { problem: 'the token is not signed with HS512' };
  if (secret !== null && createHmac('sha512', secret).update(`${head}.${payload}`).digest('base64url') !== signature)
    return { problem: 'the signature is wrong' };
  const problem = problemOf(claims, nowMs);
  return problem === undefined ? { tenantId: String(claims.tenant_id) } : { problem };
}

function problemOf({ aud, exp, iat, roles, tenant_id }: Fields, nowMs: number): string | undefined {
  if (aud !== AUDIENCE && !(Array.isArray(aud) && aud.includes(AUDIENCE))) return `aud is not ${AUDIENCE}`;
  if (typeof exp !== 'number' || exp * 1000 <= nowMs) return 'the token has expired';
  if (typeof iat !== 'number' || exp - iat > LONGEST_LIFE_S) return `the token lives longer than ${LONGEST_LIFE_S} s`;
  if (!Array.isArray(roles) || !roles.includes('admin')) return 'roles do not include admin';
  return typeof tenant_id === 'string' && tenant_id !== '' ? undefined : 'tenant_id is missing';
}

function decode(part: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
