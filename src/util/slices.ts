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
