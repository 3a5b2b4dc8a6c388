import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    pool: "threads",
    isolate: false,
    include: [
      "{operator,proxy,cli,images}/**/*.test.ts",
      "test/{golden,conformance,arch,sim,clouds}/**/*.test.ts",
    ],
  },
})
