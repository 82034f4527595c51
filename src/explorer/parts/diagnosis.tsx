import type { Diagnosis } from "../../client/index.ts";
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
  const { state, summary, findings } = diagnosis;
  const isLeftBehind = findings.some(({ code }) => code === "UNKNOWN_RULES");
  if (state === "ok" && findings.length === 0) return null;
  return (
    <section class={`note ${tones[state]}`} aria-labelledby="diagnosis">
      <h2 id="diagnosis">{isLeftBehind ? "This node must be upgraded" : titles[state]}</h2>
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
    </section>
  );
}

/** Turns the addresses in a text into short links to their accounts. */
function withNames(text: string): Markup {
  return text
    .split(/(\bcc1[a-z0-9]{58}\b)/)
    .map((part, index) => (index % 2 === 1 ? <Address address={part} /> : part));
}
