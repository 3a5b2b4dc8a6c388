import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    pool: "threads",
    isolate: false,
    // Some of these are whole tables or properties: five times what the slowest takes on two cores.
    testTimeout: 20_000,
    include: [
      "{operator,proxy,cli,images}/**/*.test.ts",
      "test/{golden,conformance,arch,sim,clouds}/**/*.test.ts",
    ],
  },
})
