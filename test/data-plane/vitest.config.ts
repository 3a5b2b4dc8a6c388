import { defineConfig } from "vitest/config"

/**
 * Suites on real processes: `vitest run -c test/data-plane/vitest.config.ts`. One file at a time.
 */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    include: ["test/data-plane/**/*.test.ts"],
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
})
