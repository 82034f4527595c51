/** Lets other waiting work run. Passed in, so that the same code runs in a simulator. */
export type Pause = () => Promise<void>;

/** Ends the current turn of the event loop. */
export const systemPause: Pause = () => new Promise((resolve) => setImmediate(resolve));

/** Calls `step` for each number below `count`, and pauses after every `sliceSteps` of them. */
export async function inSlices(
  count: number,
  sliceSteps: number,
  pause: Pause,
  step: (index: number) => void,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    if (index > 0 && index % sliceSteps === 0) await pause();
    step(index);
  }
}

/**
 * Takes steps, each of which first yields its size. The first one runs at once; a pause comes before each that would
 * make those since the last pause larger than `sliceSize`.
 */
export async function inSteps(steps: Iterable<number>, sliceSize: number, pause: Pause): Promise<void> {
  let done = 0;
  for (const size of steps) {
    if (done > 0 && done + size > sliceSize) {
      await pause();
      done = 0;
    }
    done += size;
  }
}
