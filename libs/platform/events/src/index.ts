export { appendFrom, EVENT_LOG_STREAM, EventLog } from './event-log';
export { EVENT_TYPES, type EventSubject, type EventType, type NewEvent } from './event-types';
export { EventsModule } from './events.module';
