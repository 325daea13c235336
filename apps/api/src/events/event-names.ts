import { Injectable } from '@nestjs/common';
import type { FoundEvent } from '#libs/events';
import type { Scope } from '#libs/identity';
import { InventoryReader } from '#libs/inventory';
import type { EventResponse } from './events.dto';

/** Completes events for readers with the names of their resources. */
@Injectable()
export class EventNames {
  constructor(private readonly inventory: InventoryReader) {}

  /** Adds the names of resources that the caller may read now. A former owner gets only names that its own events contain. */
  async named(scope: Scope, events: readonly FoundEvent[]): Promise<EventResponse[]> {
    const unnamed = events.flatMap(({ subject, resource_id }) => (subject.name === null && resource_id !== null ? [resource_id] : []));
    const names = await this.inventory.namesOf(scope, unnamed);
    return events.map(({ resource_id, ...event }) => {
      const name = event.subject.name ?? names.get(resource_id ?? '') ?? nameIn(event.data['changes']);
      return { ...event, subject: { ...event.subject, name } };
    });
  }
}

/** The new name in the changes of a resource, where the event has one. */
function nameIn(changes: unknown): string | null {
  const { name } = (changes ?? {}) as { readonly name?: { readonly new?: unknown } };
  return typeof name?.new === 'string' ? name.new : null;
}
