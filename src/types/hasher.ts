import { setHasher } from "@chainsafe/persistent-merkle-tree";
import { hasher } from "@chainsafe/persistent-merkle-tree/hasher/hashtree";

/** Makes the native library hash roots. Import this before any SSZ type. */
setHasher(hasher);
