import { accountsAxis } from "./accounts.ts";
import { authoritiesAxis } from "./authorities.ts";
import type { Axis } from "./axis.ts";
import { chainLengthAxis } from "./chain-length.ts";
import { mempoolAxis } from "./mempool.ts";
import { peersAxis } from "./peers.ts";

export const axes: readonly Axis[] = [accountsAxis, chainLengthAxis, mempoolAxis, peersAxis, authoritiesAxis];
