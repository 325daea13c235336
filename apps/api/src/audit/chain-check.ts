import { Inject, Injectable } from '@nestjs/common';
import { verifyChain, type ChainHead, type Finding, type Verified } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { withSession } from '#libs/database';
import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { domainError } from '#libs/kernel';

/** Findings that an answer lists; their number is always complete. */
const MOST_FINDINGS = 100;
/** A client should not wait longer; `npm run audit:verify` has no limit. */
const LIMIT_MS = 60_000;

export class VerificationRunningError extends domainError(
  'verification_running',
  'conflict',
  'A verification is running in this process: wait until it has ended',
) {}

export class RecordTooLongError extends domainError(
  'record_too_long',
  'unavailable',
  'The record is too long to be verified in a minute: run npm run audit:verify beside the database instead',
) {}

/** What a verification found: nothing when the record is whole. */
export interface CheckedChain extends Verified {
  readonly findings: readonly Finding[];
  readonly findingsCount: number;
}

/**
 * Verifies that events and audit log are as they were recorded. A process does one verification at a time, on a connection of its own,
 * because it reads every row.
 */
@Injectable()
export class ChainCheck {
  private isRunning = false;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * `exported`: a head of earlier, which must still be in the chain. Throws `VerificationRunningError`, and `RecordTooLongError` after a
   * minute.
   */
  async verify(exported: ChainHead | undefined): Promise<CheckedChain> {
    if (this.isRunning) throw new VerificationRunningError();
    this.isRunning = true;
    try {
      return await this.verifyAll(exported);
    } finally {
      this.isRunning = false;
    }
  }

  private async verifyAll(exported: ChainHead | undefined): Promise<CheckedChain> {
    const { database, inventory } = this.config;
    const findings: Finding[] = [];
    let findingsCount = 0;
    const found = (finding: Finding) => {
      findingsCount += 1;
      if (findings.length < MOST_FINDINGS) findings.push(finding);
    };
    const deadline = performance.now() + LIMIT_MS;
    const giveUpLate = () => {
      if (performance.now() > deadline) throw new RecordTooLongError();
    };
    const verified = await withSession(database.url(), 'service', (session) =>
      verifyChain(session, { streams: APPEND_ONLY_STREAMS, exported, keepDays: inventory.eventRetentionDays }, found, giveUpLate),
    );
    return { ...verified, findings, findingsCount };
  }
}
