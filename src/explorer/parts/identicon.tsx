import { drawn } from "../identicon.ts";
import type { Markup } from "../markup.ts";

/** A picture of an address, the same everywhere, so that people notice another address. It adds no information. */
export function Identicon({ address }: { address: string }): Markup {
  const { hue, path } = drawn(address);
  return (
    <svg class="identicon" viewBox="0 0 5 5" aria-hidden="true" style={{ "--hue": hue }}>
      <path d={path} />
    </svg>
  );
}
