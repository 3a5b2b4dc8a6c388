import { join } from "node:path"
import { defineConfig } from "vitest/config"

/**
 * Suites on real processes: `vitest run -c test/data-plane/vitest.config.ts`. One file at a time.
 */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    include: ["test/data-plane/**/*.test.ts"],
    globalSetup: ["test/process/temporary-root.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
