import { gauge } from '#libs/observability';
import type { VaultSecrets } from '#libs/config';
import { Logger } from '@nestjs/common';

/** Spreads the refreshes of processes that were started together, as a share of the interval. */
const SPREAD = 0.1;

/**
 * Keeps the secrets of a process current: reads Vault every `refreshMs`, logs rotations and trouble, and feeds the metric. The timer does not
 * keep the process alive.
 */
export class VaultRefresh {
  private readonly log = new Logger('Vault');
  private timer: NodeJS.Timeout | undefined;
  private lastProblem: string | undefined;
  private isStopped = false;

  private constructor(private readonly vault: VaultSecrets) {}

  static start(vault: VaultSecrets): VaultRefresh {
    const refresh = new VaultRefresh(vault);
    followed = vault;
    refresh.schedule();
    return refresh;
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    followed = undefined;
  }

  private schedule(): void {
    if (this.isStopped) return;
    const ms = this.vault.refreshMs * (1 - SPREAD + 2 * SPREAD * Math.random());
    this.timer = setTimeout(() => void this.refresh().finally(() => this.schedule()), ms).unref();
  }

  private async refresh(): Promise<void> {
    const { rotated, problem } = await this.vault.refresh();
    if (this.isStopped) return;
    if (rotated.length > 0) this.log.log({ event: 'secrets_rotated', names: rotated });
    this.logChangeOf(problem);
  }

  /** One line when trouble begins, when its reason changes, and when it ends. */
  private logChangeOf(problem: string | undefined): void {
    if (problem === this.lastProblem) return;
    if (problem === undefined) this.log.log({ event: 'secrets_followed_again' });
    else this.log.warn({ event: 'secrets_not_followed', reason: problem });
    this.lastProblem = problem;
  }
}

/** The secrets of this process that come from Vault; the metric is a process's own, like the registry. */
let followed: VaultSecrets | undefined;

/** For how many seconds Vault could not be read; undefined when no secret of this process comes from Vault. */
export function vaultTroubleS(): number | undefined {
  return followed && followed.troubleMs / 1_000;
}

gauge('arcadia_secrets_unfollowed_seconds', 'For how long secrets in Vault could not be followed; 0 while they are', [], () => {
  const value = vaultTroubleS();
  return Promise.resolve(value === undefined ? [] : [{ labels: {}, value }]);
});
