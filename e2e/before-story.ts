/**
 * Before each story: the chart is as it was installed, and at work, whatever the story before did.
 */
import { beforeAll } from "vitest"
import { ensureInstalled } from "./installation.ts"

beforeAll(() => ensureInstalled())
