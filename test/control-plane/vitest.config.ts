import { join } from "node:path"
import { defineConfig } from "vitest/config"

/** Suites that need a real API server: `vitest run -c test/control-plane/vitest.config.ts`. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    pool: "threads",
    isolate: false,
    include: ["test/{control-plane,crds}/**/*.test.ts"],
    globalSetup: ["test/process/temporary-root.ts", "test/control-plane/global-setup.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
