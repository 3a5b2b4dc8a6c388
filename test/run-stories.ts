/**
 * Runs the stories in `e2e/` on a cluster; where there are none, it says so and what would be
 * needed.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { finish, NONE } from "./suite-results.ts"

const STORIES = join(import.meta.dirname, "../e2e")

if (existsSync(STORIES)) {
  await import(join(STORIES, "main.ts"))
} else {
  console.log("no stories run: e2e/ does not exist, it comes with the chart")
  finish(NONE, process.env["SIDEGATE_RESULTS"])
}
