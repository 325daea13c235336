import { Link } from '@tanstack/react-router';
import type { Saga, SagaTimeline } from '../../client/client';
import { exactTime, valueText, words } from '../../parts/format';
import { Card, Facts } from '../../parts/page';
import { sagaKindName } from '../../parts/sagas';
import { Note } from '../../parts/states';
import { Status, type Tone } from '../../parts/status';
import { Age } from '../../parts/time';
import { stepTitle } from './lanes';
import { TEXTS } from './texts';

const TONES: Readonly<Record<string, Tone>> = {
  failed: 'bad',
  compensation_failed: 'bad',
  completed: 'ok',
  compensating: 'warn',
  awaiting_approval: 'wait',
};

/** An unchanged value of the API, for people who look for one field. */
export function JsonText({ value }: { readonly value: unknown }) {
  return <pre className="json mono">{JSON.stringify(value, null, 2)}</pre>;
}

/** One note in plain words: what state the thing is in, and what to do. */
export function Outcome({ saga }: { readonly saga: Saga }) {
  const { error, approval } = saga;
  const decision = approval?.decision === null ? approval : null;
  return (
    <>
      <Note tone={saga.paused_at ? 'wait' : (TONES[saga.status] ?? 'mute')}>
        {saga.paused_at ? TEXTS.paused(saga.paused_by ?? '', saga.pause_reason) : TEXTS.state[saga.status]}
        {error && (
          <>
            {' '}
            {error.step && <b>{TEXTS.stoppedAt(words(error.step))}</b>} {error.detail} <span className="mono dim">{error.code}</span>
          </>
        )}
      </Note>
      {decision && (
        <Card title={decision.subject === 'step_output' ? TEXTS.approval.outputTitle : TEXTS.approval.title} pad>
          <Facts
            rows={[
              [TEXTS.approval.why, decision.why],
              [TEXTS.approval.step, decision.step && words(decision.step)],
              [TEXTS.approval.output, decision.output && <JsonText key="output" value={decision.output} />],
              [TEXTS.approval.askedBy, decision.asked_by],
              [TEXTS.approval.expires, exactTime(decision.expires_at)],
            ]}
          />
        </Card>
      )}
      {saga.leftovers.length > 0 && (
        <Card title={TEXTS.leftovers} pad>
          <ul className="grid" style={{ gap: 6 }}>
            {saga.leftovers.map((leftover) => (
              <li key={leftover.step}>
                <b className="b">{words(leftover.step)}</b> {leftover.error.detail} <span className="mono dim">{leftover.error.code}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

/** Every step with what it returned. */
export function LedgerCard({ saga, timeline }: { readonly saga: Saga; readonly timeline: SagaTimeline | undefined }) {
  return (
    <Card title={TEXTS.ledger.title} right={TEXTS.ledger.sub}>
      <div className="scroll-m">
        <table className="ledger" aria-label={TEXTS.ledger.title}>
          <colgroup>
            <col style={{ width: 200 }} />
            <col style={{ width: 110 }} />
            <col style={{ width: 64 }} />
            <col />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{TEXTS.ledger.step}</th>
              <th scope="col">{TEXTS.ledger.state}</th>
              <th scope="col" className="num">
                {TEXTS.ledger.tries}
              </th>
              <th scope="col">{TEXTS.ledger.result}</th>
            </tr>
          </thead>
          <tbody>
            {saga.steps.map((step) => {
              const course = timeline?.steps[step.step_idx];
              const intent = course?.intent ?? null;
              const waitsFor = step.status === 'waiting' ? course?.attempts.at(-1)?.waits.at(-1)?.why : undefined;
              return (
                <tr key={step.step_idx}>
                  <td>{stepTitle(step)}</td>
                  <td>
                    <Status of="step" value={step.status} />
                  </td>
                  <td className="num">{step.attempts + step.compensation_attempts || ''}</td>
                  <td className="wrap">
                    <span className="mid">{step.reason ?? step.error?.detail ?? waitsFor ?? outputText(step.output)}</span>
                    {(step.output ?? intent) !== null && (
                      <details>
                        <summary>{TEXTS.ledger.details}</summary>
                        {step.output && <JsonText value={step.output} />}
                        {intent && (
                          <>
                            <p className="dim sm">{TEXTS.ledger.intent}</p>
                            <JsonText value={intent} />
                          </>
                        )}
                      </details>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

const outputText = (output: Readonly<Record<string, unknown>> | null): string =>
  Object.entries(output ?? {})
    .map(([name, value]) => `${words(name)} ${valueText(value)}`)
    .join(' · ');

/** What the saga has to do with others. Nothing is shown where there is nothing. */
export function RelationsCard({ timeline: { relations } }: { readonly timeline: SagaTimeline }) {
  const texts = TEXTS.relations;
  const links = [
    ...(relations.parent ? [{ id: relations.parent, text: texts.parent }] : []),
    ...(relations.redriven_from ? [{ id: relations.redriven_from, text: texts.from }] : []),
    ...relations.redriven_as.map((id) => ({ id, text: texts.as })),
  ];
  if (links.length + relations.drift.length + relations.same_resource.length === 0) return null;
  return (
    <Card title={texts.title} pad>
      <ul className="grid" style={{ gap: 6 }}>
        {links.map(({ id, text }) => (
          <li key={id}>
            <Link to="/sagas/$id" params={{ id }}>
              {text}
            </Link>
          </li>
        ))}
        {relations.drift.length > 0 && (
          <li>
            <Link to="/drift" search={{ open: relations.drift[0] }}>
              {texts.drift(relations.drift.length)}
            </Link>
          </li>
        )}
        {relations.same_resource.map(({ id, kind, status, created_at: at }) => (
          <li key={id} className="rel">
            <Link className="trunc" to="/sagas/$id" params={{ id }}>
              {sagaKindName(kind)}
            </Link>
            <Status of="saga" value={status} />
            <span className="dim sm">
              <Age at={at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
