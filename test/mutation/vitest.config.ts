import { defineConfig } from "vitest/config";

/** Globs of the part that is mutated. Given as Stryker's `testFiles`, code that runs while modules are loaded would never be mutated. */
const tests = process.env["MUTATION_TESTS"] ?? "test/unit/**/*.test.ts";

/** The unit tests as `scripts/mutate.ts` runs them, for a program that changes all the time. Stryker wants no projects. */
export default defineConfig({
  test: {
    include: tests.split(" "),
    // The files of one run share the modules that they test, as in the project `unit`: loading them takes most of the time.
    isolate: false,
    setupFiles: "test/mutation/deactivate.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
