/** Records the data of sagas at their steps: intents with everything that a worker needs to continue, outputs and contexts. */
const CLAIMS = /lease_owner\s*=\s*\$3/;
const INTENT = /insert into saga_steps[\s\S]*\bintent\b/;
const BOUNDARIES = /json_to_recordset\(\$1::json\) as b\(saga_id/;
const LEDGERS = /from saga_steps s where s\.saga_id = any \(\$1::uuid\[\]\)/;

class SagaNotes {
  constructor(write) {
    this.write = write;
    /** The runs that this process claimed, with their current data. */
    this.runs = new Map();
    this.noted = new Set();
  }

  sent(text, values, answer) {
    const then = (work) => void answer?.then?.(({ rows }) => work(rows)).catch(() => undefined);
    if (CLAIMS.test(text)) then((rows) => rows.forEach((row) => this.runs.set(row.id, { ...row, ledger: {} })));
    else if (LEDGERS.test(text)) then((rows) => rows.forEach((row) => this.line(row.saga_id, row.step_idx, row)));
    else if (BOUNDARIES.test(text)) JSON.parse(values[0]).forEach((boundary) => this.boundary(boundary));
    else if (INTENT.test(text)) this.intent(values);
  }

  line(id, idx, { name, status, output, intent }) {
    const run = this.runs.get(id);
    if (run) run.ledger[idx] = { name: name ?? run.steps[idx], status, output: output ?? undefined, intent: intent ?? undefined };
  }

  intent([id, , idx, step, json]) {
    const run = this.runs.get(id);
    if (!run) return;
    const intent = typeof json === 'string' ? JSON.parse(json) : json;
    const ledger = Object.entries(run.ledger).map(([nth, line]) => ({ step_idx: Number(nth), ...line }));
    run.ledger[idx] = { ...run.ledger[idx], name: step, status: run.ledger[idx]?.status ?? 'running', intent };
    const { kind, tenant_id, input, context, steps, pivot_passed } = run;
    const when = run.status === 'compensating' ? 'compensating' : 'running';
    this.once({ kind, step, what: 'intent', when, shape: shapeOf(intent), value: intent, run: { tenant_id, input, context, steps, step_idx: idx, pivot_passed, ledger } }); // prettier-ignore
  }

  boundary({ saga_id: id, step_idx: idx, name: step, step_status: status, output, context, status: runStatus, pivot_passed }) {
    const run = this.runs.get(id);
    if (!run) return;
    if (context) run.context = { ...run.context, ...context };
    Object.assign(run, { status: runStatus, pivot_passed });
    if (idx === undefined || idx === null) return;
    run.ledger[idx] = { ...run.ledger[idx], name: step, status, output: output ?? run.ledger[idx]?.output };
    if (output) this.once({ kind: run.kind, step, what: 'output', shape: shapeOf(output), value: output });
    if (status === 'completed') this.once({ kind: run.kind, step, what: 'context', shape: shapeOf(run.context), value: run.context });
  }

  once(note) {
    const key = [note.kind, note.step, note.what, note.when, note.shape].join(' ');
    if (this.noted.has(key)) return;
    this.noted.add(key);
    this.write(note);
  }
}

/** Returns the names and types of a value without its data. */
function shapeOf(value) {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].toSorted().join('|')}]`;
  return `{${Object.keys(value).toSorted().map((name) => `${name}:${shapeOf(value[name])}`).join(',')}}`; // prettier-ignore
}

module.exports = { SagaNotes };
