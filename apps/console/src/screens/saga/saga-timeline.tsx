import type { Saga } from '../../client/client';
import { duration, secondOfDay } from '../../parts/format';
import { Card } from '../../parts/page';
import { IconArrowBackUp } from '../../parts/icons';
import { isOpen } from '../../parts/sagas';
import { Status } from '../../parts/status';
import { useNow } from '../../parts/time';
import { sagaSpan, stepTitle, type SagaLane, type SagaSpan } from './lanes';
import { TEXTS } from './texts';
import './saga.css';

const LEAST_PERCENT = 1.2;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** One lane for each step on one axis of time, and below the band one for each step that is undone, the last first. */
export function SagaTimeline({ saga }: { readonly saga: Saga }) {
  const nowMs = useNow();
  const span = sagaSpan(saga, nowMs);
  const { from, to, undoFrom, wakeAt } = span;
  const place = (at: number) => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  const hasOpen = isOpen(saga);
  return (
    <Card title={TEXTS.timeline} right={TEXTS.span(secondOfDay(from), secondOfDay(to), to - from)}>
      <div className="lanes">
        <Axis span={span} />
        <div className="lane-box">
          <div className="marks" aria-hidden="true">
            <div>
              {TICKS.slice(1, 4).map((share) => (
                <i key={share} className="grid-tick" style={{ left: `${share * 100}%` }} />
              ))}
              {undoFrom !== null && <i className="undo-line" style={{ left: `${place(undoFrom)}%` }} />}
              {hasOpen && <i className="now-line" style={{ left: `${place(nowMs)}%` }} />}
              {wakeAt !== null && <i className="wake-tick" style={{ left: `${place(wakeAt)}%` }} />}
            </div>
          </div>
          {span.steps.map((lane) => (
            <Lane key={lane.step.step_idx} lane={lane} place={place} wakeAt={lane.tone === 'open' ? wakeAt : null} />
          ))}
          {span.undos.length > 0 && (
            <div className="band">
              <IconArrowBackUp size={14} stroke={1.75} aria-hidden />
              {TEXTS.undoBegan(undoFrom === null ? '' : secondOfDay(undoFrom))}
            </div>
          )}
          {span.undos.map((lane) => (
            <Lane key={lane.step.step_idx} lane={lane} place={place} wakeAt={lane.tone === 'open' ? wakeAt : null} />
          ))}
        </div>
      </div>
      <Key hasOpen={hasOpen} waits={wakeAt !== null} />
    </Card>
  );
}

function Axis({ span: { from, to } }: { readonly span: SagaSpan }) {
  return (
    <div className="ax" aria-hidden="true">
      <div />
      <div>
        {TICKS.map((share, index) => (
          <span
            key={share}
            style={{ left: `${share * 100}%` }}
            className={index === 0 ? 'first' : index === TICKS.length - 1 ? 'last' : index % 2 === 1 ? 'hide-m' : ''}
          >
            {secondOfDay(from + share * (to - from))}
          </span>
        ))}
      </div>
    </div>
  );
}

function Key({ hasOpen, waits }: { readonly hasOpen: boolean; readonly waits: boolean }) {
  const { legend } = TEXTS;
  return (
    <div className="leg">
      <span>
        <i className="a ok" />
        {legend.worked}
      </span>
      <span>
        <i className="a bad" />
        {legend.failed}
      </span>
      <span>
        <i className="w" />
        {legend.waits}
      </span>
      {hasOpen && (
        <span>
          <i className="now-key" />
          {legend.now}
        </span>
      )}
      {waits && (
        <span>
          <i className="wake-key" />
          {legend.next}
        </span>
      )}
    </div>
  );
}

interface LaneProps {
  readonly lane: SagaLane;
  readonly place: (at: number) => number;
  readonly wakeAt: number | null;
}

function Lane({ lane, place, wakeAt }: LaneProps) {
  const { step, isUndo, from, to, tone, attempts } = lane;
  const left = from === null ? 0 : place(from);
  const width = from === null || to === null ? 0 : Math.max(LEAST_PERCENT, place(to) - left);
  const isPlanned = step.status === 'planned';
  const showsError = isUndo || tone !== 'ok';
  const note = [showsError && (step.error?.detail ?? step.reason), wakeAt !== null && TEXTS.nextTry(secondOfDay(wakeAt))]
    .filter(Boolean)
    .join(' · ');
  const took = from === null || to === null ? '' : to === from ? TEXTS.instant : duration(to - from);
  return (
    <div className={isPlanned ? 'lane planned' : 'lane'}>
      <div className="lb">
        <b>{isUndo ? TEXTS.undoOf(stepTitle(step)) : stepTitle(step)}</b>
        <small>
          <Status of="step" value={!isUndo && tone === 'ok' ? 'completed' : step.status} />
          {attempts > 1 && ` · ${TEXTS.attempts(attempts)}`}
        </small>
      </div>
      <div className="tr">
        {tone && from !== null && (
          <>
            <span
              className={tone === 'open' ? 'w' : `a ${tone}`}
              style={{ left: `${Math.min(left, 100 - LEAST_PERCENT)}%`, width: `${Math.min(width, 100 - left)}%` }}
            />
            <span className={`lbx${step.error && showsError ? ' bad' : ''}`} style={labelPlace(left, width)} title={note || took}>
              {note || took}
            </span>
          </>
        )}
      </div>
    </div>
  );
}

/** Beside the block: after it while there is room, else before it, else on it. */
function labelPlace(left: number, width: number): React.CSSProperties {
  const end = left + width;
  if (end <= 60) return { left: `calc(${end}% + 6px)`, maxWidth: `calc(${100 - end}% - 8px)` };
  if (left >= 40) return { right: `calc(${100 - left}% + 6px)`, maxWidth: `calc(${left}% - 8px)` };
  return { left: `calc(${left}% + 10px)`, maxWidth: `calc(${width}% - 20px)` };
}
