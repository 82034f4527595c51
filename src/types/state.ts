import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { AuthoritySnapshot } from "./authority.ts";
import { ChainParameters } from "./parameters.ts";
import { Amount, Bytes32, Count } from "./primitives.ts";

export const accountsLimit = 2 ** 32;

/** An account. `nonce` is that of its next transaction. */
export const Account = new ContainerType(
  { address: Bytes32, balance: Amount, nonce: Count },
  { typeName: "Account" },
);
export type Account = ValueOf<typeof Account>;

export const Accounts = new ListCompositeType(Account, accountsLimit);

/** The state after a block. Its root is a header's `stateRoot`. Accounts are in the order of their creation. */
export const State = new ContainerType(
  {
    accounts: Accounts,
    authorities: AuthoritySnapshot,
    parameters: ChainParameters,
    /**
     * The id of the newest recovery that applies to the block; zero for none, which is what pads three fields to four.
     */
    recovery: Bytes32,
  },
  { typeName: "State" },
);
export type State = ValueOf<typeof State>;
