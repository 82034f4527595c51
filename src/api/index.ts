export { checkpointBody, finalityProofBody, finalityVoteBody } from "./finality-body.ts";
export { defaultHttpLimits, type HttpLimits } from "./limits.ts";
export { diagnosisStates } from "./schemas/node.ts";
export type { TlsIdentity } from "./secure-port.ts";
export { serveProblem } from "./serve-problem.ts";
export { type HttpServer, startHttpServer } from "./server.ts";
export type * from "./services.ts";
export { recoverySummaries } from "./views.ts";
