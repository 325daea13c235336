import { accessToken, isTenantId, PLATFORM_ADMIN_ROLE, type Bearer } from '#libs/identity';
import { openConfig } from '#libs/config';
import { parseFlags, UsageError } from '../command-line';

const USAGE = `npm run --silent token -- --role platform_admin | --tenant <id> [--sub <name>] [--ttl-s <seconds>]
  Prints a Guardian access token (HS512, signed with JWT_SECRET) without any other output.
  --role platform_admin   for the whole platform
  --tenant <id>           for one tenant's own resources
  --sub <name>            who the token is for, as the audit log will say; default operator, or operator@<tenant>
  --ttl-s <seconds>       how long the token is valid; default 3600, at most 2592000 (30 days)`;

const MAX_TTL_S = 30 * 24 * 3600;

export async function token(args: readonly string[]): Promise<number> {
  const {
    role,
    tenant,
    sub,
    'ttl-s': ttl = '3600',
  } = parseFlags(args, USAGE, {
    role: { type: 'string' },
    tenant: { type: 'string' },
    sub: { type: 'string' },
    'ttl-s': { type: 'string' },
  });
  if ((role === undefined) === (tenant === undefined)) throw new UsageError('Give either --role or --tenant', USAGE);
  if (role !== undefined && role !== PLATFORM_ADMIN_ROLE) throw new UsageError(`--role must be ${PLATFORM_ADMIN_ROLE}`, USAGE);
  if (tenant !== undefined && !isTenantId(tenant)) throw new UsageError('--tenant is not an id of a tenant', USAGE);
  if (sub !== undefined && !/^[^\p{Cc}]{1,255}$/u.test(sub)) throw new UsageError('--sub must be a name of 1 to 255 characters', USAGE);
  const ttlS = Number(ttl);
  if (!Number.isInteger(ttlS) || ttlS < 1 || ttlS > MAX_TTL_S) throw new UsageError('--ttl-s must be a whole number of seconds', USAGE);
  const bearer: Bearer = tenant === undefined ? { role: PLATFORM_ADMIN_ROLE } : { tenantId: tenant };
  process.stdout.write(`${accessToken((await openConfig(process.env)).config.identity, { ...bearer, sub }, ttlS)}\n`);
  return 0;
}
