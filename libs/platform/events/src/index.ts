export { archiveFeed } from './archive-feed';
export { appendFrom, EVENT_LOG_STREAM, EventLog } from './event-log';
export { EventReader, matches, NumberedEvent, type EventFilters, type EventView, type FoundEvent } from './event-reader';
export { EventSequencer } from './event-sequencer';
export { eventSources, EventSources, type DeclaredSources, type EventSource } from './event-source';
export { EVENT_TYPES, type EventSubject, type EventType, type NewEvent } from './event-types';
export { FeedArchivedError } from './events.errors';
export { EventsModule } from './events.module';
export { EVENTS_CHANNEL } from './sequencer.sql';
