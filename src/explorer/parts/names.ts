import { useState } from "preact/hooks";
import { age, dateTime, short, whole } from "../format.ts";
import { html, type Markup } from "../html.ts";
import { live, nodeTime } from "../live.ts";
import { useSeconds, useStore } from "../store.ts";

/** Far apart for neighbours in the set, however many there are. */
const goldenAngle = 137.5;

/** A colour that goes with an authority. */
export function Swatch({ address }: { address: string }): Markup {
  const { genesis } = useStore(live);
  const place = genesis?.authorities.indexOf(address) ?? -1;
  const number = place >= 0 ? place : [...address].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return html`<span class="swatch" style=${{ "--hue": (190 + number * goldenAngle) % 360 }}></span>`;
}

/** `full`: where there is room for all of it. */
export function Address({ address, full = false }: { address: string; full?: boolean }): Markup {
  const isNode = useStore(live).status?.address === address;
  return html`<span class="name"
    ><a class=${full ? "id long" : "id"} href=${`#/account/${address}`} title=${address}>${full ? address : short(address, 9, 5)}</a
    >${isNode ? html` <span class="tag">this node</span>` : null}</span
  >`;
}

export function Authority({ address }: { address: string }): Markup {
  return html`<span class="name"><${Swatch} address=${address} /><${Address} address=${address} /></span>`;
}

export function BlockLink({ id, height }: { id: string; height: number }): Markup {
  return html`<a href=${`#/block/${id}`} title=${id}>${whole(height)}</a>`;
}

export function TransactionLink({ id }: { id: string }): Markup {
  return html`<a class="id" href=${`#/tx/${id}`} title=${id}>${short(id)}</a>`;
}

/** `atMs`: by the node's clock. */
export function Age({ atMs }: { atMs: number }): Markup {
  const nowMs = nodeTime(useSeconds());
  return html`<time datetime=${new Date(atMs).toISOString()} title=${dateTime(atMs)}>${age(nowMs - atMs)}</time>`;
}

export function Copy({ text, what }: { text: string; what: string }): Markup {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button type="button" class="small" onClick=${copy} aria-label=${`Copy ${what}`}>
    ${done ? "Copied" : "Copy"}
  </button>`;
}

/** An id or address in full, with the way to take it along. */
export function FullName({ text, what }: { text: string; what: string }): Markup {
  return html`<span class="full-name"
    ><code>${text}</code>${navigator.clipboard ? html`<${Copy} text=${text} what=${what} />` : null}</span
  >`;
}
