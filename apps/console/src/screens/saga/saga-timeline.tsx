import type { Saga, SagaStep } from '../../client/client';
import { duration, secondOfDay, words } from '../../parts/format';
import { Card } from '../../parts/page';
import { IconArrowBackUp } from '../../parts/icons';
import { isOpen } from '../../parts/sagas';
import { Status } from '../../parts/status';
import { useNow } from '../../parts/time';
import { TEXTS } from './texts';
import './saga.css';

const UNDONE = new Set(['compensated', 'compensating', 'compensation_failed']);
const LEAST_PERCENT = 1.2;

const ms = (at: string | null): number | null => (at === null ? null : new Date(at).getTime());

/** One lane for each step, on one axis of time. Steps that were undone have their block in the colour of what became of them. */
export function SagaTimeline({ saga }: { readonly saga: Saga }) {
  const nowMs = useNow();
  const from = ms(saga.created_at) ?? nowMs;
  const to = Math.max(ms(saga.finished_at) ?? (isOpen(saga) ? nowMs : (ms(saga.updated_at) ?? nowMs)), from + 1_000);
  const place = (at: number) => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => from + share * (to - from));
  const isUndoing = saga.steps.some(({ status }) => UNDONE.has(status));
  return (
    <Card title={TEXTS.timeline} right={TEXTS.span(secondOfDay(from), secondOfDay(to), to - from)}>
      <div className="lanes">
        <div className="ax" aria-hidden="true">
          <div />
          <div>
            {ticks.map((at, index) => (
              <span key={at} style={{ left: `${index * 25}%` }} className={index === 0 ? 'first' : index === 4 ? 'last' : ''}>
                {secondOfDay(at)}
              </span>
            ))}
          </div>
        </div>
        {saga.steps.map((step) => (
          <Lane key={step.step_idx} step={step} place={place} endMs={to} />
        ))}
        {isUndoing && (
          <div className="band">
            <IconArrowBackUp size={14} stroke={1.75} aria-hidden />
            {TEXTS.undoBegan}
            {saga.error?.step && ` · ${words(saga.error.step)}`}
          </div>
        )}
      </div>
      <div className="leg">
        <span>
          <i className="a ok" />
          {TEXTS.legend.worked}
        </span>
        <span>
          <i className="a bad" />
          {TEXTS.legend.failed}
        </span>
        <span>
          <i className="w" />
          {TEXTS.legend.waits}
        </span>
        {isUndoing && (
          <span>
            <i className="a mute" />
            {TEXTS.legend.undone}
          </span>
        )}
      </div>
    </Card>
  );
}

const BLOCKS: Readonly<Record<string, string>> = {
  completed: 'a ok',
  skipped: 'a mute',
  failed: 'a bad',
  compensation_failed: 'a bad',
  compensated: 'a mute',
  compensating: 'w',
  running: 'w',
  waiting: 'w',
};

function Lane({ step, place, endMs }: { readonly step: SagaStep; readonly place: (at: number) => number; readonly endMs: number }) {
  const started = ms(step.started_at);
  const ended = ms(step.finished_at) ?? endMs;
  const left = started === null ? 0 : place(started);
  const width = started === null ? 0 : Math.max(LEAST_PERCENT, place(ended) - left);
  const block = BLOCKS[step.status];
  const tookMs = started === null ? 0 : ended - started;
  const note = step.error?.detail ?? step.reason;
  return (
    <div className={step.status === 'planned' ? 'lane planned' : 'lane'}>
      <div className="lb">
        <b>
          {step.step_idx + 1} {words(step.name)}
        </b>
        <small>
          <Status of="step" value={step.status} />
          {step.attempts > 1 && ` · ${TEXTS.attempts(step.attempts)}`}
        </small>
      </div>
      <div className="tr">
        {block && started !== null && (
          <>
            <span className={block} style={{ left: `${Math.min(left, 100 - LEAST_PERCENT)}%`, width: `${Math.min(width, 100 - left)}%` }} />
            <span className={`lbx${step.error ? ' bad' : ''}`} style={labelPlace(left, width)}>
              {note ?? duration(tookMs)}
            </span>
          </>
        )}
      </div>
    </div>
  );
}

/** Beside the block: after it while there is room, else before it. */
function labelPlace(left: number, width: number): React.CSSProperties {
  const end = left + width;
  if (end <= 60) return { left: `calc(${end}% + 6px)` };
  if (left >= 40) return { right: `calc(${100 - left}% + 6px)` };
  return { left: `calc(${left}% + 10px)` };
}
