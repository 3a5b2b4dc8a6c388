import { defineConfig } from "vitest/config"

/** The images as they are packed, run: `vitest run -c test/images/vitest.config.ts`. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    include: ["test/images/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
