/** The blocks that a network of attacks starts with, and the number of transfers in each. */
export const history = { blocks: 60, transactions: 100 } as const;
