import { accessToken, PLATFORM_ADMIN_ROLE } from '#libs/identity';
import { openConfig } from '#libs/config';
import type { SummaryTokens } from './summary-tokens';

/** Long enough for a day at the demo. */
const TTL_S = 12 * 3600;
/** One of the demo's; on a real account `npm run token` makes one for any tenant. */
const EXAMPLE_TENANT = 'acme';

async function mint(): Promise<void> {
  const { identity } = (await openConfig(process.env)).config;
  const tokens: SummaryTokens = {
    admin: accessToken(identity, { role: PLATFORM_ADMIN_ROLE }, TTL_S),
    tenant: accessToken(identity, { tenantId: EXAMPLE_TENANT }, TTL_S),
  };
  process.stdout.write(JSON.stringify(tokens));
}

void mint(); // a rejection ends the process with its message on standard error, which the launcher shows
