import { Tooltip } from '@mantine/core';
import type { Saga, SagaTimeline as Timeline } from '../../client/client';
import { duration, secondOfDay } from '../../parts/format';
import { IconArrowBackUp } from '../../parts/icons';
import { Card } from '../../parts/page';
import { isOpen } from '../../parts/sagas';
import { Status } from '../../parts/status';
import { useNow } from '../../parts/time';
import { sagaSpan, stepTitle, type LaneBlock, type SagaLane, type SagaSpan } from './lanes';
import { TEXTS } from './texts';
import './timeline.css';
import './saga.css';

const LEAST_PERCENT = 1.4;
/** A narrower block shows no text; its tooltip has it. */
const TEXT_PERCENT = 9;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** One lane for each step on one axis of time, and below the band one for each step that is undone, the last first. */
export function SagaTimeline({ saga, timeline }: { readonly saga: Saga; readonly timeline: Timeline }) {
  const nowMs = useNow();
  const span = sagaSpan(saga, timeline, Math.max(nowMs, Date.parse(saga.updated_at)));
  const { from, to, undoFrom, wakeAt } = span;
  const left = (at: number) => `${span.place(at) * 100}%`;
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
              {span.breaks.map(({ at }) => (
                <i key={at} className="axis-break" style={{ left: `${at * 100}%` }} />
              ))}
              {undoFrom !== null && <i className="undo-line" style={{ left: left(undoFrom) }} />}
              {hasOpen && <i className="now-line" style={{ left: left(nowMs) }} />}
              {wakeAt !== null && <i className="wake-tick" style={{ left: left(wakeAt) }} />}
            </div>
          </div>
          {span.steps.map((lane) => (
            <Lane key={lane.step.step_idx} lane={lane} span={span} />
          ))}
          {span.undos.length > 0 && (
            <div className="band">
              <IconArrowBackUp size={14} stroke={1.75} aria-hidden />
              {TEXTS.undoBegan(undoFrom === null ? '' : secondOfDay(undoFrom))}
            </div>
          )}
          {span.undos.map((lane) => (
            <Lane key={lane.step.step_idx} lane={lane} span={span} />
          ))}
        </div>
      </div>
      <Key hasOpen={hasOpen} span={span} />
    </Card>
  );
}

function Axis({ span }: { readonly span: SagaSpan }) {
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
            {secondOfDay(share === 0 ? span.from : share === 1 ? span.to : span.timeAt(share))}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The legend, with an entry for what there is. */
function Key({ hasOpen, span }: { readonly hasOpen: boolean; readonly span: SagaSpan }) {
  const { legend } = TEXTS;
  const lanes = [...span.steps, ...span.undos];
  const has = (is: LaneBlock['is'], tone?: LaneBlock['tone']) =>
    lanes.some(({ blocks }) => blocks.some((block) => block.is === is && (tone === undefined || block.tone === tone)));
  const entries: readonly (readonly [boolean, string, string])[] = [
    [has('attempt', 'ok'), 'a ok', legend.worked],
    [has('attempt', 'bad'), 'a bad', legend.failed],
    [has('attempt', 'open'), 'a open', legend.runs],
    [has('wait'), 'w', legend.waits],
    [has('backoff'), 'w bo', legend.backoff],
    [lanes.some(({ step }) => step.pivot), 'pivot', legend.pivot],
    [span.breaks.length > 0, 'axis-break', legend.leftOut(duration(Math.max(0, ...span.breaks.map(({ ms }) => ms))))],
    [hasOpen, 'now-key', legend.now],
    [span.wakeAt !== null, 'wake-key', legend.next],
  ];
  return (
    <div className="leg">
      {entries
        .filter(([occurs]) => occurs)
        .map(([, look, text]) => (
          <span key={look}>
            <i className={look} />
            {text}
          </span>
        ))}
    </div>
  );
}

function Lane({ lane, span }: { readonly lane: SagaLane; readonly span: SagaSpan }) {
  const { step, isUndo, blocks, error, from, to } = lane;
  const isPlanned = step.status === 'planned';
  const attempts = blocks.filter(({ is }) => is === 'attempt').length;
  const isWaiting = span.wakeAt !== null && blocks.some((block) => block.to === span.wakeAt);
  const note = [error?.detail, isWaiting && span.wakeAt !== null && TEXTS.nextTry(secondOfDay(span.wakeAt))].filter(Boolean).join(' · ');
  const took = from === null || to === null ? '' : to === from ? TEXTS.instant : duration(to - from);
  const start = from === null ? 0 : span.place(from) * 100;
  const end = to === null ? 0 : Math.max(start + LEAST_PERCENT, span.place(to) * 100);
  const status = isUndo ? step.status : undoneAs(step.status);
  return (
    <div className={isPlanned ? 'lane planned' : 'lane'}>
      <div className="lb">
        <b>
          <span className="trunc">{isUndo ? TEXTS.undoOf(stepTitle(step)) : stepTitle(step)}</span>
          {step.pivot && !isUndo && <i className="pivot" role="img" aria-label={TEXTS.pivot} />}
        </b>
        <small>
          <Status of="step" value={status} />
          {attempts > 1 && ` · ${TEXTS.attempts(attempts)}`}
          {step.pivot && !isUndo && attempts <= 1 && ` · ${TEXTS.pivot}`}
        </small>
      </div>
      <div className="tr">
        {blocks.map((block) => (
          <Block key={`${block.is} ${block.from} ${block.text}`} block={block} span={span} />
        ))}
        {from !== null && (
          <span className={`lbx${error ? ' bad' : ''}`} style={labelPlace(start, end)} title={note || took}>
            {note || took}
          </span>
        )}
      </div>
    </div>
  );
}

/** A step that was undone had been done before; its undoing has a lane of its own. */
const undoneAs = (status: string): string =>
  ['compensating', 'compensated', 'compensation_failed'].includes(status) ? 'completed' : status;

function Block({ block, span }: { readonly block: LaneBlock; readonly span: SagaSpan }) {
  const { is, from, to, tone, text } = block;
  const left = Math.min(span.place(from) * 100, 100 - LEAST_PERCENT);
  const width = Math.min(100 - left, Math.max(is === 'attempt' ? LEAST_PERCENT : 0.4, span.place(to) * 100 - left));
  const took = to === from ? TEXTS.instant : duration(to - from);
  const name =
    is === 'attempt' ? TEXTS.attempt(text, TEXTS.outcomes[tone], took) : is === 'wait' ? `${text}, ${took}` : TEXTS.backoff(took);
  const style = { left: `${left}%`, width: `${width}%` };
  const look = is === 'attempt' ? `a ${tone}` : is === 'wait' ? 'w' : 'w bo';
  return (
    <Tooltip label={name} events={{ hover: true, focus: true, touch: true }}>
      <span className={look} style={style} role="img" aria-label={name} tabIndex={0}>
        {is === 'attempt' ? text : width > TEXT_PERCENT && took}
      </span>
    </Tooltip>
  );
}

/** Beside the blocks: after them while there is room, else before them, else left out: the tooltips have it. */
function labelPlace(start: number, end: number): React.CSSProperties {
  if (end <= 66) return { left: `calc(${end}% + 6px)`, maxWidth: `calc(${100 - end}% - 8px)` };
  if (start >= 34) return { right: `calc(${100 - start}% + 6px)`, maxWidth: `calc(${start}% - 8px)` };
  return { display: 'none' };
}
