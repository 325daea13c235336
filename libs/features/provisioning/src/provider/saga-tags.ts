/** On every droplet that we make: one list of it shows them all. */
export const MANAGED_TAG = 'managed-by-arcadia-cloud';
const SAGA_PREFIX = 'arcadia-saga-';
/** The tags that only we put on things, in lower case: one of them whole, the others by how they begin. */
export const OWN_TAGS = { managed: MANAGED_TAG, sagaPrefix: SAGA_PREFIX } as const;
const SAGA_TAG = /^arcadia-saga-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Names the saga that made a thing, by its full id: a shortened one is not an identity (SAG-7). */
export const sagaTag = (sagaId: string): string => `${SAGA_PREFIX}${sagaId}`;

/** The saga that a tag names, if it names one. */
export const sagaOfTag = (tag: string): string | undefined => SAGA_TAG.exec(tag)?.[1];

/** Tags that only we may put on a thing. */
export const isReservedTag = (tag: string): boolean => tag.toLowerCase().startsWith(SAGA_PREFIX) || tag.toLowerCase() === MANAGED_TAG;

const SNAPSHOT_NAME = /^arcadia-snap-\d+-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Snapshots carry no tag from the beginning: their name says which saga took them. */
export const snapshotName = (dropletId: string, sagaId: string): string => `arcadia-snap-${dropletId}-${sagaId}`;

/** The saga that a snapshot's name names, if it names one. */
export const sagaOfSnapshotName = (name: string): string | undefined => SNAPSHOT_NAME.exec(name)?.[1];
