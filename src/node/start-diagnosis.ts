import { performance } from "node:perf_hooks";
import type { Signer } from "../accounts/index.ts";
import { textOf } from "../util/bytes.ts";
import { genesisPinOf, type NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { diagnose } from "./diagnosis.ts";
import { DiagnosisInputs } from "./diagnosis-input.ts";
import { DiagnosisLog, lookEveryMs } from "./diagnosis-log.ts";
import type { Diagnosis, DiagnosisInput, MainThreadInput } from "./diagnosis-types.ts";
import { freeBytes } from "./disk.ts";

export interface NodeDiagnosis {
  inputs: DiagnosisInputs;
  diagnose(): Diagnosis;
}

function ownChain(core: NodeCore): DiagnosisInput["ownChain"] {
  const { genesis } = core;
  const pin = genesisPinOf(core);
  if (genesis) return { genesisId: genesis.idHex, name: textOf(genesis.config.name) };
  return pin === undefined ? undefined : { genesisId: pin, name: undefined };
}

/** Watches the node from now on, and logs what it waits for. */
export function startNodeDiagnosis(
  core: NodeCore,
  { network, statuses }: Peers,
  { publicKey }: Signer,
): NodeDiagnosis {
  const { options, clock, logger, modes, closers } = core;
  const mainThread = new MainThread(lookEveryMs);
  const inputs = new DiagnosisInputs({
    clock,
    modes,
    network,
    statuses,
    own: { publicKey, mines: options.mine },
    hasGenesis: () => core.genesis !== undefined,
    signingLock: () => core.services?.signer?.doubt,
    facts: () => ({
      genesisPin: genesisPinOf(core),
      writeFailure: core.writeFailure,
      freeDiskBytes: freeBytes(options.dataDir.folder),
      unreached: network.unreached(),
      ownChain: ownChain(core),
      places: network.places(),
      mainThread: mainThread.measured,
    }),
  });
  const now = () => diagnose(inputs.gather());
  const look = () => {
    mainThread.look();
    return now();
  };
  const log = new DiagnosisLog({ diagnose: look, clock, logger });
  log.start();
  closers.push("diagnosis", () => {
    log.stop();
    inputs.stop();
  });
  return { inputs, diagnose: now };
}

/** Shorter work is usual: a block with thousands of transfers, a request for a large proof. */
const overMs = 10_000;

interface Look {
  atMs: number;
  utilization: ReturnType<typeof performance.eventLoopUtilization>;
}

/**
 * Measures how busy the main thread is. It needs no timer of its own: it is told to look about once a second, and a
 * look that comes late was held up by work.
 */
export class MainThread {
  readonly #everyMs: number;
  #looks: Look[] = [];

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  look(): void {
    const atMs = performance.now();
    this.#looks.push({ atMs, utilization: performance.eventLoopUtilization() });
    // One look before the time begins.
    const first = this.#looks.findLastIndex((look) => look.atMs <= atMs - overMs);
    if (first > 0) this.#looks = this.#looks.slice(first);
  }

  /** Nothing counts before it was measured over the whole time: a start is busy. */
  get measured(): MainThreadInput {
    const [first, ...others] = this.#looks;
    const last = others.at(-1);
    if (!first || !last || last.atMs - first.atMs < overMs) return { utilization: 0, delayMs: 0, overMs };
    const { utilization } = performance.eventLoopUtilization(last.utilization, first.utilization);
    const gaps = others.map(({ atMs }, at) => atMs - this.#looks[at]!.atMs - this.#everyMs);
    return { utilization, delayMs: Math.max(0, ...gaps), overMs };
  }
}
