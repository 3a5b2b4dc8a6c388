/** Where this checkout is from and at which commit, asked of git once; nulls without git. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { RELEASE } from "#proxy/contract/release.ts"
import { type SourceFacts, sourceUrl } from "./labels.ts"

/** `-dirty` is added to the commit when the checkout has changes that are not in it. */
export function readSourceFacts(): SourceFacts {
  const commit = git("rev-parse", "HEAD")
  const changes = git("status", "--porcelain", "--untracked-files=no")
  const remote = git("config", "--get", "remote.origin.url")
  const isClean = changes === null || changes === ""
  return {
    release: RELEASE,
    source: remote === null ? null : sourceUrl(remote),
    revision: commit === null || isClean ? commit : `${commit}-dirty`,
  }
}

function git(...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync("git", ["-C", join(import.meta.dirname, ".."), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  return status === 0 ? stdout.trim() : null
}
