import { setHasher } from "@chainsafe/persistent-merkle-tree";
import { hasher } from "@chainsafe/persistent-merkle-tree/hasher/hashtree";

/** Imported before any SSZ type: roots are hashed by the native library. */
setHasher(hasher);
