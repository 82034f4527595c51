import { useEffect, useRef, useState } from "preact/hooks";

/** A value that components subscribe to. */
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
  return useSelected(store, (value) => value);
}

/** Follows a part of the value; changes of other parts do not render the component again. */
export function useSelected<T, Part>(store: Store<T>, select: (value: T) => Part): Part {
  const [, setPart] = useState(() => select(store.value));
  const latest = useRef(select);
  latest.current = select;
  useEffect(() => {
    const follow = (value: T) => setPart(latest.current(value));
    follow(store.value);
    return store.on(follow);
  }, [store]);
  return select(store.value);
}

export interface Loaded<T> {
  /** The last answer, kept until a newer one arrives. */
  data: T | undefined;
  /** The error of the last attempt. */
  error: Error | undefined;
}

/** Joins two answers into one, which is there once both are. */
export function bothOf<A, B>(one: Loaded<A>, other: Loaded<B>): Loaded<[A, B]> {
  const isLoaded = one.data !== undefined && other.data !== undefined;
  return { data: isLoaded ? [one.data!, other.data!] : undefined, error: one.error ?? other.error };
}

/** Reads a value that this browser keeps for the page; `fallback` if there is none, no storage, or no valid JSON. */
export function kept<T>(storageKey: string, fallback: T): T {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? "null") ?? fallback;
  } catch {
    return fallback;
  }
}

/** Keeps a value that the page can do without, if the browser stores anything. */
export function keepIfPossible(storageKey: string, text: string): void {
  try {
    localStorage.setItem(storageKey, text);
  } catch {
    // Storage is switched off, or full.
  }
}

/** Loads again when `key` changes, one request at a time, so that a slow node is asked no faster than it answers. */
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
    // `run` handles the errors of `load`.
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

/** This machine's time, updated every second for the whole page, so that all ages change together. */
const seconds = new Store(Date.now());

export function startClock(): void {
  setInterval(() => seconds.set(Date.now()), 1000);
}

export function useSeconds(): number {
  return useStore(seconds);
}

/** Follows the time of this machine's clock, updated ten times a second. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
