import type { VaultSecrets } from '#libs/config';
import { gauge } from '#libs/observability';
import { Logger } from '@nestjs/common';
import { PeriodicTask } from './periodic-task';

/** Spreads the refreshes of processes that were started together, as a share of the interval. */
const SPREAD = 0.1;

/** Keeps the secrets of a process current: reads Vault every `refreshMs`, logs rotations and failures, and feeds the metric. */
export class VaultRefresh {
  private readonly log = new Logger('Vault');
  private readonly task: PeriodicTask;
  private lastProblem: string | undefined;

  private constructor(private readonly vault: VaultSecrets) {
    this.task = PeriodicTask.start({
      name: 'vault_refresh',
      context: 'Vault',
      everyMs: vault.refreshMs,
      spread: SPREAD,
      run: (signal) => this.refresh(signal),
    });
  }

  static start(vault: VaultSecrets): VaultRefresh {
    refreshed = vault;
    return new VaultRefresh(vault);
  }

  async stop(): Promise<void> {
    refreshed = undefined;
    await this.task.stop();
  }

  private async refresh(signal: AbortSignal): Promise<void> {
    const { rotated, problem } = await this.vault.refresh();
    if (signal.aborted) return;
    if (rotated.length > 0) this.log.log({ event: 'secrets_rotated', names: rotated });
    this.logChangeOf(problem);
  }

  /** Writes one line when failures begin, when their reason changes, and when they end. */
  private logChangeOf(problem: string | undefined): void {
    if (problem === this.lastProblem) return;
    if (problem === undefined) this.log.log({ event: 'vault_refresh_recovered' });
    else this.log.warn({ event: 'vault_refresh_failed', reason: problem });
    this.lastProblem = problem;
  }
}

/** The secrets of this process that come from Vault. Like the registry of metrics, there is one per process. */
let refreshed: VaultSecrets | undefined;

/** The seconds since the first of the failed refreshes, 0 without a failure; undefined when no secret of this process comes from Vault. */
export function vaultRefreshLagS(): number | undefined {
  return refreshed && refreshed.troubleMs / 1_000;
}

gauge('arcadia_vault_refresh_lag_seconds', 'Seconds since secrets could last be read from Vault; 0 while they can', [], () => {
  const value = vaultRefreshLagS();
  return Promise.resolve(value === undefined ? [] : [{ labels: {}, value }]);
});
