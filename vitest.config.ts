import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    pool: "threads",
    isolate: false,
    // Some of these are whole tables or properties: ten times what the slowest takes on one core.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Of what takes milliseconds; the default of a second is less than a busy machine's pause.
    expect: { poll: { timeout: 15_000 } },
    globalSetup: ["test/process/temporary-root.ts"],
    include: [
      "{operator,proxy,cli,images}/**/*.test.ts",
      "test/{golden,conformance,arch,sim,clouds}/**/*.test.ts",
    ],
  },
})
