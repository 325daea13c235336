import { Inject, Injectable, Logger } from '@nestjs/common';
import { Catalog } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean } from '#libs/digitalocean';
import { BoundProvider } from '#libs/inventory';
import { errorCode } from '#libs/kernel';
import { Reaper } from '#libs/provisioning';
import { SagaStarter } from '#libs/saga';

/** Prices and offers change a few times a year. */
const CATALOGUE_AGE_MS = 6 * 3_600_000;

/**
 * What the workers of sagas see to now and then, whichever of them is first: late effects at the provider, the copy of its catalogue, and keys that
 * have served their time. What goes wrong is told and tried again in the next round.
 */
@Injectable()
export class SagaMaintenance {
  private readonly log = new Logger('SagaMaintenance');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private ended = false;

  constructor(
    private readonly reaper: Reaper,
    private readonly catalogue: Catalog,
    private readonly starts: SagaStarter,
    private readonly provider: DigitalOcean,
    private readonly bound: BoundProvider,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** False while it is unknown whether the database was restored from a backup: then no saga may go on. */
  async noticeRestore(): Promise<boolean> {
    let knowledge = 'unknown';
    await this.attempt('restore', async () => (knowledge = await this.reaper.noticeRestore()));
    return knowledge !== 'unknown';
  }

  start(): void {
    this.timer = setInterval(() => this.look(), this.config.saga.reaperPeriodMs);
    this.look();
  }

  /** A round under way may wait for the provider's budget, so nobody waits for it: another worker's next one does what it left. */
  stop(): void {
    this.ended = true;
    clearInterval(this.timer);
  }

  private look(): void {
    this.round ??= this.seeTo().finally(() => (this.round = undefined));
  }

  private async seeTo(): Promise<void> {
    await this.attempt('keys', () => this.starts.forgetOldKeys());
    if (!this.provider.configured) return;
    await this.attempt('reaper', () => this.reaper.round());
    await this.attempt('catalogue', () => this.refreshCatalogue());
  }

  private async refreshCatalogue(): Promise<void> {
    const { purpose, fingerprint } = await this.bound.token('provisioning');
    await this.catalogue.refreshIfOlderThan(CATALOGUE_AGE_MS, purpose, fingerprint);
  }

  private async attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.ended) this.log.warn({ event: 'upkeep_failed', what, code: errorCode(error) });
    }
  }
}
