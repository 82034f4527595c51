export * from "./authority-set.ts";
export * from "./clique.ts";
export * from "./finality.ts";
export * from "./fork-choice.ts";
export * from "./timing.ts";
export * from "./vote-tally.ts";
export * from "./voting.ts";
