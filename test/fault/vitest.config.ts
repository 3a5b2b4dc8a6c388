import { join } from "node:path"
import { defineConfig } from "vitest/config"

/**
 * Stories of the whole path: a real API server, the real operator and proxy as processes, a
 * counting upstream. Each file has a control plane of its own, so they run one after the other.
 */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/fault/**/*.test.ts"],
    globalSetup: ["test/process/temporary-root.ts"],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 600_000,
  },
})
