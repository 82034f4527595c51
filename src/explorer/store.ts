import { useEffect, useState } from "preact/hooks";

/** A value that components follow. */
export class Store<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  update(change: Partial<T>): void {
    this.set({ ...this.#value, ...change });
  }

  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    setValue(store.value);
    return store.on(setValue);
  }, [store]);
  return value;
}

export interface Loaded<T> {
  /** The last answer; stays while a newer one is on its way. */
  data: T | undefined;
  /** Of the last attempt. */
  error: Error | undefined;
}

/** What `load` resolves to; asked for again whenever `key` changes. */
export function useLoad<T>(load: () => Promise<T>, key: unknown): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ data: undefined, error: undefined });
  useEffect(() => {
    let isStale = false;
    load().then(
      (data) => isStale || setLoaded({ data, error: undefined }),
      (error) => isStale || setLoaded(({ data }) => ({ data, error })),
    );
    return () => {
      isStale = true;
    };
  }, [key]);
  return loaded;
}

/** The time by this machine's clock, every `everyMs`. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
