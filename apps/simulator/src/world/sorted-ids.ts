/** Ids in ascending order: a page is one slice, whatever the length. Appending the newest id is O(1), other changes are one memory move. */
export class SortedIds {
  private readonly ids: number[] = [];

  get length(): number {
    return this.ids.length;
  }

  add(id: number): void {
    const at = this.position(id);
    if (this.ids[at] === id) return;
    if (at === this.ids.length) this.ids.push(id);
    else this.ids.splice(at, 0, id);
  }

  remove(id: number): void {
    const at = this.position(id);
    if (this.ids[at] === id) this.ids.splice(at, 1);
  }

  /** Ids number `from` to `to` (excluded), lowest id first. */
  slice(from: number, to: number): number[] {
    return this.ids.slice(from, to);
  }

  /** Ids number `from` to `to` (excluded), highest id first. */
  newestFirst(from: number, to: number): number[] {
    const end = this.ids.length;
    return this.ids.slice(Math.max(0, end - to), Math.max(0, end - from)).reverse();
  }

  private position(id: number): number {
    const last = this.ids.at(-1);
    if (last === undefined || id > last) return this.ids.length;
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ids[middle] ?? Infinity) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
