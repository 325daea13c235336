import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { InventoryReader, ResourceDeletedError } from '#libs/inventory';
import { domainError, quotedWord, unknownWord, ValidationFailedError, type FieldError } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { desiredFields, type DesiredState, type Spec } from '../entities/desired-state.entity';
import { isReservedTag } from '../provider/tag-calls';
import { DesiredStateRepository } from './desired-state.repository';

/** The resource is not managed: it has no desired state. */
export class DesiredStateNotFoundError extends domainError(
  'desired_state_not_found',
  'not_found',
  'The resource has no desired state: adopt it first, or PUT one with expected_version 0',
) {}

/** The desired state has changed since the caller read it. */
export class DesiredStateMovedOnError extends domainError(
  'desired_state_moved_on',
  'conflict',
  (version: number) => `The desired state has version ${version} now: read it again and decide anew`,
) {}

/** The desired state of a resource as the API returns it. */
export interface DesiredStateView {
  readonly resource_id: string;
  readonly spec: Spec;
  readonly spec_version: number;
  readonly changed_at: string;
  /** The saga that recorded the last change; null after an adoption or a change by an admin. */
  readonly saga_id: string | null;
}

/** Reads and replaces desired states on behalf of people. */
@Injectable()
export class DesiredStateService {
  constructor(
    private readonly transaction: Transaction,
    private readonly states: DesiredStateRepository,
    private readonly inventory: InventoryReader,
    private readonly audit: AuditLog,
  ) {}

  /** Throws `ResourceNotFoundError`, also for resources of other tenants, and `DesiredStateNotFoundError`. */
  async get(scope: Scope, resourceId: string): Promise<DesiredStateView> {
    await this.inventory.get(scope, resourceId);
    const state = await this.states.find(resourceId);
    if (!state) throw new DesiredStateNotFoundError();
    return desiredStateView(state);
  }

  /**
   * Replaces the whole desired state while its version is the expected one; 0 stands for none. From then on a live value that differs is
   * drift. Throws `ValidationFailedError`, `ResourceNotFoundError`, `ResourceDeletedError` and `DesiredStateMovedOnError`.
   */
  async put(resourceId: string, spec: Spec, expectedVersion: number, because: AuditContext): Promise<DesiredStateView> {
    const resource = await this.inventory.get({ kind: 'platform' }, resourceId);
    if (resource.deleted_at) throw new ResourceDeletedError();
    const errors = specErrors(resource.kind, spec);
    if (errors.length > 0) throw new ValidationFailedError(errors);
    await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      const previous = await this.states.find(resourceId, em);
      const version = await this.states.replace(tx, resourceId, spec, expectedVersion);
      if (version === undefined) throw new DesiredStateMovedOnError((await this.states.find(resourceId, em))?.version ?? 0);
      const details = { spec, previous_spec: previous?.spec ?? null, spec_version: version, tenant_id: resource.tenant_id };
      await this.audit.record(tx, { ...because, action: 'desired_state_set', target: { type: 'resource', id: resourceId }, details });
    });
    return this.get({ kind: 'platform' }, resourceId);
  }
}

function desiredStateView({ resourceId, spec, version, changedAt, lastSagaId }: DesiredState): DesiredStateView {
  return { resource_id: resourceId, spec, spec_version: version, changed_at: changedAt.toISOString(), saga_id: lastSagaId };
}

/** Problems of a desired state: fields that are never compared, and values that no resource of the kind can have. Pure. */
export function specErrors(kind: string, spec: Spec): FieldError[] {
  const known = desiredFields(kind);
  const fields = Object.keys(spec);
  if (fields.length === 0) return [{ field: 'spec', message: `must name at least one of ${known.join(', ')}` }];
  return fields.flatMap((field): FieldError[] => {
    const message = known.includes(field) ? valueProblem(kind, field, spec[field]) : unknownWord(field, known);
    return message === undefined ? [] : [{ field: `spec.${field}`, message }];
  });
}

function valueProblem(kind: string, field: string, value: unknown): string | undefined {
  if (field === 'tags') return tagsProblem(value);
  if (kind === 'droplet' && field === 'power') return value === 'on' || value === 'off' ? undefined : 'must be on or off';
  if (kind === 'droplet' && field === 'backups') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (field.endsWith('_rules')) return Array.isArray(value) ? undefined : 'must be a list of rules';
  if (field === 'size_gigabytes') return Number.isInteger(value) && Number(value) > 0 ? undefined : 'must be a whole number of GiB';
  return typeof value === 'string' && value !== '' && value.length <= 255 ? undefined : 'must be a text of 1 to 255 characters';
}

function tagsProblem(value: unknown): string | undefined {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === 'string' && tag !== '' && tag.length <= 255))
    return 'must be a list of tags';
  const reserved = (value as string[]).find(isReservedTag);
  return reserved === undefined ? undefined : `must not contain ${quotedWord(reserved)}: tags of that name are reserved for this service`;
}
