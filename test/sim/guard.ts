/** Sources of randomness and time that would make two runs of one seed differ. */
const forbidden = [
  [Date, "now"],
  [Math, "random"],
  [performance, "now"],
  [globalThis, "setTimeout"],
  [globalThis, "setInterval"],
  [globalThis, "setImmediate"],
] as const;

/** Matches code of the node. The test runner may read the clock at the same time. */
const nodeCode = /\/(src|protocols)\/[a-z-]+\/?[a-z-/]*\.ts/;

/** Reports every use of real time or randomness by node code to `onUse` until the returned function is called. */
export function forbidRealTime(onUse: (what: string) => void): () => void {
  const restores = forbidden.map(([owner, name]) => {
    const table = owner as unknown as Record<string, (...args: unknown[]) => unknown>;
    const real = table[name]!;
    table[name] = (...args) => {
      const { stack = "" } = new Error();
      const caller = stack.split("\n").find((line) => nodeCode.test(line) && !line.includes("node_modules"));
      if (caller) onUse(`${name} ${caller.trim()}`);
      return real.apply(owner, args);
    };
    return () => {
      table[name] = real;
    };
  });
  return () => {
    for (const restore of restores) restore();
  };
}
