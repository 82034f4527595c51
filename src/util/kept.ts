import type { Clock } from "./clock.ts";

/**
 * A value that is made once for everybody who asks under the same key, also while it is being made. It is made again
 * for another key. A failure and `undefined` are not kept.
 */
export class Kept<T> {
  #key: string | undefined;
  #value: Promise<T> | undefined;

  get(key: string, make: () => Promise<T>): Promise<T> {
    if (this.#value && key === this.#key) return this.#value;
    const value = make();
    this.#key = key;
    this.#value = value;
    const forget = () => {
      if (this.#value === value) this.#value = undefined;
    };
    value.then((made) => made === undefined && forget(), forget);
    return value;
  }
}

/** A value that is made again once it is `ms` old. */
export function keptFor<T>(clock: Pick<Clock, "now">, ms: number, make: () => T): () => T {
  let kept: { value: T; atMs: number } | undefined;
  return () => {
    // A clock that was set back makes it anew.
    const ageMs = kept ? clock.now() - kept.atMs : Number.NaN;
    if (!(ageMs >= 0 && ageMs < ms)) kept = { value: make(), atMs: clock.now() };
    return kept!.value;
  };
}
