import { AccountBinding, parseProject, ProjectMirror, type ListedProject } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean, ProviderError, UnknownOutcomeError } from '#libs/digitalocean';
import { isRetryable } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';

/**
 * Ensures that the project for resources without an owner exists at the provider. It is searched by name in the complete list first, then
 * created once. Nothing is ever moved into it at the provider.
 */
@Injectable()
export class FallbackProject {
  private readonly log = new Logger(FallbackProject.name);

  constructor(
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly mirror: ProjectMirror,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Call it after a complete list of the projects. After a lost response the next list finds the project; after a refusal it stays local.
   * `record` writes the created project into the mirror.
   */
  async ensure(accountId: string, record: (page: readonly ListedProject[]) => Promise<void>): Promise<void> {
    if (await this.mirror.hasFallback(accountId)) return;
    try {
      const { fingerprint } = await this.binding.check('provisioning');
      const created = await this.provider.send({
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
      await record([created]);
      // The provider may have given the project another name. A local fallback stops the next sweep from creating it again.
      if (created.name !== this.config.provider.fallbackProject) await this.mirror.keepLocalFallback(accountId);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.log.warn({ event: 'fallback_project_create_failed', code: error.code });
      if (!(error instanceof UnknownOutcomeError) && !isRetryable(error)) await this.mirror.keepLocalFallback(accountId);
    }
  }
}
