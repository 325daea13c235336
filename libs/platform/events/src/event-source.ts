import { AUDIT_LOG_STREAM } from '#libs/audit';
import { Injectable, type Provider } from '@nestjs/common';
import { EVENT_LOG_STREAM } from './event-log';

/** A table that only ever gains rows and has events of the feed. Its owner declares it, so that nothing is written twice. */
export interface EventSource {
  /** Stored with each number, so it never changes. */
  readonly name: string;
  /** The name of the table's `AppendOnlyStream`: the order of its links in the chain is the order of the numbers. */
  readonly stream: string;
  /**
   * SQL that selects the rows which are events, with the columns `event_id` (the number of the row in its table), `id, at, type, tenant_id,
   * actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data` of an event.
   */
  readonly rows: string;
}

/** What the owner of append-only tables declares. `withoutEvents`: its streams that have no events, which the sequencer passes over. */
export interface DeclaredSources {
  readonly sources: readonly EventSource[];
  readonly withoutEvents?: readonly string[];
}

const EVENT_LOG: EventSource = {
  name: 'log',
  stream: EVENT_LOG_STREAM.name,
  rows: `
    select seq as event_id, id, at, type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data
      from events`,
};

/** The sources that this process knows. A process of an older release knows fewer, and leaves the rows of the others to newer ones. */
@Injectable()
export class EventSources {
  private readonly sources = new Map<string, EventSource>([[EVENT_LOG.name, EVENT_LOG]]);
  private readonly withoutEvents = new Set<string>([AUDIT_LOG_STREAM.name]);

  add({ sources, withoutEvents = [] }: DeclaredSources): void {
    for (const source of sources) this.sources.set(source.name, source);
    for (const stream of withoutEvents) this.withoutEvents.add(stream);
  }

  get all(): readonly EventSource[] {
    return [...this.sources.values()];
  }

  /** Every stream that this process can pass. */
  get streams(): string[] {
    return [...this.all.map(({ stream }) => stream), ...this.withoutEvents];
  }

  find(name: string): EventSource | undefined {
    return this.sources.get(name);
  }
}

/** A provider that declares sources in every process that has the module of their owner. */
export function eventSources(declared: DeclaredSources): Provider {
  return {
    provide: Symbol('event sources'),
    inject: [EventSources],
    useFactory: (known: EventSources) => {
      known.add(declared);
      return declared.sources.length;
    },
  };
}
