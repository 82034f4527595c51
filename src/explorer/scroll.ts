/** Restores the scroll position of pages. Browsers do that before the node has answered, when a page is still short. */

/** The time that a page has to become long enough for its position. */
const patienceMs = 3_000;
const settledMs = 100;

let restoring = 0;

/** Remembers, with each entry of the browser's history, how far its page was scrolled. */
export function rememberScroll(): void {
  history.scrollRestoration = "manual";
  const remember = () => {
    if (restoring === 0) history.replaceState({ y: scrollY }, "");
  };
  let timer: ReturnType<typeof setTimeout>;
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(remember, settledMs);
  });
  // A click may lead to another page before the timer ends.
  const onClick = () => {
    clearTimeout(timer);
    remember();
  };
  addEventListener("click", onClick, { capture: true });
  for (const intent of ["wheel", "touchstart", "keydown", "pointerdown"])
    addEventListener(intent, stopRestoring, { passive: true });
}

/** Scrolls to where this entry's page was left, or to the top of a new one, as soon as it is long enough. */
export function restoreScroll(): void {
  stopRestoring();
  const top = (history.state as { y?: number } | null)?.y ?? 0;
  const deadlineMs = performance.now() + patienceMs;
  const step = () => {
    scrollTo(0, top);
    const isDone = Math.abs(scrollY - top) < 2 || performance.now() > deadlineMs;
    restoring = isDone ? 0 : requestAnimationFrame(step);
  };
  step();
}

function stopRestoring(): void {
  cancelAnimationFrame(restoring);
  restoring = 0;
}
