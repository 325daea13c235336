import { Inject, Injectable } from '@nestjs/common';
import { ChainSealer } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Rounds } from './rounds';

/** Links what was recorded since into the chain (INV-14), in every worker; whichever comes first does it. */
@Injectable()
export class ChainSealing extends Rounds {
  constructor(
    private readonly sealer: ChainSealer,
    database: Database,
    @Inject(CONFIG) config: Config,
  ) {
    super('sealing', config.record.sealMs, database);
  }

  protected async round(signal: AbortSignal): Promise<void> {
    await this.sealer.seal(signal);
  }
}
