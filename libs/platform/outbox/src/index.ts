export { Outbox, type ClaimedMessage, type Delivery, type OutboxPolicy } from './outbox';
export { MESSAGE_TRANSITIONS, OutboxMessage, type MessageState } from './outbox';
