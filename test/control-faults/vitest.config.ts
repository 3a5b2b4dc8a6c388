import { join } from "node:path"
import { defineConfig } from "vitest/config"

/**
 * Faults of the control plane, against the real operator: `vitest run -c
 * test/control-faults/vitest.config.ts`. One API server for all of it, and one file after the
 * other, since every operator looks at the whole cluster.
 */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    include: ["test/control-faults/**/*.test.ts"],
    globalSetup: ["test/process/temporary-root.ts", "test/control-plane/global-setup.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
