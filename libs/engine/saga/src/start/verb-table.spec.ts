import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SagaStatus } from '../saga.states';
import { actionsFor, refusalOf, SAGA_VERBS, situationOf, SITUATIONS, VERB_TABLE, verbTableText, type SagaFacts } from './verb-table';

const PAGE = join(__dirname, '../../../../../docs/api.md');
const [BEGIN, END] = [/<!-- verbs:.*-->\n/, '<!-- end of verbs -->'];

const RUNNING: SagaFacts = {
  status: 'running',
  isPaused: false,
  isLeased: false,
  pivotPassed: false,
  line: { status: 'running', hasError: true, hasIntent: false, compensationAttempts: 0 },
  step: { pivot: false, skippable: 'freely', isCheckable: true },
  undecided: null,
  isInternal: false,
};
const STARTED = { byTenant: true, askedBy: null };

it('is the table on the page of the API: UPDATE_GOLDEN=1 writes it again', () => {
  const page = readFileSync(PAGE, 'utf8');
  const head = BEGIN.exec(page);
  const from = (head?.index ?? 0) + (head?.[0].length ?? 0);
  const written = `${page.slice(0, from)}${verbTableText()}\n${page.slice(page.indexOf(END))}`;
  if (process.env.UPDATE_GOLDEN) writeFileSync(PAGE, written);
  expect(readFileSync(PAGE, 'utf8')).toBe(written);
});

it('names only situations in which a saga of that status can be', () => {
  for (const verb of SAGA_VERBS)
    for (const [status, situations] of Object.entries(VERB_TABLE[verb].from))
      expect({ verb, status, known: situations.every((one) => SITUATIONS[status as SagaStatus].includes(one)) }).toMatchObject({
        known: true,
      });
});

it.each<[string, Partial<SagaFacts>]>([
  ['backoff', {}],
  ['queued', { line: undefined }],
  ['working', { isLeased: true }],
  ['pausing', { isLeased: true, isPaused: true }],
  ['paused', { isPaused: true }],
  ['waiting', { line: { status: 'waiting', hasError: true, hasIntent: true, compensationAttempts: 0 } }],
  ['undecided', { status: 'awaiting_approval' }],
  ['stopped', { status: 'compensation_failed' }],
  ['ended', { status: 'rejected' }],
])('knows the situation %s', (situation, facts) => {
  expect(situationOf({ ...RUNNING, ...facts })).toBe(situation);
});

it.each<[string, (typeof SAGA_VERBS)[number], Partial<SagaFacts>, boolean]>([
  ['a skip of a step between two tries', 'skip', {}, true],
  ['no skip of a pivot', 'skip', { step: { pivot: true, skippable: 'freely', isCheckable: true } }, false],
  ['no skip of a step that does not declare it', 'skip', { step: { pivot: false, skippable: null, isCheckable: true } }, false],
  [
    'no skip of a step that has not failed',
    'skip',
    { isPaused: true, line: { status: 'running', hasError: false, hasIntent: true, compensationAttempts: 0 } },
    false,
  ],
  ['no output of a step without an intent', 'complete-with-output', {}, false],
  [
    'no second decision',
    'complete-with-output',
    { undecided: 'step_output', line: { status: 'running', hasError: true, hasIntent: true, compensationAttempts: 0 } },
    false,
  ],
  ['no cancel after a begun pivot', 'cancel', { step: { pivot: true, skippable: null, isCheckable: false } }, false],
  ['no redrive of a kind that no request starts', 'redrive', { status: 'rolled_back', isInternal: true }, false],
  ['a redrive of a rolled back saga', 'redrive', { status: 'rolled_back' }, true],
])('allows %s [OPV-3]', (_what, verb, facts, isAllowed) => {
  expect(refusalOf(verb, { ...RUNNING, ...facts }) === undefined).toBe(isAllowed);
});

it('lets a tenant cancel and retry what it started, and nothing else [OPV-1]', () => {
  const verbs = (facts: Partial<SagaFacts>, byTenant: boolean) =>
    actionsFor({ ...RUNNING, ...facts }, { tenantId: 'acme' }, { ...STARTED, byTenant });
  expect([verbs({}, true), verbs({ status: 'failed' }, true), verbs({}, false)]).toEqual([['cancel'], ['retry'], []]);
});

it('offers no decision to the person who asked [TNT-3]', () => {
  const verbs = (sub: string) =>
    actionsFor({ ...RUNNING, status: 'awaiting_approval', line: undefined }, { tenantId: null, sub }, { ...STARTED, askedBy: 'ada' });
  expect([verbs('ada'), verbs('boss')]).toEqual([
    ['cancel', 'set-policy'],
    ['cancel', 'set-policy', 'approve', 'reject'],
  ]);
});
