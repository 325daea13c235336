import type { Config } from '#libs/config';
import type { RetentionRule } from '#libs/database';

/** `offset 0` has each row asked about by the index. $2 days with all snapshots; of each UTC day before that the last one of an account stays. */
const THIN_OUT = `
delete from cloud_balance_snapshots where id in (
  select s.id from cloud_balance_snapshots s
   where s.taken_at < clock_timestamp() - $2 * interval '1 day'
     and exists (select from cloud_balance_snapshots l where l.account_id = s.account_id and l.taken_at > s.taken_at
                    and l.taken_at < date_trunc('day', s.taken_at, 'UTC') + interval '1 day' offset 0)
   limit $1 for update skip locked)`;

/** Balances by the hour are of interest for a while, by the day for good. */
export function balanceRetention({ retention }: Config): RetentionRule[] {
  return [{ what: 'cloud_balance_snapshots', remove: THIN_OUT, values: [retention.balanceHourlyDays] }];
}
