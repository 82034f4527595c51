import { useState } from "preact/hooks";
import type { Genesis } from "../../client/index.ts";
import { age, dateTime, short, whole } from "../format.ts";
import { live, nodeTime } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useSeconds, useSelected } from "../store.ts";

/** Degrees between the hues of neighbours in the set; the golden angle keeps them far apart in a set of any size. */
const goldenAngle = 137.5;

/** The colour of an authority. */
export function Swatch({ address }: { address: string }): Markup {
  const place = useSelected(live, ({ genesis }) => genesis?.authorities.indexOf(address) ?? -1);
  const number = place >= 0 ? place : [...address].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return <span class="swatch" style={{ "--hue": (190 + number * goldenAngle) % 360 }}></span>;
}

/** The name that genesis gives to an address. */
export function nameOf(genesis: Genesis | undefined, address: string): string | undefined {
  return genesis?.names.find((named) => named.address === address)?.name;
}

/** An address that links to its account: by its name if genesis gives it one, shortened otherwise; in full if `full`. */
export function Address({ address, full = false }: { address: string; full?: boolean }): Markup {
  const isNode = useSelected(live, ({ status }) => status?.address === address);
  const name = useSelected(live, ({ genesis }) => nameOf(genesis, address));
  return (
    <span class="name">
      <a class={full ? "id long" : "id"} href={`#/account/${address}`} title={address}>
        {full ? address : name === undefined ? short(address, 9, 5) : <bdi>{name}</bdi>}
      </a>
      {full && name !== undefined ? (
        <>
          {" "}
          <bdi>{name}</bdi>
        </>
      ) : null}
      {isNode ? (
        <>
          {" "}
          <span class="tag">this node</span>
        </>
      ) : null}
    </span>
  );
}

export function Authority({ address }: { address: string }): Markup {
  return (
    <span class="name">
      <Swatch address={address} />
      <Address address={address} />
    </span>
  );
}

export function BlockLink({ id, height }: { id: string; height: number }): Markup {
  return (
    <a href={`#/block/${id}`} title={id}>
      {whole(height)}
    </a>
  );
}

export function TransactionLink({ id }: { id: string }): Markup {
  return (
    <a class="id" href={`#/tx/${id}`} title={id}>
      {short(id)}
    </a>
  );
}

/** The age of a time `atMs` of the node's clock. */
export function Age({ atMs }: { atMs: number }): Markup {
  const nowMs = nodeTime(useSeconds());
  return (
    <time datetime={new Date(atMs).toISOString()} title={dateTime(atMs)}>
      {age(nowMs - atMs)}
    </time>
  );
}

function Copy({ text, what }: { text: string; what: string }): Markup {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" class="small" onClick={copy} aria-label={`Copy ${what}`}>
      {done ? "Copied" : "Copy"}
    </button>
  );
}

/** An id or address in full, with a button that copies it. */
export function FullName({ text, what }: { text: string; what: string }): Markup {
  return (
    <span class="full-name">
      <code>{text}</code>
      {navigator.clipboard ? <Copy text={text} what={what} /> : null}
    </span>
  );
}
