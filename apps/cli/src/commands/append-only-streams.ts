import { AUDIT_LOG_STREAM, type AppendOnlyStream } from '#libs/audit';
import { EVENT_STREAMS } from '#libs/inventory';

/** Every stream that the chain covers, as the owners of the tables declare them. A test compares the list with the triggers of the schema. */
export const APPEND_ONLY_STREAMS: readonly AppendOnlyStream[] = [...EVENT_STREAMS, AUDIT_LOG_STREAM];
