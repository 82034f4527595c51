/** A map that drops the least recently used entry once it holds more than `capacity`. */
export class LruMap<Key, Value> {
  readonly #map = new Map<Key, Value>();
  readonly #capacity: number;
  /** The key that was used last, which is in its place already. */
  #newest: Key | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#map.get(key);
    if (value !== undefined && key !== this.#newest) {
      this.#map.delete(key);
      this.#map.set(key, value);
      this.#newest = key;
    }
    return value;
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    this.#newest = key;
    if (this.#map.size > this.#capacity) this.#map.delete(this.#map.keys().next().value as Key);
  }

  /** The values, least recently used first. */
  values(): Iterable<Value> {
    return this.#map.values();
  }

  delete(key: Key): void {
    this.#map.delete(key);
  }

  clear(): void {
    this.#map.clear();
  }
}
