import type { Signer } from "../accounts/index.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { diagnose } from "./diagnosis.ts";
import { DiagnosisInputs } from "./diagnosis-input.ts";
import { DiagnosisLog } from "./diagnosis-log.ts";
import type { Diagnosis } from "./diagnosis-types.ts";
import { freeBytes } from "./disk.ts";
import { genesisPinOf } from "./find-genesis.ts";

export interface NodeDiagnosis {
  inputs: DiagnosisInputs;
  diagnose(): Diagnosis;
}

/** Watches the node from now on, and logs what it waits for. */
export function startNodeDiagnosis(
  core: NodeCore,
  { network, statuses }: Peers,
  { publicKey }: Signer,
): NodeDiagnosis {
  const { options, clock, logger, modes, closers } = core;
  const inputs = new DiagnosisInputs({
    clock,
    modes,
    network,
    statuses,
    own: { publicKey, mines: options.mine },
    hasGenesis: () => core.genesis !== undefined,
    genesisPin: genesisPinOf(core),
    signingLock: () => core.services?.signer?.doubt,
    writeFailure: () => core.writeFailure,
    freeDiskBytes: () => freeBytes(options.dataDir.folder),
    unreached: () => network.unreached(),
  });
  const now = () => diagnose(inputs.gather());
  const log = new DiagnosisLog({ diagnose: now, clock, logger });
  log.start();
  closers.push("diagnosis", () => {
    log.stop();
    inputs.stop();
  });
  return { inputs, diagnose: now };
}
