import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** One order on every machine; vitest's own goes by what it remembers of earlier runs. */
class ByName extends BaseSequencer {
  override async sort(stories: TestSpecification[]): Promise<TestSpecification[]> {
    return stories.toSorted((one, other) => (one.moduleId < other.moduleId ? -1 : 1))
  }
}

/** Stories share one cluster and one installation, so they run one after the other. */
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["e2e/*/*.test.ts"],
    globalSetup: ["e2e/install.ts"],
    setupFiles: ["e2e/before-story.ts", "e2e/on-failure.ts"],
    fileParallelism: false,
    sequence: { sequencer: ByName },
    // Longer than the deadlines of what a test waits for, which say what it was.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
})
