export { ManualClock } from "../network/clock.ts";
