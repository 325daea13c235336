import type { PendingEvent } from './records';

/** Pending events by due time, then by age: a binary heap, so that 100,000 waiting lags cost nothing to look at. */
export class PendingQueue {
  private readonly heap: PendingEvent[] = [];

  add(event: PendingEvent): void {
    let at = this.heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  /** Takes out the earliest event that is due at `nowMs`. */
  takeDue(nowMs: number): PendingEvent | undefined {
    const first = this.heap[0];
    if (first === undefined || first.due_at_ms > nowMs) return undefined;
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    return first;
  }

  private sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const earlier = right < this.heap.length && this.isEarlier(right, left) ? right : left;
      if (earlier >= this.heap.length || !this.swapIfEarlier(earlier, at)) return;
      at = earlier;
    }
  }

  private isEarlier(one: number, other: number): boolean {
    const a = this.heap[one];
    const b = this.heap[other];
    if (a === undefined || b === undefined) return false;
    return a.due_at_ms < b.due_at_ms || (a.due_at_ms === b.due_at_ms && a.id < b.id);
  }

  private swapIfEarlier(child: number, parent: number): boolean {
    if (!this.isEarlier(child, parent)) return false;
    const a = this.heap[child];
    const b = this.heap[parent];
    if (a === undefined || b === undefined) return false;
    this.heap[child] = b;
    this.heap[parent] = a;
    return true;
  }
}
