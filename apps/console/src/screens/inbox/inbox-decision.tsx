import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Drift, Saga, Sweep } from '../../client/client';
import { kindsName } from '../../parts/kinds';
import { sagaTitle } from '../../parts/sagas';
import { RefusedNote } from '../../parts/states';
import { DecisionButtons, DecisionDialog, DriftFacts, type Decision as DriftDecision } from '../drift/drift-panel';
import { SagaActions } from '../saga/saga-actions';
import { Outcome } from '../saga/saga-cards';
import { MissingCard, SweepActions } from '../sweeps/sweep-screen';
import { useSweepAgain } from '../sweeps/sweeps-screen';
import type { InboxItem } from './inbox-items';
import { TEXTS } from './texts';

/** What an item of the inbox is about, where it is decided in place. */
export type Decision = { readonly sweep: Sweep } | { readonly saga: Saga } | { readonly drift: Drift } | { readonly kind: string };

/** The result of a decision, and where it can be followed. */
export interface Result {
  readonly text: string;
  readonly sagaId?: string | null | undefined;
}

interface DecisionProps {
  readonly item: InboxItem;
  readonly decision: Decision;
  readonly done: (result: Result) => void;
}

const MOST_EVIDENCE = 5;

/** The chosen item: the evidence, its decisions with the same questions as on its page, and the way there. */
export function DecisionPlace({ item, decision, done }: DecisionProps) {
  const page = (
    <Link className="btn quiet" to={item.to} search={item.search ?? {}}>
      {TEXTS.open[item.group] ?? TEXTS.openPage}
    </Link>
  );
  if ('sweep' in decision) {
    const { sweep } = decision;
    return (
      <>
        <MissingCard id={sweep.id} most={MOST_EVIDENCE} />
        <div className="go">
          <SweepActions sweep={sweep} done={(text) => done({ text })} />
          {page}
          <Keys
            keys={[
              ['r', TEXTS.keys.again],
              ['a', TEXTS.keys.release],
            ]}
          />
        </div>
      </>
    );
  }
  if ('saga' in decision) {
    const { saga } = decision;
    return (
      <>
        <Outcome saga={saga} />
        <div className="go">
          <SagaActions
            saga={saga}
            timeline={undefined}
            done={(verb) => done({ text: TEXTS.verbs(verb, sagaTitle(saga)), sagaId: saga.id })}
          />
          {page}
          <Keys keys={saga.approval?.decision === null ? [['a', TEXTS.keys.approve]] : [['r', TEXTS.keys.retry]]} />
        </div>
      </>
    );
  }
  if ('drift' in decision) return <DriftPlace drift={decision.drift} page={page} done={done} />;
  return <KindPlace kind={decision.kind} page={page} done={done} />;
}

interface DriftPlaceProps {
  readonly drift: Drift;
  readonly page: React.ReactNode;
  readonly done: DecisionProps['done'];
}

function DriftPlace({ drift, page, done }: DriftPlaceProps) {
  const [asking, setAsking] = useState<DriftDecision | null>(null);
  return (
    <>
      <DriftFacts drift={drift} />
      <div className="go">
        <DecisionButtons drift={drift} ask={setAsking} />
        {page}
        <Keys
          keys={[
            ['p', TEXTS.keys.plan],
            ['a', TEXTS.keys.accept],
          ]}
        />
      </div>
      {asking && (
        <DecisionDialog asking={asking} drift={drift} close={() => setAsking(null)} decided={(text, sagaId) => done({ text, sagaId })} />
      )}
    </>
  );
}

interface KindPlaceProps {
  readonly kind: string;
  readonly page: React.ReactNode;
  readonly done: DecisionProps['done'];
}

function KindPlace({ kind, page, done }: KindPlaceProps) {
  const again = useSweepAgain((text) => done({ text }));
  return (
    <>
      {again.error && <RefusedNote error={again.error} />}
      <div className="go">
        <button type="button" className="btn pri" aria-keyshortcuts="r" disabled={again.isPending} onClick={() => again.mutate(kind)}>
          {TEXTS.again(kindsName(kind, 2))}
        </button>
        {page}
        <Keys keys={[['r', TEXTS.keys.again]]} />
      </div>
    </>
  );
}

/** The keys of the open item, at the end of its buttons. */
function Keys({ keys }: { readonly keys: readonly (readonly [key: string, text: string])[] }) {
  return (
    <span className="dim sm hide-m keys" aria-hidden="true">
      {[...keys, ['j', ''] as const, ['k', TEXTS.keys.move] as const].map(([key, text]) => (
        <span key={key}>
          <kbd>{key}</kbd> {text}
        </span>
      ))}
    </span>
  );
}
