import { defineConfig } from "vitest/config"

/** Suites that need a real API server: `vitest run -c test/control-plane/vitest.config.ts`. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    pool: "threads",
    isolate: false,
    include: ["test/{control-plane,crds}/**/*.test.ts"],
    globalSetup: ["test/control-plane/global-setup.ts"],
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
})
