import { openKeyFile, sealKeyFile } from "./key-file.ts";
import { secretOfEntropy, secretOfWords, wordsOf } from "./words.ts";

/** The functions of a script of its own, because few visitors need the words, the file format and their cryptography. */
const backup = { openKeyFile, sealKeyFile, secretOfEntropy, secretOfWords, wordsOf };
export type Backup = typeof backup;

globalThis.ccoinLater = { ...globalThis.ccoinLater, "backup.js": backup };
