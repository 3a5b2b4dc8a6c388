import { defineConfig } from "vitest/config"

/** Stories share one cluster and one installation, so they run one after the other. */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["e2e/*/*.test.ts"],
    globalSetup: ["e2e/install.ts"],
    setupFiles: ["e2e/on-failure.ts"],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
})
