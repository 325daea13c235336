import { ok } from '../http/answer';
import type { Family } from '../http/route';

/** `GET /v2/account`. */
export const accountFamily: Family = {
  routes: [{ method: 'GET', path: '/v2/account', handle: (world) => ok({ account: world.value('account') }) }],
};
