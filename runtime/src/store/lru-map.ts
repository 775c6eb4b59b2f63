/** A map of at most `maxSize` entries. A new entry drops the one whose last use is longest ago. */
export class LruMap<V> {
  readonly #maxSize: number;
  readonly #entries: Map<string, Entry<V>> = new Map();
  // A ring, in the order of use: `next` of the anchor is the newest entry, `previous` the oldest. To delete a key from a Map
  // and add it again at every use would make the Map grow and be rebuilt.
  readonly #anchor: Entry<V>;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#anchor = createEntry<V>("", undefined as V);
  }

  /** Counts as a use. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#anchor.next !== entry) {
      unlink(entry);
      this.#link(entry);
    }
    return entry.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    if (this.#entries.size >= this.#maxSize) this.delete(this.#anchor.previous.key);
    const entry = createEntry(key, value);
    this.#entries.set(key, entry);
    this.#link(entry);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    unlink(entry);
    this.#entries.delete(key);
  }

  #link(entry: Entry<V>): void {
    const { next } = this.#anchor;
    entry.previous = this.#anchor;
    entry.next = next;
    next.previous = entry;
    this.#anchor.next = entry;
  }
}

interface Entry<V> {
  readonly key: string;
  readonly value: V;
  previous: Entry<V>;
  next: Entry<V>;
}

function createEntry<V>(key: string, value: V): Entry<V> {
  const entry = { key, value } as Entry<V>;
  entry.previous = entry;
  entry.next = entry;
  return entry;
}

function unlink<V>({ previous, next }: Entry<V>): void {
  previous.next = next;
  next.previous = previous;
}
