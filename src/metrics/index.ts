export { Metrics } from "./metrics.ts";
export type { NodeSources } from "./node-metrics.ts";
