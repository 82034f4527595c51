import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    globalNamespace: string;
    mutantActivation: "static" | "runtime" | undefined;
  }
}

// Stryker activates a mutant when the tests of a file begin, or, for code that runs while modules are loaded, before this. As the files
// share a thread, a mutant of the first kind is still active here from the file before.
const stryker = (globalThis as Record<string, unknown>)[inject("globalNamespace")] as {
  activeMutant?: string;
};
if (inject("mutantActivation") !== "static") delete stryker.activeMutant;
