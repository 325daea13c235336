/** The exit codes of a process. 78 is `EX_CONFIG` of sysexits.h: another start will not help. */
export const EXIT = { done: 0, failed: 1, configuration: 78 } as const;

/** The exit codes that a shell reports for a process which a signal ended. */
export const CUT_OFF = { SIGINT: 130, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof CUT_OFF;
