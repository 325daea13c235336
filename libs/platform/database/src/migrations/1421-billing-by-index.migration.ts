import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Frequent reads of billing that read whole tables. The orders of the list of invoices get an index each. Documents that wait for their print are rows of
 * a small table, which triggers keep, so that processes of the previous release do too: documents never change, so no column of theirs can say it.
 * A run keeps the sums of its tenants, which had been added up from all lines of the month at each look at the run.
 * Blocks writes to invoices, documents and their files meanwhile: some seconds for a million.
 */
export class BillingByIndex1795000001421 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index tenant_invoices_by_period on tenant_invoices (coalesce(period, '0001-01-01'::date), id);
      create index tenant_invoices_by_due_day on tenant_invoices (coalesce(due_on, 'infinity'::date), id);
      create index tenant_invoices_by_total on tenant_invoices (total, id);

      alter table billing_runs add column tenant_sums jsonb;

      create table unprinted_documents (document_id uuid primary key references tenant_documents);
      alter table unprinted_documents enable row level security;
      create policy platform on unprinted_documents using ((select arcadia_is_platform()));
      grant select, insert, delete on unprinted_documents to arcadia_service;

      create function arcadia_await_print() returns trigger language plpgsql as $$
      begin
        insert into unprinted_documents (document_id) values (new.id);
        return null;
      end $$;
      create function arcadia_end_print() returns trigger language plpgsql as $$
      begin
        delete from unprinted_documents where document_id = new.document_id;
        return null;
      end $$;
      create trigger await_print after insert on tenant_documents for each row execute function arcadia_await_print();
      create trigger end_print after insert on document_files for each row execute function arcadia_end_print();
      insert into unprinted_documents (document_id)
      select d.id from tenant_documents d where not exists (select 1 from document_files f where f.document_id = d.id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger end_print on document_files;
      drop trigger await_print on tenant_documents;
      drop function arcadia_end_print();
      drop function arcadia_await_print();
      drop table unprinted_documents;
      alter table billing_runs drop column tenant_sums;
      drop index tenant_invoices_by_total;
      drop index tenant_invoices_by_due_day;
      drop index tenant_invoices_by_period;
    `);
  }
}
