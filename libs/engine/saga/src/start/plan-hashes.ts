import { createHmac } from 'node:crypto';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { canonicalJson, type Json } from '#libs/kernel';
import { Inject, Injectable } from '@nestjs/common';
import type { PlanContent } from '../definition/plan';

/** A hash contains the minute in which it was made, so two plans of one minute that are equal have equal hashes. */
const MINUTE_MS = 60_000;
/** How long a hash is valid after that minute. */
const VALID_MINUTES = 15;

/** A start that a plan describes: who asks for what, and what its steps will use. */
export interface HashedPlan {
  readonly kind: string;
  readonly tenantId: string | null;
  /** The prepared input, or the part of it that the steps use. To prepare it again does not change it. */
  readonly input: object;
  readonly plan: PlanContent;
}

/** The hash of a plan, and until when a start may name it; RFC 3339. */
export interface IssuedHash {
  readonly plan_hash: string;
  readonly plan_expires_at: string;
}

/**
 * Makes and checks the hashes of plans: HMACs with a key of the server, so a caller cannot make one up. Nothing is stored for them. The
 * time is the database's, so all processes agree on it. [TNT-4]
 */
@Injectable()
export class PlanHashes {
  constructor(
    @Inject(Database) private readonly clock: Pick<Database, 'clockMs'>,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Covers what the steps will use, and nothing that a sweep or a refresh of the catalog changes without effect on it. */
  fingerprint(planned: HashedPlan): string {
    return this.hmac(jsonOf(usedBy(planned)));
  }

  /** Makes a hash of the fingerprint and of the limits that bind the start. */
  async issue(fingerprint: string, plan: PlanContent): Promise<IssuedHash> {
    const minute = await this.currentMinute();
    return {
      plan_hash: this.hashOf(fingerprint, plan, minute),
      plan_expires_at: new Date((minute + 1 + VALID_MINUTES) * MINUTE_MS).toISOString(),
    };
  }

  /** Whether the hash was made for this fingerprint and these limits, and is still valid. */
  async matches(hash: string, fingerprint: string, plan: PlanContent): Promise<boolean> {
    const current = await this.currentMinute();
    const minutes = Array.from({ length: VALID_MINUTES + 1 }, (_one, ago) => current - ago);
    return minutes.some((minute) => this.hashOf(fingerprint, plan, minute) === hash);
  }

  private hashOf(fingerprint: string, { limits, approval }: PlanContent, minute: number): string {
    const bounds = limits.map(({ limit, allowed }) => ({ limit, allowed }));
    return this.hmac(jsonOf({ minute, fingerprint, bounds, approval: approval.required }));
  }

  private hmac(text: string): string {
    return createHmac('sha256', this.config.saga.planKey()).update(text).digest('base64url');
  }

  private async currentMinute(): Promise<number> {
    return Math.floor((await this.clock.clockMs()) / MINUTE_MS);
  }
}

/** In JSON a field that is undefined is a field that is missing. */
const jsonOf = (value: object): string => canonicalJson(JSON.parse(JSON.stringify(value)) as Json);

/** Targets and the fields that are touched, sizes and prices. A price counts with its amounts, not with its age. Pure. */
function usedBy({ kind, tenantId, input, plan }: HashedPlan) {
  const { steps, creates, changes, destroys, cost, holds } = plan;
  const amounts = <T extends { readonly price: { readonly monthly: string; readonly hourly: string } | null }>({ price, ...rest }: T) => ({
    ...rest,
    price: price && { monthly: price.monthly, hourly: price.hourly },
  });
  return {
    kind,
    tenantId,
    input,
    steps: steps.map(({ name }) => name),
    creates: creates.map(amounts),
    changes,
    destroys: destroys.map(amounts),
    cost,
    holds,
  };
}
