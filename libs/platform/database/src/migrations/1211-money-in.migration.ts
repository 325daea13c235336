import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Wallets, payments, credit notes and reminders. Entries never change, and the database itself keeps the sums within their bounds: the rest of a lot,
 * what is credited of a line and of an invoice, and what is returned of a payment. Row security shows a tenant its own rows.
 * The tables are new. The checks on `tenant_invoices` read a table that the previous release does not write.
 */
export class MoneyIn1795000001211 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREDIT_AND_PAYMENT);
    await runner.query(WALLETS);
    await runner.query(DUNNING);
    await runner.query(BOUNDS);
    await runner.query(SECURITY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger invoice_sums_agree on tenant_invoices;
      alter table tenant_invoices drop constraint tenant_invoices_due_bounds, drop constraint tenant_invoices_credited_bounds,
        drop constraint tenant_invoices_paid_bounds;
      drop table notification_requests, dunning_steps, dunning_policies, wallet_entries, wallet_lots, payments, credit_note_lines, credit_notes;
      drop function arcadia_move_lot, arcadia_keep_lot, arcadia_check_credit, arcadia_check_return, arcadia_check_invoice, arcadia_check_touched_invoice;
    `);
  }
}

const CREDIT_AND_PAYMENT = `
  create table credit_notes (
    id uuid primary key default arcadia_uuid(),
    issuer_id text not null references billing_issuers,
    tenant_id text not null check (tenant_id <> ''),
    invoice_id uuid not null references tenant_invoices,
    number text not null,
    currency text not null,
    net numeric not null,
    tax numeric not null,
    total numeric not null check (total > 0),
    taxes jsonb not null,
    lowers_due numeric not null check (lowers_due >= 0),
    refund numeric not null check (refund >= 0),
    wallet numeric not null check (wallet >= 0),
    out_of_band numeric not null check (out_of_band >= 0),
    reason text not null check (reason <> ''),
    issued_on date not null,
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    check (total = net + tax),
    check (total = lowers_due + refund + wallet + out_of_band)
  );
  create unique index credit_notes_one_number on credit_notes (issuer_id, number);
  create index credit_notes_of_invoice on credit_notes (invoice_id, id);
  create index credit_notes_of_tenant on credit_notes (tenant_id, id);

  create table credit_note_lines (
    credit_note_id uuid not null references credit_notes,
    line_no int not null check (line_no > 0),
    tenant_id text not null,
    invoice_id uuid not null,
    invoice_line_no int not null,
    description text not null,
    net numeric not null check (net <> 0),
    tax_category text not null,
    tax_rate numeric not null,
    primary key (credit_note_id, line_no),
    foreign key (invoice_id, invoice_line_no) references tenant_invoice_lines
  );
  create index credit_note_lines_of_line on credit_note_lines (invoice_id, invoice_line_no);

  create table payments (
    id uuid primary key default arcadia_uuid(),
    invoice_id uuid not null references tenant_invoices,
    tenant_id text not null check (tenant_id <> ''),
    kind text not null check (kind in ('received', 'refunded', 'reversed')),
    amount numeric not null check (amount > 0),
    currency text not null,
    reference text not null check (reference <> ''),
    received_on date not null,
    returns_id uuid references payments,
    to_due numeric not null check (to_due >= 0),
    to_wallet numeric not null check (to_wallet >= 0),
    to_refund numeric not null check (to_refund >= 0),
    reason text,
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    check (amount = to_due + to_wallet + to_refund),
    check ((kind = 'received') = (returns_id is null)),
    check (kind <> 'received' or to_refund = 0)
  );
  create unique index payments_one_reference on payments (reference);
  create index payments_of_invoice on payments (invoice_id, id);
  create index payments_of_tenant on payments (tenant_id, id);
  create index payments_returning on payments (returns_id) where returns_id is not null`;

const WALLETS = `
  create table wallet_lots (
    id uuid primary key default arcadia_uuid(),
    tenant_id text not null check (tenant_id <> ''),
    kind text not null check (kind in ('money', 'promotion')),
    source text not null check (source in ('granted', 'purchased')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    amount numeric not null check (amount > 0),
    remaining numeric not null default 0,
    expires_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    constraint wallet_lots_bounds check (remaining between 0 and amount)
  );
  create index wallet_lots_open on wallet_lots (tenant_id, kind, currency) where remaining > 0;
  create index wallet_lots_expiring on wallet_lots (expires_at) where remaining > 0 and expires_at is not null;

  create table wallet_entries (
    id uuid primary key default arcadia_uuid(),
    lot_id uuid not null references wallet_lots,
    tenant_id text not null,
    kind text not null,
    source text not null,
    currency text not null,
    amount numeric not null check (amount <> 0),
    cause text not null check (cause in ('grant', 'overpayment', 'credit_note', 'applied', 'given_back', 'returned', 'expired')),
    invoice_id uuid references tenant_invoices,
    credit_note_id uuid references credit_notes,
    payment_id uuid references payments,
    expires_at timestamptz,
    reason text,
    created_by text not null,
    created_at timestamptz not null default clock_timestamp()
  );
  create index wallet_entries_of_tenant on wallet_entries (tenant_id, id);
  create index wallet_entries_of_lot on wallet_entries (lot_id);
  create index wallet_entries_of_invoice on wallet_entries (invoice_id) where invoice_id is not null;
  create index wallet_entries_of_payment on wallet_entries (payment_id) where payment_id is not null`;

const DUNNING = `
  create table dunning_policies (
    issuer_id text primary key references billing_issuers,
    steps jsonb not null,
    version int not null default 1,
    changed_by text not null,
    changed_at timestamptz not null default clock_timestamp()
  );

  create table dunning_steps (
    invoice_id uuid not null references tenant_invoices,
    after_days int not null,
    action text not null check (action in ('remind', 'notify_admin', 'block_orders', 'propose_suspend')),
    tenant_id text not null,
    block_reason text,
    taken_at timestamptz not null default clock_timestamp(),
    primary key (invoice_id, after_days, action)
  );
  create index dunning_steps_blocking on dunning_steps (tenant_id) where block_reason is not null;

  create table notification_requests (
    id uuid primary key default arcadia_uuid(),
    tenant_id text,
    kind text not null check (kind <> ''),
    subject text not null,
    payload jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    delivered_at timestamptz
  );
  create index notification_requests_waiting on notification_requests (id) where delivered_at is null`;

/**
 * A sum is checked under a lock of the row that it belongs to, in a statement that begins after the lock was taken, so two transactions cannot
 * pass together what only one of them may.
 */
const BOUNDS = `
  create function arcadia_move_lot() returns trigger language plpgsql as $$
  begin
    update wallet_lots set remaining = remaining + new.amount where id = new.lot_id;
    return null;
  end $$;
  create trigger entries_move_lots after insert on wallet_entries for each row execute function arcadia_move_lot();
  create trigger entries_stay before update or delete on wallet_entries for each row execute function arcadia_keep_row();

  create function arcadia_keep_lot() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' or to_jsonb(new) - 'remaining' <> to_jsonb(old) - 'remaining' then
      raise exception 'only the rest of a lot may change' using errcode = '23514';
    end if;
    return new;
  end $$;
  create trigger lots_stay before update or delete on wallet_lots for each row execute function arcadia_keep_lot();

  create function arcadia_check_credit() returns trigger language plpgsql as $$
  declare whole numeric; credited numeric;
  begin
    perform 1 from tenant_invoices where id = new.invoice_id for update;
    select net into strict whole from tenant_invoice_lines where invoice_id = new.invoice_id and line_no = new.invoice_line_no;
    select new.net + coalesce(sum(net), 0) into credited from credit_note_lines
     where invoice_id = new.invoice_id and invoice_line_no = new.invoice_line_no;
    if sign(new.net) <> sign(whole) or abs(credited) > abs(whole) then
      raise exception 'line % has % and no more can be credited', new.invoice_line_no, whole
        using errcode = '23514', constraint = 'credit_note_lines_bounds';
    end if;
    return new;
  end $$;
  create trigger credit_stays_below_line before insert on credit_note_lines for each row execute function arcadia_check_credit();
  create trigger credit_notes_stay before update or delete on credit_notes for each row execute function arcadia_keep_row();
  create trigger credit_note_lines_stay before update or delete on credit_note_lines for each row execute function arcadia_keep_row();

  create function arcadia_check_return() returns trigger language plpgsql as $$
  declare origin payments; due numeric; wallet numeric;
  begin
    select * into strict origin from payments where id = new.returns_id for update;
    select new.to_due + new.to_refund + coalesce(sum(to_due + to_refund), 0), new.to_wallet + coalesce(sum(to_wallet), 0)
      into due, wallet from payments where returns_id = new.returns_id;
    if origin.kind <> 'received' or origin.invoice_id <> new.invoice_id or due > origin.to_due or wallet > origin.to_wallet then
      raise exception 'no more can be returned of the payment %', origin.reference using errcode = '23514', constraint = 'payments_bounds';
    end if;
    return new;
  end $$;
  create trigger returns_stay_below_payment before insert on payments for each row when (new.returns_id is not null)
    execute function arcadia_check_return();
  create trigger payments_stay before update or delete on payments for each row execute function arcadia_keep_row();

  alter table tenant_invoices
    add constraint tenant_invoices_due_bounds check (due between least(total, 0) and greatest(total, 0)),
    add constraint tenant_invoices_credited_bounds check (credited between 0 and greatest(total, 0)),
    add constraint tenant_invoices_paid_bounds check (paid between 0 and greatest(total, 0));

  create function arcadia_check_invoice(id_of_invoice uuid) returns void language plpgsql as $$
  declare invoice tenant_invoices; credits record; money record;
  begin
    select * into strict invoice from tenant_invoices where id = id_of_invoice;
    select coalesce(sum(total), 0) as total, coalesce(sum(lowers_due), 0) as lowered, coalesce(sum(refund), 0) as refund
      into credits from credit_notes where invoice_id = id_of_invoice;
    select coalesce(sum(to_due) filter (where kind = 'received'), 0) as received,
           coalesce(sum(to_due) filter (where kind <> 'received'), 0) as reopened, coalesce(sum(to_refund), 0) as refunded
      into money from payments where invoice_id = id_of_invoice;
    if invoice.credited <> credits.total or invoice.paid <> money.received - money.reopened - money.refunded
       or invoice.due <> invoice.total - invoice.wallet - credits.lowered - money.received + money.reopened
       or money.refunded > credits.refund then
      raise exception 'the sums of the invoice % do not agree with its credit notes and payments', invoice.number
        using errcode = '23514', constraint = 'tenant_invoices_sums';
    end if;
  end $$;
  create function arcadia_check_touched_invoice() returns trigger language plpgsql as $$
  begin
    if tg_table_name = 'tenant_invoices' then perform arcadia_check_invoice(new.id);
    else perform arcadia_check_invoice(new.invoice_id);
    end if;
    return null;
  end $$;
  create constraint trigger invoice_sums_agree after update on tenant_invoices deferrable initially deferred
    for each row when (new.status = 'issued') execute function arcadia_check_touched_invoice();
  create constraint trigger credit_agrees_with_invoice after insert on credit_notes deferrable initially deferred
    for each row execute function arcadia_check_touched_invoice();
  create constraint trigger payment_agrees_with_invoice after insert on payments deferrable initially deferred
    for each row execute function arcadia_check_touched_invoice()`;

const SECURITY = `
  alter table credit_notes enable row level security;
  alter table credit_note_lines enable row level security;
  alter table payments enable row level security;
  alter table wallet_lots enable row level security;
  alter table wallet_entries enable row level security;
  alter table dunning_policies enable row level security;
  alter table dunning_steps enable row level security;
  alter table notification_requests enable row level security;
  create policy platform on credit_notes using ((select arcadia_is_platform()));
  create policy platform on credit_note_lines using ((select arcadia_is_platform()));
  create policy platform on payments using ((select arcadia_is_platform()));
  create policy platform on wallet_lots using ((select arcadia_is_platform()));
  create policy platform on wallet_entries using ((select arcadia_is_platform()));
  create policy platform on dunning_policies using ((select arcadia_is_platform()));
  create policy platform on dunning_steps using ((select arcadia_is_platform()));
  create policy platform on notification_requests using ((select arcadia_is_platform()));
  create policy tenant on credit_notes for select using (tenant_id = (select arcadia_tenant()));
  create policy tenant on credit_note_lines for select using (tenant_id = (select arcadia_tenant()));
  create policy tenant on payments for select using (tenant_id = (select arcadia_tenant()));
  create policy tenant on wallet_lots for select using (tenant_id = (select arcadia_tenant()));
  create policy tenant on wallet_entries for select using (tenant_id = (select arcadia_tenant()));
  grant select, insert on credit_notes, credit_note_lines, wallet_entries, dunning_steps to arcadia_service;
  grant select, insert, update on payments, wallet_lots, dunning_policies, notification_requests to arcadia_service`;
