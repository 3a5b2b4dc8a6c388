import { defineConfig } from "vitest/config"

/** Tests of the test tools themselves, some of them with real processes. */
export default defineConfig({
  test: {
    include: ["test/{process,upstream,bench,scale}/**/*.test.ts"],
    globalSetup: ["test/process/temporary-root.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
