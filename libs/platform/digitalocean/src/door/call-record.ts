import { TOKEN_PURPOSES, type TokenPurpose } from '#libs/config';
import { counter, histogram, inSpan } from '#libs/observability';
import type { CallOutcome } from '../governor/call-outcome';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const calls = counter(
  'arcadia_provider_calls_total',
  'Calls to the provider by how they ended: refused is a 4xx, failed a 5xx or no usable answer',
  ['purpose', 'outcome'],
  TOKEN_PURPOSES.map((purpose) => ({ purpose, outcome: 'limited' })),
);
const times = histogram(
  'arcadia_provider_call_seconds',
  'Time of one call to the provider, from sending to the last byte',
  ['purpose'],
  SECONDS,
);

/** What may be told of a call: its ids are left out, its query and body are not even here. */
export interface CallFacts {
  readonly purpose: TokenPurpose;
  readonly method: string;
  readonly path: string;
}

/** Makes one call, counts it by outcome and shows it in the trace. `call` tells the outcome as soon as it is known. */
export function recorded<T>({ purpose, method, path }: CallFacts, call: (tell: (outcome: CallOutcome) => void) => Promise<T>): Promise<T> {
  const template = templateOf(path);
  const attributes = { 'http.request.method': method, 'url.template': template, 'arcadia.purpose': purpose };
  return inSpan({ name: `${method} ${template}`, kind: 'client', attributes }, (span) => {
    const begunMs = performance.now();
    return call((outcome) => {
      calls.inc({ purpose, outcome });
      times.observe({ purpose }, (performance.now() - begunMs) / 1_000);
      span.set({ 'arcadia.outcome': outcome });
    });
  });
}

/** `/v2/droplets/:id/actions`: the provider's own words stay, everything else is an id or a name. */
function templateOf(path: string): string {
  return path
    .split('/')
    .map((part) => (/^([a-z_]{1,30}|v2|)$/.test(part) ? part : ':id'))
    .join('/');
}
