import { join } from "node:path"
import { defineConfig } from "vitest/config"

/** The chart with helm, kubeconform and a real API server: `vitest run -c` of this file. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    pool: "threads",
    isolate: false,
    include: ["test/chart/**/*.test.ts"],
    globalSetup: [
      "test/process/temporary-root.ts",
      "test/chart/global-setup.ts",
      "test/control-plane/global-setup.ts",
    ],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
