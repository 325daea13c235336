/** What a process says to whoever started it. 78 is `EX_CONFIG` of sysexits.h: starting again will not help. */
export const EXIT = { done: 0, failed: 1, configuration: 78 } as const;

/** What a shell shows for a process that the signal has cut off. */
export const CUT_OFF = { SIGINT: 130, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof CUT_OFF;
