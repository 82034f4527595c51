/** The element that had the focus last, with those around it, unless the user has left it. */
let path: Element[] = [];

/** An element that can hold the focus in place of one that is gone from it. */
const places = "li, form, section, dialog, main";

/**
 * Keeps a keyboard user in place: when the element with the focus is gone or disabled, browsers begin again at the top
 * of the page. The focus goes to what was around it, or back to it when it is enabled again.
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
