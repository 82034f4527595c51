/** The seeds that run with every test, apart from those that the long run starts with. */
export const testedSeeds = { first: 20_001, count: 24 } as const;
