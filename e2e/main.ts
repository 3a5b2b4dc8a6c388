/**
 * `make e2e`: every story, on the cluster of `KUBECONFIG`, or on one that kind creates.
 *
 * In: `KUBECONFIG`; `SIDEGATE_E2E_LOAD`, a command that brings an archive to the nodes, with
 * `{image}` and `{archive}` in it. Neither, and docker answers: a kind cluster, deleted
 * afterwards. Else it says why nothing runs. Out: the sum on the last line.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { finish, listFailures, NONE, readReport } from "#test/suite-results.ts"

const ROOT = join(import.meta.dirname, "..")
const KIND_CLUSTER = "sidegate-e2e"
const NO_STORIES = { counts: NONE, failures: [] }
const work = mkdtempSync(join(tmpdir(), "sidegate-e2e-"))
try {
  const cluster = findCluster()
  const { reason } = cluster
  if (reason !== null) console.log(`no stories run: ${reason}`)
  const { counts, failures } = reason === null ? runStories(cluster.env) : NO_STORIES
  finish(counts, failures, process.env["SIDEGATE_RESULTS"])
  if (cluster.isOurs) run("kind", ["delete", "cluster", "--name", KIND_CLUSTER])
} finally {
  rmSync(work, { recursive: true, force: true })
}

interface Cluster {
  /** Why there is none. */
  readonly reason: string | null
  readonly env: Readonly<Record<string, string>>
  readonly isOurs: boolean
}

function findCluster(): Cluster {
  const none = { env: {}, isOurs: false }
  if (process.env["KUBECONFIG"]) {
    const missing = ["kubectl", "helm"].filter(
      (name) => run(name, ["version", "--client"]) === null,
    )
    if (missing.length === 0) return { ...none, reason: null }
    return { ...none, reason: `KUBECONFIG is set, but ${missing.join(" and ")} not on the PATH` }
  }
  if (run("docker", ["info"]) !== 0) {
    return { ...none, reason: "KUBECONFIG is not set, and docker, which kind needs, is not there" }
  }
  const kubeconfig = join(work, "kubeconfig")
  const args = ["create", "cluster", "--name", KIND_CLUSTER, "--kubeconfig", kubeconfig]
  if (run("kind", args) !== 0) return { ...none, reason: "kind could not create a cluster" }
  const load = `kind load image-archive {archive} --name ${KIND_CLUSTER}`
  const env = { KUBECONFIG: kubeconfig, SIDEGATE_E2E_LOAD: load }
  return { reason: null, env, isOurs: true }
}

function runStories(env: Readonly<Record<string, string>>) {
  const report = join(work, "report.json")
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs")
  const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${report}`]
  const stories = process.argv.slice(2)
  const args = [vitest, "run", "-c", "e2e/vitest.config.ts", ...reporters, ...stories]
  const { status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...env },
  })
  const result: unknown = JSON.parse(existsSync(report) ? readFileSync(report, "utf8") : "null")
  const exitCode = status ?? 1
  return { counts: readReport(result, exitCode), failures: listFailures(result, exitCode, ROOT) }
}

/** Exit code; null when there is no such program. */
function run(command: string, args: readonly string[]): number | null {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status
}
