import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean, ProviderError, UnknownOutcomeError } from '#libs/digitalocean';
import { isRetryable } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AccountBinding } from '../account/account-binding';
import type { SweepRef } from '../recorder/resource-recorder';
import { parseProject } from '../projects/project';
import { ProjectMirror } from '../projects/project-mirror';

/**
 * Sees to it that the home of resources without an owner exists at the provider: looked up by name in the complete listing
 * first, then made once. Nothing is ever moved into it there.
 */
@Injectable()
export class FallbackProject {
  private readonly log = new Logger(FallbackProject.name);

  constructor(
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
    private readonly mirror: ProjectMirror,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Call after a complete listing of the projects. A lost answer is looked up by the next listing; a refusal keeps the fallback local. */
  async ensure(sweep: SweepRef): Promise<void> {
    if (await this.mirror.hasFallback(sweep.accountId)) return;
    try {
      const { fingerprint } = await this.pin.check('provisioning');
      const made = await this.provider.send({
        purpose: 'provisioning',
        fingerprint,
        method: 'POST',
        path: '/v2/projects',
        key: 'project',
        parse: parseProject,
        body: {
          name: this.config.provider.fallbackProject,
          description: 'Home of resources that belong to nobody yet. Kept by arcadia-cloud.',
          purpose: 'Operational / Developer tooling',
          environment: 'Production',
        },
      });
      await this.mirror.recordPage(sweep, [made]);
      if (made.name !== this.config.provider.fallbackProject) await this.mirror.keepLocalFallback(sweep.accountId); // not what was asked for: do not ask again
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.log.warn({ event: 'fallback_project_not_made', code: error.code });
      if (!(error instanceof UnknownOutcomeError) && !isRetryable(error)) await this.mirror.keepLocalFallback(sweep.accountId);
    }
  }
}
