import { TEXTS } from './texts';

export function Brand() {
  return (
    <span className="brand" style={{ padding: 0, height: 32 }}>
      <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
        <path d="M2.5 17.5V10a7.5 7.5 0 0 1 15 0v7.5" />
        <path d="M7 17.5V10a3 3 0 0 1 6 0v7.5" stroke="var(--accent)" />
      </svg>
      {TEXTS.product}
    </span>
  );
}
