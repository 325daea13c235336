/** Loaded before the script of a process: shifts its wall clock by `SHIFTED_CLOCK_MS`. Timers and `performance.now()` are unchanged. */
const shiftMs = Number(process.env.SHIFTED_CLOCK_MS);
const trueNow = Date.now;

Date.now = () => trueNow() + shiftMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, values, newTarget) => Reflect.construct(target, values.length === 0 ? [target.now()] : values, newTarget),
  apply: (target) => new target(target.now()).toString(),
});
