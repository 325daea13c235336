/** A secret is asked for each time it is used, so that rotation needs no restart, and is never printed: a function has no text. */
export type Secret = () => string;

/** Secrets that are kept elsewhere than in the environment, by the names of their variables. Whoever keeps them has checked them. */
export type ExternalSecrets = Readonly<Record<string, Secret>>;

export type Environment = 'development' | 'test' | 'production';

export const LOG_LEVELS = ['error', 'warn', 'log', 'debug', 'verbose'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What provider tokens are for. They are also the names of the queues: a queue's jobs use the token of its name. */
export const TOKEN_PURPOSES = ['sync-fast', 'sync-full', 'sync-slow', 'billing', 'provisioning'] as const;

/** Which provider token a call uses; each purpose has a rate budget of its own when it has a token of its own. */
export type TokenPurpose = (typeof TOKEN_PURPOSES)[number];

/** Everything the environment says, checked once at boot, frozen. Durations are milliseconds unless the name says otherwise. */
export interface Config {
  readonly env: Environment;
  readonly production: boolean;
  /** Of package.json. */
  readonly version: string;
  readonly logLevel: LogLevel;
  /** Absolute. */
  readonly dataDir: string;
  /** How long a process may take from SIGTERM to its exit (OPS-6). */
  readonly shutdownMs: number;
  readonly http: { readonly host: string; readonly port: number; readonly corsOrigins: readonly string[]; readonly pageLimitMax: number };
  /** The api's own listener for scrapes; undefined: none. */
  readonly metricsPort: number | undefined;
  /** Off without an endpoint. `ratio` of the traces that begin here are kept. */
  readonly tracing: { readonly endpoint: string | undefined; readonly headers: Secret | undefined; readonly ratio: number };
  readonly worker: { readonly port: number; readonly queues: readonly TokenPurpose[] | 'all'; readonly schedules: boolean };
  /** `url` throws ConfigError when DATABASE_URL is not set, which is possible outside production only. */
  readonly database: { readonly url: Secret; readonly ownerUrl: Secret | undefined; readonly poolSize: number };
  readonly queues: {
    /** Set: BullMQ on Redis or Valkey. Undefined: BullMQ on the PostgreSQL of `database.url`. */
    readonly redisUrl: Secret | undefined;
    /** First part of all keys on Redis, so that two deployments can share one. PostgreSQL has a schema per database instead. */
    readonly prefix: string;
    /** A job's lock; a dead worker's job is taken over at the latest this plus `stalledCheckMs` after the death (OPS-3). */
    readonly lockMs: number;
    readonly stalledCheckMs: number;
    /** How often workers put back missing schedules and overdue sweeps (OPS-4). */
    readonly repairMs: number;
  };
  readonly provider: {
    readonly url: string;
    /** Undefined when no token is configured at all: nothing is synced, reads still answer. */
    readonly token: ((purpose: TokenPurpose) => string) | undefined;
    readonly ratePerMinute: number;
    readonly ratePerHour: number;
    /** Rolling windows behind the two rates: 60 s and 1 h at DigitalOcean; tests shrink them. */
    readonly minuteWindowMs: number;
    readonly hourWindowMs: number;
    readonly callTimeoutMs: number;
    readonly fallbackProject: string;
    readonly accountCheckMs: number;
  };
  readonly identity: {
    readonly jwtSecret: Secret;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly leewayS: number;
  };
  readonly inventory: {
    readonly strikesToDelete: number;
    readonly strikeSpacingMs: number;
    readonly placeholderStrikeSpacingMs: number;
    readonly vanishMaxRatio: number;
    readonly vanishMin: number;
    readonly deletionLagMs: number;
    /** How long a release of a suspect sweep covers the ids it listed. */
    readonly releaseCoversMs: number;
    /** How long a sweep may be silent before another worker may take its place. */
    readonly sweepLeaseMs: number;
    /** Confirmations by GET that one sweep may spend; the others wait for the next sweep. */
    readonly confirmationsPerSweep: number;
    /** Events older than this leave by whole months (INV-14). */
    readonly eventRetentionDays: number;
  };
  readonly saga: {
    readonly leaseMs: number;
    readonly renewMs: number;
    readonly reconcileMs: number;
    /** Pause between two shared looks at the provider for all waiting sagas. */
    readonly pollMs: number;
    /** The lag bound W: how long a fresh effect may stay invisible in provider lists. */
    readonly providerLagMs: number;
    /** Sagas of one tenant under way at once (TEN-6). */
    readonly openPerTenant: number;
    readonly reaperGraceMs: number;
    readonly reaperPeriodMs: number;
  };
  readonly record: {
    /** Between two looks for what was recorded and is not linked into the chain yet (INV-14). */
    readonly sealMs: number;
  };
  readonly retention: {
    /** Older sweeps are thinned out to the last complete one of each kind and day. */
    readonly sweepDays: number;
    readonly providerActionDays: number;
    /** Older balances are thinned out to the last of each day. */
    readonly balanceHourlyDays: number;
  };
  readonly finance: {
    /** Undefined: the push is skipped in silence. */
    readonly url: string | undefined;
    readonly tenantId: string;
  };
  /** Read by `npm start` and the simulator; no other process looks here. */
  readonly simulator: { readonly port: number; readonly token: Secret; readonly seed: number; readonly scale: number };
}
