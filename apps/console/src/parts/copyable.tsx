import { useState } from 'react';
import { IconCircleCheck, IconCopy } from './icons';

const TEXTS = { copy: 'Copy', copied: 'Copied' };

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
