/** The element that had the focus last, and its ancestors; empty after the user has clicked. */
let path: Element[] = [];

/** Elements that take the focus when one inside them is removed. */
const places = "li, form, section, dialog, main";

/**
 * Keeps a keyboard user in place. When the focused element is removed or disabled, browsers begin again at the top of
 * the page; here the focus moves to an element around it, or back to it once it is enabled again.
 */
export function keepFocus(): void {
  addEventListener("focusin", ({ target }) => {
    path = [];
    for (let element = target as Element | null; element; element = element.parentElement) path.push(element);
  });
  addEventListener("pointerdown", () => {
    path = [];
  });
  new MutationObserver(restore).observe(document.body, {
    attributeFilter: ["disabled"],
    childList: true,
    subtree: true,
  });
}

function restore(): void {
  const [last] = path;
  const { activeElement, body } = document;
  // A disabled element keeps the focus until the page is drawn.
  if (!last || last.matches(":disabled") || (activeElement && activeElement !== body)) return;
  const place = last.isConnected ? last : path.find((each) => each.isConnected && each.matches(places));
  if (!(place instanceof HTMLElement)) return;
  if (place !== last) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}
