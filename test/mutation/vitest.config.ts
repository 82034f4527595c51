import { defineConfig } from "vitest/config";

/** The unit tests as `scripts/mutate.ts` runs them, for a program that changes all the time. It names the files. */
export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts"],
    // The files of one run share the modules that they test, as in the project `unit`: loading them takes most of the time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
