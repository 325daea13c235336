import { Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, Problem, type Saga, type SagaTimeline } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { IconDots, IconRefresh } from '../../parts/icons';
import { ProblemCode } from '../../parts/states';
import { useSession } from '../../shell/session';
import { DecisionDialog } from './decision-dialog';
import { OutputDialog } from './output-dialog';
import { PolicyDialog } from './policy-dialog';
import { TEXTS } from './texts';

export type Verb = Saga['actions'][number];

/** In the order of the buttons: the first two are buttons, the others are in the menu beside them. */
const ORDER: readonly Verb[] = [
  'approve',
  'reject',
  'resume',
  'retry',
  'retry-step',
  'pause',
  'redrive',
  'cancel',
  'release',
  'skip',
  'set-policy',
  'complete-with-output',
];
const BUTTONS = 2;
const PRIMARY: readonly Verb[] = ['approve', 'resume', 'retry'];
const DANGEROUS: readonly Verb[] = ['cancel', 'release'];

export interface DialogProps {
  readonly saga: Saga;
  readonly timeline: SagaTimeline | undefined;
  readonly perform: (verb: Verb, body: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly close: () => void;
}

/** A second pause, a resume of a saga that is not paused, a second cancel and a decision about an own start change nothing or are refused. */
function isUseful(saga: Saga, verb: Verb, sub: string): boolean {
  if (verb === 'cancel') return !saga.cancel_requested && saga.status !== 'compensating';
  if (verb === 'pause') return saga.paused_at === null;
  if (verb === 'approve') return saga.approval?.asked_by !== sub;
  return verb !== 'resume' || saga.paused_at !== null;
}

interface Performed {
  readonly verb: Verb;
  readonly body: Readonly<Record<string, unknown>>;
  /** The version of the saga that the person saw. */
  readonly version: number;
}

/** Carries out a verb, for the version of the saga that was on the page when its dialog opened. */
function usePerform(saga: Saga, done?: (verb: Verb) => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ verb, body, version }: Performed): Promise<{ data: Saga }> => {
      const isOld = verb === 'cancel' || verb === 'retry' || verb === 'approve' || verb === 'reject' || verb === 'release';
      const whole = isOld ? body : { ...body, expected_version: version };
      const call: Promise<unknown> = answered(
        api.POST(`/api/v1/sagas/{id}/${verb}`, { params: { path: { id: saga.id } }, body: whole as never }),
      );
      return call as Promise<{ data: Saga }>; // every verb answers with the saga
    },
    onSuccess: async (answer, { verb }) => {
      if (done) {
        await client.invalidateQueries({ queryKey: ['sagas'] });
        return done(verb);
      }
      if (verb === 'redrive') return navigate({ to: '/sagas/$id', params: { id: answer.data.id } });
      client.setQueryData(['saga', saga.id], answer);
      await client.invalidateQueries({ queryKey: ['saga-timeline', saga.id] });
    },
    onError: (error) => {
      // What is on the page is not the newest any more.
      if (error instanceof Problem && error.status === 409) void client.invalidateQueries({ queryKey: ['saga', saga.id] });
    },
  });
}

interface SagaActionsProps {
  readonly saga: Saga;
  readonly timeline: SagaTimeline | undefined;
  /** The page stays, and gets the verb that was carried out. Verbs that need the page of the saga are left out. */
  readonly done?: (verb: Verb) => void;
}

const IN_PLACE: readonly Verb[] = ['approve', 'reject', 'resume', 'retry', 'cancel', 'release'];
const KEYS: Readonly<Partial<Record<Verb, string>>> = { approve: 'a', retry: 'r' };

/** A button or an item for every verb that is legal now, each with its dialog. */
export function SagaActions({ saga, timeline, done }: SagaActionsProps) {
  const [asking, setAsking] = useState<{ readonly verb: Verb; readonly asked: Saga } | null>(null);
  const { isAdmin, session } = useSession();
  const { mutate, mutateAsync, isPending, error, reset } = usePerform(saga, done);
  const legal = ORDER.filter((verb) => saga.actions.includes(verb) && isUseful(saga, verb, session.sub));
  const verbs = done ? legal.filter((verb) => IN_PLACE.includes(verb)) : legal;
  const press = (verb: Verb) => {
    reset();
    if (verb === 'retry') mutate({ verb, body: {}, version: saga.version });
    else setAsking({ verb, asked: saga });
  };
  const perform: DialogProps['perform'] = (verb, body) => {
    // A running saga has a new version after each step, and a pause means all of them.
    const seen = verb === 'pause' ? saga : (asking?.asked ?? saga);
    return mutateAsync({ verb, body, version: seen.version });
  };
  const isOverLimit = error instanceof Problem && error.code === 'limit_exceeded';
  return (
    <>
      {asking === null && error && (
        <span role="alert" className="act-refused">
          {error.message} <ProblemCode error={error} />
          {isAdmin && isOverLimit && (
            <button type="button" className="btn sml" onClick={() => setAsking({ verb: 'retry', asked: saga })}>
              {TEXTS.override.button}
            </button>
          )}
        </span>
      )}
      {!done && (
        <a className="btn quiet" href={`/api/v1/sagas/${saga.id}`} target="_blank" rel="noreferrer">
          {'{ }'} {TEXTS.json}
        </a>
      )}
      {verbs.length > BUTTONS && <MoreVerbs verbs={verbs.slice(BUTTONS)} press={press} />}
      {verbs
        .slice(0, BUTTONS)
        .reverse()
        .map((verb) => (
          <button
            key={verb}
            type="button"
            className={PRIMARY.includes(verb) && verb === verbs[0] ? 'btn pri' : 'btn'}
            aria-keyshortcuts={KEYS[verb]}
            disabled={isPending}
            onClick={() => press(verb)}
          >
            {verb === 'retry' && <IconRefresh size={16} stroke={1.75} aria-hidden />}
            {verbText(saga, verb)}
          </button>
        ))}
      {asking && <VerbDialog verb={asking.verb} saga={asking.asked} timeline={timeline} perform={perform} close={() => setAsking(null)} />}
    </>
  );
}

/** The label of a verb's button: the same verb means something else for an undo that failed, or for an output. */
export function verbText(saga: Saga, verb: Verb): string {
  if (verb === 'retry' && saga.status === 'compensation_failed') return TEXTS.retryUndo;
  return TEXTS.verbs[verb];
}

function MoreVerbs({ verbs, press }: { readonly verbs: readonly Verb[]; readonly press: (verb: Verb) => void }) {
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <button type="button" className="btn" aria-label={TEXTS.more}>
          <IconDots size={16} stroke={1.75} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {verbs.map((verb) => (
          <Menu.Item key={verb} onClick={() => press(verb)} {...(DANGEROUS.includes(verb) && { color: 'var(--bad)' })}>
            {TEXTS.verbs[verb]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function VerbDialog({ verb, ...rest }: DialogProps & { readonly verb: Verb }) {
  if (verb === 'set-policy') return <PolicyDialog {...rest} />;
  if (verb === 'skip' || verb === 'complete-with-output') return <OutputDialog verb={verb} {...rest} />;
  if (verb === 'approve' || verb === 'reject') return <DecisionDialog verb={verb} {...rest} />;
  const { saga, perform, close } = rest;
  const text = TEXTS.dialog[verb];
  const isLasting = verb === 'release';
  return (
    <Confirm
      title={text.title}
      button={text.button}
      danger={isLasting}
      reason={verb === 'cancel' ? 'optional' : 'required'}
      confirm={(reason) => perform(verb, verb === 'retry' ? { reason, override: true } : { reason })}
      close={close}
    >
      <p>{text.text}</p>
      {isLasting && saga.leftovers.length > 0 && <p className="mid">{TEXTS.leftoversStay(saga.leftovers.length)}</p>}
    </Confirm>
  );
}
