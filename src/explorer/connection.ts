import type { Diagnosis } from "../client/index.ts";
import type { Live } from "./live.ts";

type Words = readonly [tone: string, text: string];

const states: Readonly<Record<Diagnosis["state"], Words>> = {
  ok: ["good", "Live"],
  waiting: ["warn", "Late"],
  halted: ["bad", "Halted"],
  syncing: ["warn", "Catching up"],
  "no-genesis": ["warn", "No chain yet"],
};

/** Says the state of the node in a word or two, and nothing that the node has not reported yet. */
export function connectionWords({
  connection,
  status,
  diagnosis,
}: Pick<Live, "connection" | "status" | "diagnosis">): Words {
  if (connection === "lost") return ["bad", "No connection"];
  if (connection === "connecting" || !status) return ["", "Connecting…"];
  // A starting node has no diagnosis yet.
  return diagnosis ? states[diagnosis.state] : ["warn", "Starting"];
}
