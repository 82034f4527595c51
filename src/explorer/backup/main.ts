import { openKeyFile, sealKeyFile } from "./key-file.ts";
import { secretOfEntropy, secretOfWords, wordsOf } from "./words.ts";

/** The words, the file format and their cryptography are a script of their own, because few visitors need them. */
const backup = { openKeyFile, sealKeyFile, secretOfEntropy, secretOfWords, wordsOf };

declare global {
  interface LaterScripts {
    "backup.js": typeof backup;
  }
}

globalThis.ccoinLater = { ...globalThis.ccoinLater, "backup.js": backup };
