import { useEffect, useRef, useState } from "preact/hooks";

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

/** What `load` resolves to; asked for again whenever `key` changes, once at a time: a slow node is not asked faster than it answers. */
export function useLoad<T>(load: () => Promise<T>, key: unknown): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ data: undefined, error: undefined });
  const state = useRef({ load, key, isBusy: false, isGone: false }).current;
  state.load = load;
  useEffect(() => {
    state.key = key;
    const run = async (): Promise<void> => {
      const asked = state.key;
      state.isBusy = true;
      const answer = await state.load().then(
        (data) => () => ({ data, error: undefined }),
        (error: Error) => (last: Loaded<T>) => ({ data: last.data, error }),
      );
      state.isBusy = false;
      if (state.isGone) return;
      setLoaded(answer);
      if (state.key !== asked) await run();
    };
    if (!state.isBusy) void run();
  }, [key]);
  useEffect(
    () => () => {
      state.isGone = true;
    },
    [],
  );
  return loaded;
}

/** This machine's time, every second: ages on one page change together. */
const seconds = new Store(Date.now());

export function startClock(): void {
  setInterval(() => seconds.set(Date.now()), 1000);
}

export function useSeconds(): number {
  return useStore(seconds);
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
