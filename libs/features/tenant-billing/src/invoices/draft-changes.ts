import { Money } from '#libs/kernel';
import { Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { TenantInvoiceLine } from '../entities/tenant-invoice-line.entity';
import { monthOf } from '../months';
import { TenantInvoiceNotFoundError, VerbNotPossibleError } from '../tenant-billing.errors';
import { InvoiceBuilder } from './invoice-builder';

/** What a refresh would do with one line. */
export interface LineChangeView {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  /** The month that it corrects. */
  readonly corrects: string | null;
  /** Net in the draft; null for a line that is new. */
  readonly before: string | null;
  /** Net after a refresh; null for a line that goes. */
  readonly after: string | null;
}

/** What has changed since a draft was built. */
export interface DraftChangesView {
  /** Whether a refresh would change anything: lines, tax, parties or terms. */
  readonly outdated: boolean;
  readonly net_before: string;
  readonly net_after: string;
  readonly lines: readonly LineChangeView[];
}

/** A line as both sides of the comparison have it. */
export interface ComparedLine {
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  readonly corrects: string | null;
  readonly net: string;
}

/** Compares a draft with what it would be if it were built now. It writes nothing. */
@Injectable()
export class DraftChanges {
  constructor(
    private readonly transaction: Transaction,
    private readonly builder: InvoiceBuilder,
  ) {}

  /** Throws `TenantInvoiceNotFoundError`, and `VerbNotPossibleError` for an invoice with frozen lines. */
  read(id: string): Promise<DraftChangesView> {
    return this.transaction.run(async (em) => {
      const invoice = await em.findOneBy(TenantInvoice, { id });
      if (!invoice) throw new TenantInvoiceNotFoundError();
      if (invoice.status !== 'draft') throw new VerbNotPossibleError('refresh', `it is ${invoice.status}, and its lines are frozen`);
      const draft = await this.builder.deriveOne(em, invoice);
      const lines = await em.find(TenantInvoiceLine, { where: { invoiceId: id }, order: { lineNo: 'ASC' } });
      const amount = (value: Money): string => value.round(invoice.decimals, 'half_away').toText();
      const before = lines.map(({ kind, description, resourceId, resourceName, corrects, net }) => ({
        kind,
        description,
        resource_id: resourceId,
        resource_name: resourceName,
        corrects,
        net: amount(net),
      }));
      return {
        outdated: draft.digest !== invoice.digest,
        net_before: amount(invoice.net),
        net_after: draft.net,
        lines: compareLines(before, draft.lines),
      };
    });
  }
}

/** The lines that differ, those of the draft first. Lines with the same text, resource and month are compared by their sum. Pure. */
export function compareLines(before: readonly ComparedLine[], after: readonly ComparedLine[]): LineChangeView[] {
  const [was, becomes] = [sumsOf(before), sumsOf(after)];
  return [...new Set([...was.keys(), ...becomes.keys()])].flatMap((key) => {
    const [one, other] = [was.get(key), becomes.get(key)];
    const line = one ?? other;
    if (!line || one?.net === other?.net) return [];
    const { kind, description, resource_id, resource_name, corrects } = line;
    const change = !one ? 'added' : !other ? 'removed' : 'changed';
    const about = { kind, description, resource_id, resource_name, corrects: corrects === null ? null : monthOf(corrects) };
    return [{ change, ...about, before: one?.net ?? null, after: other?.net ?? null } as const];
  });
}

function sumsOf(lines: readonly ComparedLine[]): Map<string, ComparedLine> {
  const sums = new Map<string, ComparedLine>();
  for (const line of lines) {
    const key = JSON.stringify([line.kind, line.description, line.resource_id, line.corrects]);
    const known = sums.get(key);
    sums.set(key, known ? { ...line, net: Money.parse(known.net).add(Money.parse(line.net)).toText() } : line);
  }
  return sums;
}
