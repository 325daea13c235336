import type { EventView } from '#libs/events';

/** Lines of one message; the rest is a number. */
const MOST_LINES = 50;
const LONGEST_NAME = 120;

export interface MessageText {
  readonly subject: string;
  readonly text: string;
}

/** Some events as a short text for people: one line each, oldest first. */
export function messageText(events: readonly EventView[]): MessageText {
  const [only] = events;
  const lines = events.slice(0, MOST_LINES).map(lineOf);
  const more = events.length - lines.length;
  const subject =
    events.length === 1 && only ? `arcadia-cloud: ${headOf(only)}` : `arcadia-cloud: ${events.length} events (${countsOf(events)})`;
  const rest = more > 0 ? [`… and ${more} more: GET /api/v1/events?after=${events[MOST_LINES - 1]?.sequence ?? 0}`] : [];
  return { subject: subject.slice(0, 200), text: [...lines, ...rest].join('\n') };
}

function lineOf(event: EventView): string {
  const at = event.at.slice(0, 16).replace('T', ' ');
  const parts = [
    `${at} UTC`,
    headOf(event),
    event.tenant_id && `tenant ${plain(event.tenant_id)}`,
    event.actor && `by ${plain(event.actor)}`,
    `#${event.sequence}`,
  ];
  return parts.filter(Boolean).join(' - ');
}

function headOf({ type, subject }: EventView): string {
  const name = plain(subject.name ?? subject.id);
  return subject.kind === null ? `${type} ${name}` : `${type} ${name} (${subject.kind})`;
}

/** Names are written by people: no line breaks, no marks of chat or HTML, and not too long. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}<>&*_~`@|]+/gu, ' ').slice(0, LONGEST_NAME);
}

function countsOf(events: readonly EventView[]): string {
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${count} ${type}`).join(', ');
}
