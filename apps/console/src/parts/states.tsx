import { useState } from 'react';
import { Problem } from '../client/client';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconCopy, IconInfoCircle, IconRefresh } from './icons';
import type { Tone } from './status';

const TEXTS = {
  retry: 'Retry',
  failed: 'This could not be read',
  request: 'request',
  copy: 'Copy',
  copied: 'Copied',
};

interface ErrorStateProps {
  readonly error: Error;
  readonly retry?: () => void;
  /** Another way out, beside the retry. */
  readonly children?: React.ReactNode;
}

/** A failure: the sentence, the code, the request id to copy, and the way to try again. */
export function ErrorState({ error, retry, children }: ErrorStateProps) {
  return (
    <div className="state" role="alert">
      <h2 className="st bad">
        <IconCircleX size={16} stroke={1.75} aria-hidden />
        {TEXTS.failed}
      </h2>
      <p>{error.message}</p>
      <ProblemCode error={error} />
      <div className="ways">
        {retry && (
          <button type="button" className="btn" onClick={retry}>
            <IconRefresh size={16} stroke={1.75} aria-hidden />
            {TEXTS.retry}
          </button>
        )}
        {children}
      </div>
    </div>
  );
}

/** Code and request id of a refusal, as one looks them up in a log. */
export function ProblemCode({ error }: { readonly error: Error }) {
  if (!(error instanceof Problem)) return null;
  const { status, code, requestId } = error;
  return (
    <p className="mono dim">
      {status > 0 ? `${status} ` : ''}
      {code}
      {requestId && (
        <>
          {' · '}
          <Copyable text={requestId} label={TEXTS.request} />
        </>
      )}
    </p>
  );
}

interface RefusedNoteProps {
  readonly error: Error;
  /** Instead of the words of the error. */
  readonly text?: string | undefined;
  /** With the words about each of several fields, where the form does not have them beside its fields; the sentence names a single one. */
  readonly withFields?: boolean;
}

/** Why a change was refused. What was typed stays in its form. */
export function RefusedNote({ error, text = error.message, withFields = false }: RefusedNoteProps) {
  return (
    <div role="alert" className="note bad" style={{ display: 'block' }}>
      <p>{text}</p>
      {withFields &&
        error instanceof Problem &&
        error.errors.length > 1 &&
        error.errors.map(({ field, message }) => <p key={field}>{`${field}: ${message}`}</p>)}
      <ProblemCode error={error} />
    </div>
  );
}

/** What a list holds, and what to do so that it holds something. */
export function EmptyState({ title, hint, action }: { readonly title: string; readonly hint?: string; readonly action?: React.ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {hint && <p className="mid">{hint}</p>}
      {action}
    </div>
  );
}

const WIDTHS = [62, 48, 71, 55, 66, 43, 58, 69];

/** Bars where text will be. It shows after a moment, so that a fast answer shows no skeleton at all. */
export function Skeleton({ lines = 6 }: { readonly lines?: number }) {
  return (
    <div className="state late-in" aria-busy="true" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="sk" style={{ width: `${WIDTHS[line % WIDTHS.length] ?? 50}%` }} />
      ))}
    </div>
  );
}

export function Note({ tone, title, children }: { readonly tone: Tone; readonly title?: string; readonly children?: React.ReactNode }) {
  const Icon = tone === 'warn' || tone === 'bad' ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={`note ${tone}`}>
      <Icon size={16} stroke={1.75} aria-hidden />
      <span>
        {title && <b>{title} </b>}
        {children}
      </span>
    </div>
  );
}

/** An id or address that goes into the clipboard with a press. `label` stands before it. */
export function Copyable({ text, label }: { readonly text: string; readonly label?: string }) {
  const [isCopied, setCopied] = useState(false);
  const Icon = isCopied ? IconCircleCheck : IconCopy;
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" className="copy mono" onClick={copy} onBlur={() => setCopied(false)} title={TEXTS.copy}>
      <span className="vh">{TEXTS.copy} </span>
      {label && `${label} `}
      {text}
      <Icon size={12} stroke={1.75} aria-hidden />
      <span className="vh" role="status">
        {isCopied && TEXTS.copied}
      </span>
    </button>
  );
}
