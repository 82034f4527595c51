import { Fragment } from "preact";
import type { Diagnosis, Halt } from "../../client/index.ts";
import { count } from "../format.ts";
import type { Markup } from "../markup.ts";
import { sentence, type Tone } from "./layout.tsx";
import { Address } from "./names.tsx";

const tones: Readonly<Record<Diagnosis["state"], Tone>> = {
  ok: "good",
  waiting: "warn",
  halted: "bad",
  syncing: "warn",
  "no-genesis": "warn",
};
const titles: Readonly<Record<Diagnosis["state"], string>> = {
  ok: "The chain runs",
  waiting: "Something is late",
  halted: "The chain has halted",
  syncing: "This node is catching up",
  "no-genesis": "This node has no chain yet",
};

/** Shows why the node waits and what to do; nothing if all is well. */
export function DiagnosisNote({ diagnosis }: { diagnosis: Diagnosis }): Markup {
  const { state, summary, findings, halt } = diagnosis;
  const isLeftBehind = findings.some(({ code }) => code === "UNKNOWN_RULES");
  if (state === "ok" && findings.length === 0) return null;
  const explained = (
    <>
      <p>{withNames(sentence(summary))}</p>
      {findings.length === 0 ? null : (
        <ul class="findings">
          {findings.map(({ code, detail, remedy }) => (
            <li key={code + detail}>
              <p>{withNames(sentence(detail))}</p>
              <p>
                <strong>What to do:</strong> {sentence(remedy)}
              </p>
            </li>
          ))}
        </ul>
      )}
    </>
  );
  return (
    <section class={`note ${tones[state]}`} aria-labelledby="diagnosis">
      <h2 id="diagnosis">{isLeftBehind ? "This node must be upgraded" : titles[state]}</h2>
      {halt ? (
        <>
          <p>
            <HaltSentence halt={halt} />
          </p>
          <details>
            <summary>What is known, and what to do</summary>
            {explained}
          </details>
        </>
      ) : (
        explained
      )}
    </section>
  );
}

/** Says who is silent and who brings blocks back, in a sentence or two. */
function HaltSentence({ halt }: { halt: Halt }): Markup {
  const { authorities, silentCount, silent, awaited, needed, own } = halt;
  const areAll = awaited.length > 1 && awaited.length === silentCount;
  const some = needed > 1 ? `${needed} ` : "One ";
  return (
    <>
      {silentCount > 0 ? (
        <>
          {silentCount} of {count(authorities, "authority", "authorities")} {silentCount === 1 ? "is" : "are"}{" "}
          silent: {named(silent, "and")}
          {silentCount > silent.length ? " and others" : ""}.{" "}
        </>
      ) : null}
      {own ? <>This node may sign the next block and has not. </> : null}
      {awaited.length === 0 ? null : (
        <>
          {awaited.length > 1 ? `${some}of ` : ""}
          {areAll ? "them" : named(awaited, needed > 1 ? "and" : "or")} {needed > 1 ? "bring" : "brings"}{" "}
          blocks back.
        </>
      )}
    </>
  );
}

/** A list as people write it: `A, B or C`. */
function named(addresses: readonly string[], word: "and" | "or"): Markup {
  return addresses.map((address, index) => (
    <Fragment key={address}>
      {index === 0 ? "" : index === addresses.length - 1 ? ` ${word} ` : ", "}
      <Address address={address} />
    </Fragment>
  ));
}

/** Turns the addresses in a text into short links to their accounts. */
function withNames(text: string): Markup {
  return text
    .split(/(\bcc1[a-z0-9]{58}\b)/)
    .map((part, index) => (index % 2 === 1 ? <Address address={part} /> : part));
}
