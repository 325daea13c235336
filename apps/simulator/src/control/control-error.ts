/** A control request that makes no sense; answered with 400 and the message. */
export class ControlError extends Error {}
