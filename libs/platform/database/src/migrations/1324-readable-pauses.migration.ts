import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A paused run wakes up at the end of the year 9999 instead of at infinity: the api of the previous release cannot read infinity as a date, and answered 500
 * for a paused saga. The trigger writes the finite time for every release. The update locks the rows of paused runs for a moment.
 */
export class ReadablePauses1795000001324 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(holdUntil(`'9999-12-31 00:00:00+00'::timestamptz`));
    await runner.query(`update saga_runs set wake_at = '9999-12-31 00:00:00+00' where wake_at = 'infinity'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(holdUntil(`'infinity'::timestamptz`));
    await runner.query(`update saga_runs set wake_at = 'infinity' where wake_at = '9999-12-31 00:00:00+00'`);
  }
}

const holdUntil = (time: string): string => `
  create or replace function arcadia_keep_paused() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.status in ('pending', 'running', 'compensating') then
      if new.wake_at is distinct from ${time} then
        if new.lease_until is distinct from old.lease_until then
          new.lease_until := null;
        end if;
        new.wake_at := ${time};
      end if;
    else
      new.paused_at := null;
      new.paused_by := null;
      new.pause_reason := null;
    end if;
    return new;
  end $$`;
