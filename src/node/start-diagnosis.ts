import type { Signer } from "../accounts/index.ts";
import { textOf } from "../util/bytes.ts";
import { genesisPinOf, type NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { diagnose } from "./diagnosis.ts";
import { DiagnosisInputs } from "./diagnosis-input.ts";
import { DiagnosisLog, lookEveryMs } from "./diagnosis-log.ts";
import type { Diagnosis, DiagnosisInput } from "./diagnosis-types.ts";
import { freeBytes } from "./disk.ts";
import { MainThread } from "./main-thread.ts";

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
