/**
 * What a person would look at first, printed beneath the story that failed: pods, the last events,
 * the last lines of the operator, the webhook, and every pod that is not well.
 */
import { spawnSync } from "node:child_process"
import { afterAll, afterEach, beforeEach } from "vitest"
import { NAMESPACE } from "./cluster.ts"

const LINES = 40

let hasBegun = false
beforeEach(() => {
  hasBegun = true
})
afterEach(({ task }) => {
  if (task.result?.state === "fail") showAll()
})
/** No test of it began: what it needs did not come about. */
afterAll(() => {
  if (!hasBegun) showAll()
})

function showAll(): void {
  show("pods", "get", "pods", "-A", "-o", "wide")
  show("events", "get", "events", "-A", "--sort-by=.lastTimestamp")
  for (const name of ["sidegate-operator", "sidegate-webhook"]) {
    const label = `app.kubernetes.io/name=${name}`
    show(name, "-n", NAMESPACE, "logs", "-l", label, `--tail=${LINES}`)
  }
  for (const [namespace, pod] of unwell()) {
    show(pod, "-n", namespace, "logs", pod, "--all-containers", `--tail=${LINES}`)
  }
}

/** The last lines of what the command says, errors too: nothing here may fail a story. */
function show(title: string, ...args: readonly string[]): void {
  const { stdout, stderr } = spawnSync("kubectl", args, { encoding: "utf8", timeout: 20_000 })
  const lines = `${stdout ?? ""}${stderr ?? ""}`.trimEnd().split("\n")
  console.log(`--- ${title}\n${lines.slice(-LINES).join("\n")}`)
}

/** At most five pods that do not run, or that restarted. */
function unwell(): readonly (readonly [namespace: string, pod: string])[] {
  const args = ["get", "pods", "-A", "--no-headers"]
  const { stdout } = spawnSync("kubectl", args, { encoding: "utf8", timeout: 20_000 })
  const rows = (stdout ?? "").trim().split("\n")
  return rows
    .map((row) => row.split(/\s+/))
    .filter(([, , , status, restarts]) => !isWell(status) || restarts !== "0")
    .flatMap(([namespace, pod]) => (namespace && pod ? [[namespace, pod] as const] : []))
    .slice(0, 5)
}

function isWell(status: string | undefined): boolean {
  return status === "Running" || status === "Completed"
}
