/**
 * Seeds that have found a fault, with the fault; each runs again with every test. Most were found before there were
 * liars.
 */
export const regressions: readonly {
  seed: number;
  authorities?: number;
  liars?: readonly string[];
  found: string;
}[] = [
  { seed: 2, found: "three authorities whose time-outs end apart never voted for one block" },
  { seed: 10, found: "the same, after a block had been finalized" },
  { seed: 23, found: "the same with five of six authorities there" },
  { seed: 15, found: "a peer was penalized for a chain that had become final meanwhile" },
  {
    seed: 47,
    found: "a vote whose target is not on the justified block, signed while the head was about to follow it",
  },
  { seed: 53, found: "the same with nine authorities" },
  { seed: 1353, found: "rounds that passed without a quorum: the authorities' time-outs never met again" },
  { seed: 579, found: "the round waited for the vote of an authority that had been voted out" },
  { seed: 3524, found: "two with old data: long time-outs in a round that one of them had passed" },
  {
    seed: 2324,
    found: "old data, and a vote that left through a broken cable: nobody can know it, or show it",
  },
  {
    seed: 41,
    authorities: 4,
    found: "first-seen tie-break: two halves, two blocks each, and nobody may sign",
  },
];
