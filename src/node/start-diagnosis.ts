import type { Logger } from "../util/logger.ts";
import type { Closers } from "./closers.ts";
import { diagnose } from "./diagnosis.ts";
import { DiagnosisInputs, type DiagnosisSources } from "./diagnosis-input.ts";
import { DiagnosisLog } from "./diagnosis-log.ts";
import type { Diagnosis } from "./diagnosis-types.ts";

/** Watches the node from now on, and logs what it waits for. */
export function startDiagnosis(
  sources: DiagnosisSources,
  logger: Logger,
  closers: Closers,
): { inputs: DiagnosisInputs; diagnose(): Diagnosis } {
  const inputs = new DiagnosisInputs(sources);
  const now = () => diagnose(inputs.gather());
  const log = new DiagnosisLog({ diagnose: now, clock: sources.clock, logger });
  log.start();
  closers.push("diagnosis", () => {
    log.stop();
    inputs.stop();
  });
  return { inputs, diagnose: now };
}
