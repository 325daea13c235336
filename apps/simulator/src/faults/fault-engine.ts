import { pageOf } from '../http/page';
import type { SeededRandom } from '../world/random';
import { isSameRule } from './parse-rules';
import type { FaultRule } from './rule';

/** What a rule is compared with. */
export interface FaultTarget {
  method: string;
  path: string;
  query: Record<string, string>;
  tokenFingerprint: string;
}

interface Armed {
  rule: FaultRule;
  matched: number;
  fired: number;
  waiting: Set<() => void>;
}

export type FaultReport = FaultRule & { matched: number; fired: number; held: number };

/** The rules in force and how often each has fired. */
export class FaultEngine {
  private armed: Armed[] = [];

  constructor(private random: SeededRandom) {}

  /** Replaces all rules. One that stays the same keeps its counts and goes on holding; requests held by the others go on. */
  replace(rules: FaultRule[]): void {
    const before = this.armed;
    this.armed = rules.map(
      (rule) => before.find((old) => isSameRule(old.rule, rule)) ?? { rule, matched: 0, fired: 0, waiting: new Set() },
    );
    for (const old of before) if (!this.armed.includes(old)) for (const release of old.waiting) release();
  }

  /** Removes all rules and starts the generator anew. */
  reset(random: SeededRandom): void {
    this.replace([]);
    this.random = random;
  }

  /** A number in [0, 1) of the generator that also decides probabilities. */
  draw(): number {
    return this.random.next();
  }

  report(): FaultReport[] {
    return this.armed.map(({ rule, matched, fired, waiting }) => ({ ...rule, matched, fired, held: waiting.size }));
  }

  /** The rules that fire for a request, in the order in which they were given; counts them. */
  fire(target: FaultTarget): FaultRule[] {
    return this.armed.filter((armed) => this.fires(armed, target)).map((armed) => armed.rule);
  }

  /** Resolves when the rule is gone, or when `abandoned` says that nobody waits for the answer any more. */
  async untilRemoved(rule: FaultRule, abandoned: AbortSignal): Promise<void> {
    const armed = this.armed.find((candidate) => candidate.rule === rule);
    if (armed === undefined || abandoned.aborted) return;
    await new Promise<void>((resolve) => {
      const release = (): void => {
        armed.waiting.delete(release);
        abandoned.removeEventListener('abort', release);
        resolve();
      };
      armed.waiting.add(release);
      abandoned.addEventListener('abort', release, { once: true });
    });
  }

  private fires(armed: Armed, target: FaultTarget): boolean {
    const { match, times, effect } = armed.rule;
    if (!matches(armed.rule, target)) return false;
    if (effect.type === 'page_shift' && pageOf(target.query).page < 2) return false;
    armed.matched += 1;
    if (match.nth !== undefined && armed.matched !== match.nth) return false;
    if (times !== undefined && armed.fired >= times) return false;
    if (match.probability !== undefined && this.random.next() >= match.probability) return false;
    armed.fired += 1;
    return true;
  }
}

function matches({ match }: FaultRule, target: FaultTarget): boolean {
  if (match.method !== undefined && match.method !== '*' && match.method.toUpperCase() !== target.method) return false;
  if (match.path !== undefined && !matchesPath(match.path, target.path)) return false;
  if (match.token_fingerprint !== undefined && match.token_fingerprint !== target.tokenFingerprint) return false;
  return Object.entries(match.query ?? {}).every(([name, value]) => target.query[name] === String(value));
}

function matchesPath(pattern: string, path: string): boolean {
  const expression = pattern.replace(/\/+$/, '').replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${expression.replaceAll('*', '.*')}$`).test(path);
}
