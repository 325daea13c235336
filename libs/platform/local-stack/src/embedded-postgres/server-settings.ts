/** `durable` keeps every commit through a power failure; `throwaway` is for tests, whose data nobody misses. */
export type Durability = 'durable' | 'throwaway';

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '400',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const throwawaySettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '5min' };

/** Arguments of the `postgres` program. */
export function serverArguments(dataDir: string, port: number, durability: Durability): string[] {
  const chosen = { ...settings, port: String(port), ...(durability === 'throwaway' ? throwawaySettings : {}) };
  return ['-D', dataDir, ...Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Nothing of our own environment reaches the server: PG* variables would redirect it, and its locale must not depend on the terminal. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}
