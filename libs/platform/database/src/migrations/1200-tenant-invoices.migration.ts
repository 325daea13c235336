import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Invoices to tenants. What was issued never changes, payments aside: triggers refuse it for every role. Row security shows a tenant its own
 * issued invoices; the statements that read in the scope of a tenant name no column with a buy amount.
 * The tables are new. The two columns of existing tables have defaults, so the previous release writes its rows as before; both locks are short.
 * Runs that are completed already count as built, so that an upgrade makes no drafts of past months by itself.
 */
export class TenantInvoices1795000001200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(INVOICES);
    await runner.query(DOCUMENTS);
    await runner.query(IMMUTABLE);
    await runner.query(SECURITY);
    await runner.query(`
      alter table billing_issuers add column yearly boolean not null default false;
      alter table billing_runs add column drafts_built_at timestamptz;
      update billing_runs set drafts_built_at = clock_timestamp() where status = 'completed';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table billing_runs drop column drafts_built_at;
      alter table billing_issuers drop column yearly;
      drop table billing_outbox, document_origins, tenant_documents, tenant_invoice_lines, tenant_invoices, number_series, fx_rates;
      drop function arcadia_keep_issued_invoice, arcadia_keep_lines_of_drafts, arcadia_keep_row;
    `);
  }
}

const INVOICES = `
  create table number_series (
    issuer_id text not null references billing_issuers,
    series text not null check (series <> ''),
    last_number int not null default 0 check (last_number >= 0),
    primary key (issuer_id, series)
  );

  create table fx_rates (
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    valid_on date not null,
    rate numeric not null check (rate > 0),
    source text not null,
    set_by text not null,
    set_at timestamptz not null default clock_timestamp(),
    primary key (currency, valid_on)
  );

  create table tenant_invoices (
    id uuid primary key default arcadia_uuid(),
    issuer_id text not null references billing_issuers,
    tenant_id text not null check (tenant_id <> ''),
    kind text not null check (kind in ('standard', 'one_off')),
    period date check (period = date_trunc('month', period)),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    decimals int not null check (decimals between 0 and 4),
    status text not null default 'draft' check (status in ('draft', 'ready', 'issued', 'void')),
    payment_status text not null default 'unpaid' check (payment_status in ('unpaid', 'partly_paid', 'paid', 'written_off')),
    tax_status text not null default 'undecided' check (tax_status in ('undecided', 'decided')),
    number text,
    net numeric not null default 0,
    tax numeric not null default 0,
    total numeric not null default 0,
    due numeric not null default 0,
    paid numeric not null default 0,
    credited numeric not null default 0,
    wallet numeric not null default 0,
    line_count int not null default 0,
    taxes jsonb not null default '[]',
    adjustments jsonb not null default '[]',
    problems jsonb not null default '[]',
    terms jsonb,
    digest text,
    auto text not null default 'off' check (auto in ('off', 'approve', 'issue')),
    replaces_id uuid references tenant_invoices,
    issued_at timestamptz,
    issued_on date,
    due_on date,
    voided_at timestamptz,
    void_reason text,
    version int not null default 1,
    changed_by text not null,
    changed_at timestamptz not null default clock_timestamp(),
    created_at timestamptz not null default clock_timestamp(),
    check ((kind = 'standard') = (period is not null)),
    check ((status in ('issued', 'void')) = (number is not null and issued_at is not null and issued_on is not null)),
    check ((status = 'void') = (voided_at is not null)),
    check ((status = 'draft') <= (tax_status = 'undecided')),
    check (total = net + tax)
  );
  create unique index tenant_invoices_one_standard on tenant_invoices (issuer_id, tenant_id, period) where kind = 'standard' and status <> 'void';
  create unique index tenant_invoices_one_number on tenant_invoices (issuer_id, number) where number is not null;
  create index tenant_invoices_of_tenant on tenant_invoices (tenant_id, id);
  create index tenant_invoices_of_period on tenant_invoices (period, id);
  create index tenant_invoices_open on tenant_invoices (id) where status in ('draft', 'ready');
  create index tenant_invoices_unpaid on tenant_invoices (due_on, id) where status = 'issued' and payment_status in ('unpaid', 'partly_paid');

  create table tenant_invoice_lines (
    invoice_id uuid not null references tenant_invoices on delete cascade,
    line_no int not null check (line_no > 0),
    tenant_id text not null,
    kind text not null,
    description text not null,
    resource_id uuid,
    resource_name text,
    quantity numeric,
    unit text not null,
    unit_price numeric,
    exact numeric not null,
    net numeric not null,
    tax_category text,
    tax_rate numeric,
    corrects date,
    sell numeric,
    buy numeric not null,
    explanation jsonb not null,
    primary key (invoice_id, line_no)
  );
  create index tenant_invoice_lines_of_tenant on tenant_invoice_lines (tenant_id, invoice_id)`;

const DOCUMENTS = `
  create table tenant_documents (
    id uuid primary key default arcadia_uuid(),
    issuer_id text not null references billing_issuers,
    tenant_id text not null check (tenant_id <> ''),
    invoice_id uuid not null references tenant_invoices,
    kind text not null check (kind in ('invoice', 'credit_note', 'void_notice')),
    number text not null,
    json text not null,
    root text not null,
    signature text not null,
    proof text not null,
    issued_at timestamptz not null default clock_timestamp()
  );
  create index tenant_documents_of_invoice on tenant_documents (invoice_id, kind);
  create unique index tenant_documents_one_number on tenant_documents (issuer_id, kind, number);

  create table document_origins (
    document_id uuid primary key references tenant_documents,
    proof text not null
  );

  create table billing_outbox (
    subject_id uuid primary key,
    version int not null default 1,
    content_hash text not null,
    created_at timestamptz not null default clock_timestamp(),
    attempts int not null default 0,
    next_attempt_at timestamptz not null default clock_timestamp(),
    lease_until timestamptz,
    error_code text,
    delivered_at timestamptz
  );
  create index billing_outbox_waiting on billing_outbox (next_attempt_at) where delivered_at is null`;

/** The columns of payments, of the step to void and of the row's version are all that may change of an issued invoice. */
const IMMUTABLE = `
  create function arcadia_keep_issued_invoice() returns trigger language plpgsql as $$
  declare may_change constant text[] := array['status', 'payment_status', 'due', 'paid', 'credited', 'wallet', 'voided_at', 'void_reason',
                                              'version', 'changed_by', 'changed_at'];
  begin
    if tg_op = 'DELETE' then
      if old.status <> 'draft' then
        raise exception 'the invoice % is % and is never deleted', old.id, old.status using errcode = '23514';
      end if;
      return old;
    end if;
    if old.status in ('issued', 'void') and (to_jsonb(new) - may_change <> to_jsonb(old) - may_change
         or not (new.status = old.status or old.status = 'issued' and new.status = 'void')) then
      raise exception 'the invoice % is issued and never changes', old.number using errcode = '23514';
    end if;
    return new;
  end $$;
  create trigger issued_invoices_stay before update or delete on tenant_invoices
    for each row execute function arcadia_keep_issued_invoice();

  create function arcadia_keep_lines_of_drafts() returns trigger language plpgsql as $$
  begin
    if exists (select from touched t join tenant_invoices i on i.id = t.invoice_id where i.status <> 'draft') then
      raise exception 'only lines of drafts may change' using errcode = '23514';
    end if;
    return null;
  end $$;
  create trigger lines_join_drafts after insert on tenant_invoice_lines
    referencing new table as touched for each statement execute function arcadia_keep_lines_of_drafts();
  create trigger lines_leave_drafts after delete on tenant_invoice_lines
    referencing old table as touched for each statement execute function arcadia_keep_lines_of_drafts();

  create function arcadia_keep_row() returns trigger language plpgsql as $$
  begin
    raise exception 'rows of % never change', tg_table_name using errcode = '23514';
  end $$;
  create trigger lines_stay before update on tenant_invoice_lines for each row execute function arcadia_keep_row();
  create trigger documents_stay before update or delete on tenant_documents for each row execute function arcadia_keep_row();
  create trigger origins_stay before update or delete on document_origins for each row execute function arcadia_keep_row()`;

const SECURITY = `
  alter table number_series enable row level security;
  alter table fx_rates enable row level security;
  alter table tenant_invoices enable row level security;
  alter table tenant_invoice_lines enable row level security;
  alter table tenant_documents enable row level security;
  alter table document_origins enable row level security;
  alter table billing_outbox enable row level security;
  create policy platform on number_series using ((select arcadia_is_platform()));
  create policy platform on fx_rates using ((select arcadia_is_platform()));
  create policy platform on tenant_invoices using ((select arcadia_is_platform()));
  create policy platform on tenant_invoice_lines using ((select arcadia_is_platform()));
  create policy platform on tenant_documents using ((select arcadia_is_platform()));
  create policy platform on document_origins using ((select arcadia_is_platform()));
  create policy platform on billing_outbox using ((select arcadia_is_platform()));
  create policy tenant on tenant_invoices for select using (tenant_id = (select arcadia_tenant()) and status in ('issued', 'void'));
  create policy tenant on tenant_invoice_lines for select using (tenant_id = (select arcadia_tenant())
    and exists (select 1 from tenant_invoices i where i.id = invoice_id and i.status in ('issued', 'void')));
  create policy tenant on tenant_documents for select using (tenant_id = (select arcadia_tenant()));
  grant select, insert, update on number_series, fx_rates, billing_outbox to arcadia_service;
  grant select, insert, update, delete on tenant_invoices to arcadia_service;
  grant select, insert, delete on tenant_invoice_lines to arcadia_service;
  grant select, insert on tenant_documents, document_origins to arcadia_service`;
