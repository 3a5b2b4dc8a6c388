import { join } from "node:path"
import { defineConfig } from "vitest/config"

/** The images as they are packed, run: `vitest run -c test/images/vitest.config.ts`. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    include: ["test/images/**/*.test.ts"],
    globalSetup: ["test/process/temporary-root.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
