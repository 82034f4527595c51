import type { Emitter } from "../../../src/util/emitter.ts";

/** Counts the listeners that are added from now on and not removed. */
export function countListeners<Events>(events: Emitter<Events>): () => number {
  const listeners = new Set<unknown>();
  const on = events.on.bind(events);
  events.on = (name, listener) => {
    const off = on(name, listener);
    listeners.add(off);
    return () => {
      off();
      listeners.delete(off);
    };
  };
  return () => listeners.size;
}
