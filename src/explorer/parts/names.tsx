import { useState } from "preact/hooks";
import { age, dateTime, short, whole } from "../format.ts";
import { live, nodeTime } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useName } from "../names.ts";
import { useSeconds, useSelected } from "../store.ts";
import { Identicon } from "./identicon.tsx";

/** Degrees between the hues of neighbours in the set; the golden angle keeps them far apart in a set of any size. */
const goldenAngle = 137.5;

/** The colour of an authority. */
export function Swatch({ address }: { address: string }): Markup {
  const place = useSelected(live, ({ genesis }) => genesis?.authorities.indexOf(address) ?? -1);
  const number = place >= 0 ? place : [...address].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return <span class="swatch" style={{ "--hue": (190 + number * goldenAngle) % 360 }}></span>;
}

/** An address that links to its account, by its name if it has one, shortened otherwise. */
export function Address({ address, isMarked = true }: { address: string; isMarked?: boolean }): Markup {
  const isNode = useSelected(live, ({ status }) => status?.address === address);
  const name = useName(address);
  return (
    <span class="name">
      {isMarked ? <Identicon address={address} /> : null}
      <a class={name === undefined ? "id" : "known"} href={`#/account/${address}`} title={address}>
        {name === undefined ? short(address, 9, 5) : <bdi>{name}</bdi>}
      </a>
      {isNode ? (
        <>
          {" "}
          <span class="tag">this node</span>
        </>
      ) : null}
    </span>
  );
}

/** An address in full, with its name. */
export function NamedAddress({ address }: { address: string }): Markup {
  const name = useName(address);
  return (
    <span class="name">
      <Identicon address={address} />
      {name === undefined ? null : (
        <strong>
          <bdi>{name}</bdi>
        </strong>
      )}
      <a class="id long" href={`#/account/${address}`} title={address}>
        {address}
      </a>
    </span>
  );
}

export function Authority({ address }: { address: string }): Markup {
  return (
    <span class="name">
      <Swatch address={address} />
      <Address address={address} isMarked={false} />
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
