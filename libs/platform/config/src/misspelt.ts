import { closest, distance } from 'fastest-levenshtein';
import { SECRET_NAMES, VARIABLES } from './variables';

const KNOWN: readonly string[] = [...Object.keys(VARIABLES), ...SECRET_NAMES.map((name) => `${name}_FILE`)];

/** Prefixes that nobody else uses: under them every unknown name is a mistake. Others (DO_NOT_TRACK, DATABASE_USER, JWT_ALG) may be foreign. */
const OWN_PREFIXES = ['DO_API_', 'DO_RATE_', 'DO_CALL_', 'SAGA_', 'SIMULATOR_', 'STRIKE_', 'STRIKES_', 'VANISH_', 'SWEEP_', 'REAPER_'];
const UNITS = ['_MS', '_S', '_URL', '_PER_MINUTE', '_PER_HOUR', '_DAYS'];
/** Shorter names are too close to foreign ones: HOME is two letters from HOST. */
const MIN_LENGTH = 8;

/** What Kubernetes puts into every container for a service called `worker`, `simulator`, … */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?$/;

function looksLikeOurs(name: string, nearest: string): boolean {
  if (SERVICE_LINK.test(name)) return false;
  if (OWN_PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  if (name.includes('_') && UNITS.some((unit) => nearest === name + unit)) return true;
  return nearest.length >= MIN_LENGTH && distance(name, nearest) <= 2;
}

/** One problem per name that is not ours but was surely meant to be. Foreign variables pass: they are none of our business. */
export function misspeltNames(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => !KNOWN.includes(name))
    .flatMap((name) => {
      const nearest = KNOWN.find((known) => UNITS.some((unit) => known === name + unit)) ?? closest(name, KNOWN);
      return looksLikeOurs(name, nearest) ? [`${name} is not a variable of ours; did you mean ${nearest}?`] : [];
    });
}
