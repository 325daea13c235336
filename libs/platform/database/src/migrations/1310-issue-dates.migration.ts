import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The last day of issue of each series, so that an invoice with a given day of issue never gets a later number than one with a later day. And when an
 * invoice of the provider first counted: the days of grace begin then. Readers take the older columns where the previous release left it empty.
 * The columns are new and may be null, so both locks are short. `number_series` has a row for each series; each invoice of the provider is updated once.
 */
export class IssueDates1795000001310 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table number_series add column last_issued_on date;
      update number_series s set last_issued_on = d.day
        from (select issuer_id, 'invoice' as series, max(issued_on) as day from tenant_invoices group by 1
              union all
              select issuer_id, 'invoice/' || to_char(issued_on, 'YYYY'), max(issued_on) from tenant_invoices where issued_on is not null group by 1, 2
              union all
              select issuer_id, 'credit_note', max(issued_on) from credit_notes group by 1
              union all
              select issuer_id, 'credit_note/' || to_char(issued_on, 'YYYY'), max(issued_on) from credit_notes group by 1, 2) d
       where d.issuer_id = s.issuer_id and d.series = s.series;
      alter table cloud_invoices add column counted_since timestamptz;
      update cloud_invoices set counted_since = coalesce(released_at, ingested_at) where reconciliation in ('reconciled', 'released');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table number_series drop column last_issued_on; alter table cloud_invoices drop column counted_since');
  }
}
