import { Injectable, type Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { AuditLog } from '#libs/audit';
import { OffersReader } from '#libs/catalog';
import { DriftService } from '#libs/drift';
import { EVENT_TYPES, EventReader } from '#libs/events';
import type { Scope } from '#libs/identity';
import { InventoryWords } from '#libs/inventory';
import { unknownWord, type FieldError } from '#libs/kernel';
import { BillingHistory, CostLineReader } from '#libs/provider-billing';
import { SagaReader } from '#libs/saga';
import { wordsIn, type Vocabulary } from './input.decorators';
import { currentScope } from './request-context';

/** The words of one vocabulary. */
interface Words {
  /** Words of the code and of the provider's catalog: the same for every caller. */
  readonly shared: () => Promise<readonly string[]> | readonly string[];
  /** Words that only rows contain, in the scope of the caller: a tenant must not learn what others have. [TEN-3] */
  readonly inRows: (scope: Scope) => Promise<readonly string[]>;
}

/** The result of a check. `shared`: it does not depend on the caller. */
export interface CheckedWords {
  readonly problems: readonly FieldError[];
  readonly shared: boolean;
}

/**
 * Checks words of a request against the lists that the product knows: those in the code, and those that only rows contain, such as a kind
 * that a newer provider has. A misspelt word would otherwise find nothing, which reads as "there is nothing". [TEN-5]
 */
@Injectable()
export class KnownWords {
  private readonly vocabularies: Readonly<Record<Vocabulary, Words>>;

  constructor(
    inventory: InventoryWords,
    drift: DriftService,
    sagas: SagaReader,
    lines: CostLineReader,
    history: BillingHistory,
    audit: AuditLog,
    offers: OffersReader,
    events: EventReader,
  ) {
    this.vocabularies = {
      resource_kind: { shared: () => inventory.kinds, inRows: (scope) => inventory.kindsInRows(scope) },
      resource_status: { shared: () => inventory.statuses, inRows: (scope) => inventory.statusesInRows(scope) },
      region: { shared: () => inventory.regions(), inRows: (scope) => inventory.regionsInRows(scope) },
      size: { shared: () => inventory.sizes(), inRows: (scope) => inventory.sizesInRows(scope) },
      size_family: { shared: () => offers.families(), inRows: async () => [] },
      drift_field: { shared: () => drift.knownFields, inRows: () => drift.fieldsInRows() },
      saga_kind: { shared: () => sagas.knownKinds(), inRows: (scope) => sagas.kindsInRows(scope) },
      line_kind: { shared: () => lines.knownKinds, inRows: () => lines.kindsInRows() },
      history_type: { shared: () => history.knownTypes, inRows: () => history.typesInRows() },
      event_type: { shared: () => EVENT_TYPES, inRows: (scope) => events.typesInRows(scope) },
      event_kind: { shared: () => [...inventory.kinds, ...sagas.knownKinds()], inRows: (scope) => events.kindsInRows(scope) },
      audit_action: { shared: () => AUDIT_ACTIONS, inRows: () => audit.wordsInRows('action') },
      audit_target: { shared: () => AUDIT_TARGETS, inRows: () => audit.wordsInRows('targetType') },
    };
  }

  /** Checks the fields of `input` that its class declares with `IsKnown` or `AreKnown`. */
  async check(metatype: Type, input: Readonly<Record<string, unknown>>): Promise<CheckedWords> {
    const checked = await Promise.all(
      fieldsOf(metatype)
        .filter(({ field }) => typeof input[field] === 'string')
        .map(({ field, vocabulary, isList }) => {
          const text = input[field] as string;
          return this.checkField(field, isList ? wordsIn(text) : [text], this.vocabularies[vocabulary]);
        }),
    );
    return { problems: checked.flatMap(({ problems }) => problems), shared: checked.every(({ shared }) => shared) };
  }

  private async checkField(field: string, words: readonly string[], { shared, inRows }: Words): Promise<CheckedWords> {
    const common = await shared();
    if (words.every((word) => common.includes(word))) return { problems: [], shared: true };
    const scope = currentScope();
    const known = [...new Set([...common, ...(scope ? await inRows(scope) : [])])].sort();
    const unknown = words.find((word) => !known.includes(word));
    const isWrong = unknown !== undefined && known.length > 0; // before the first sweep no word may be known
    return { problems: isWrong ? [{ field, message: `${field} ${unknownWord(unknown, known)}` }] : [], shared: false };
  }
}

/** The actions that this release records in the audit log. */
export const AUDIT_ACTIONS: readonly string[] = [
  'attribution_confirmed',
  'attribution_rule_added',
  'attribution_rule_changed',
  'attribution_rule_removed',
  'billing_issuer_set',
  'billing_pools_set',
  'billing_profile_set',
  'billing_run_requested',
  'desired_state_set',
  'drift_accepted',
  'drift_detection_requested',
  'drift_rule_added',
  'drift_rule_changed',
  'drift_rule_removed',
  'dunning_policy_set',
  'fx_rate_set',
  'inventory_bulk_changed',
  'invoice_ingest_requested',
  'invoice_released',
  'job_promoted',
  'job_removed',
  'job_retried',
  'list_prices_set',
  'notifications_ended',
  'notifications_set',
  'owner_set',
  'project_changed',
  'queue_cleaned',
  'queue_emptied',
  'queue_paused',
  'queue_promoted',
  'queue_resumed',
  'queue_retried',
  'queues_paused',
  'queues_resumed',
  'rate_card_changed',
  'rate_card_created',
  'rate_card_version_changed',
  'rate_card_version_created',
  'rate_card_version_published',
  'rate_override_created',
  'rate_override_deleted',
  'resource_adopted',
  'resource_protected',
  'resource_unprotected',
  'saga_approved',
  'saga_bulk_created',
  'saga_bulk_stopped',
  'saga_cancelled',
  'saga_holds_released',
  'saga_output_approved',
  'saga_output_proposed',
  'saga_output_rejected',
  'saga_paused',
  'saga_policy_set',
  'saga_redriven',
  'saga_rejected',
  'saga_resumed',
  'saga_retried',
  'saga_started',
  'saga_step_retried',
  'saga_step_skipped',
  'schedule_run',
  'sweep_released',
  'sweep_requested',
  'tax_rule_changed',
  'tax_rule_created',
  'tenant_changed',
  'tenant_created',
  'tenant_invoice_adjusted',
  'tenant_invoice_approved',
  'tenant_invoice_created',
  'tenant_invoice_credited',
  'tenant_invoice_discarded',
  'tenant_invoice_issued',
  'tenant_invoice_paid',
  'tenant_invoice_refreshed',
  'tenant_invoice_unapproved',
  'tenant_invoice_voided',
  'tenant_invoice_written_off',
  'tenant_invoices_built',
  'tenant_invoices_bulk_changed',
  'tenant_limits_changed',
  'tenant_rate_card_set',
  'wallet_granted',
  'webhook_changed',
  'webhook_created',
  'webhook_deleted',
  'webhook_delivery_resent',
  'webhook_paused',
  'webhook_replayed',
  'webhook_resumed',
  'webhook_secret_rotated',
  'webhook_tested',
];

/** What the entries of this release are about. */
export const AUDIT_TARGETS: readonly string[] = [
  'attribution_rule',
  'billing_issuer',
  'billing_period',
  'billing_pools',
  'billing_run',
  'drift',
  'drift_rule',
  'fx_rate',
  'inventory',
  'invoice',
  'list_prices',
  'notification_subscription',
  'project',
  'queue',
  'rate_card',
  'rate_override',
  'resource',
  'saga',
  'saga_bulk_job',
  'sweep',
  'tax_rule',
  'tenant',
  'tenant_invoice',
  'tenant_invoices',
  'wallet_entry',
  'webhook',
];

interface KnownField {
  readonly field: string;
  readonly vocabulary: Vocabulary;
  readonly isList: boolean;
}

const fieldsByClass = new Map<Type, readonly KnownField[]>();

function fieldsOf(metatype: Type): readonly KnownField[] {
  const found = fieldsByClass.get(metatype);
  if (found) return found;
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', true, false);
  const fields = rules
    .filter(({ name }) => name === 'isKnown' || name === 'areKnown')
    .map(({ name, propertyName, constraints }) => ({
      field: propertyName,
      vocabulary: (constraints as readonly Vocabulary[])[0] as Vocabulary,
      isList: name === 'areKnown',
    }));
  fieldsByClass.set(metatype, fields);
  return fields;
}
