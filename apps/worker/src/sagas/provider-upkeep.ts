import { Inject, Injectable, Logger } from '@nestjs/common';
import { Catalogue } from '#libs/catalogue';
import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean } from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { Reaper } from '#libs/provisioning';

/** Prices and offers change a few times a year. */
const CATALOGUE_AGE_MS = 6 * 3_600_000;

/** What a worker of sagas sees to now and then, whichever of them is first: late effects at the provider, and the copy of its catalogue. */
@Injectable()
export class ProviderUpkeep {
  private readonly log = new Logger('Upkeep');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;

  constructor(
    private readonly reaper: Reaper,
    private readonly catalogue: Catalogue,
    private readonly provider: DigitalOcean,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  start(): void {
    if (!this.provider.configured) return;
    this.timer = setInterval(() => this.look(), this.config.saga.reaperPeriodMs);
    this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    this.round ??= this.seeTo().finally(() => (this.round = undefined));
  }

  private async seeTo(): Promise<void> {
    await this.reaper.round();
    try {
      await this.catalogue.refreshIfOlderThan(CATALOGUE_AGE_MS, 'provisioning');
    } catch (error) {
      this.log.warn({ event: 'catalogue_not_read', code: errorCode(error) });
    }
  }
}
