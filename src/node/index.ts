export { type DevChain, deleteDevChain, prepareDevChain } from "./dev-chain.ts";
export { exportChain } from "./export-chain.ts";
export { importChain } from "./import-chain.ts";
export { initGenesis } from "./init.ts";
export { exportProtection, importProtection } from "./protection-file.ts";
export { type ParameterChange, writeRecovery } from "./recover.ts";
export { runNode } from "./run.ts";
export type { RunningNode } from "./running-node.ts";
export { verifyChain } from "./verify.ts";
