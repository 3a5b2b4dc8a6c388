/**
 * What a platform team types, as functions: `kubectl` and `helm`, and waiting with a deadline.
 *
 * In: arguments and manifests. Out: text, or an error with what the command said. Must not know any
 * story.
 */
import { spawnSync } from "node:child_process"
import { at } from "#operator/kube/json-path.ts"

export const NAMESPACE = "sidegate-system"
/** Longer than any command here waits by itself. */
const COMMAND_MS = 330_000
const POLL_MS = 250
/**
 * For what takes ten seconds on a machine of two cores that does nothing else. Where a story waits
 * for less, or asks once, the product has promised it.
 */
export const PATIENCE_MS = 120_000
/** Where something is looked at once a minute, or a container waits before it restarts. */
export const MINUTES_MS = 240_000
/** Of every helm command that changes the release. */
export const HELM_WAITS = ["-n", NAMESPACE, "--wait", "--timeout", "5m"] as const

/** Throws with stderr when the command fails. */
export function run(command: string, args: readonly string[], input?: string): string {
  const done = spawnSync(command, args, { encoding: "utf8", input, timeout: COMMAND_MS })
  if (done.status === 0) return done.stdout
  const said = `${done.stdout}${done.stderr}`.trim()
  throw new Error(`${command} ${args.join(" ")}: ${said || (done.error?.message ?? "no word")}`)
}

/** All that the command says, whether it fails or not: for what must be refused. */
export function said(command: string, args: readonly string[], input?: string): string {
  const done = spawnSync(command, args, { encoding: "utf8", input, timeout: COMMAND_MS })
  return `${done.stdout}${done.stderr}`.trim()
}

/** Brings an image to the nodes, as `SIDEGATE_E2E_LOAD` says; false when it says nothing. */
export function loadImage(image: string, archive: string): boolean {
  const load = process.env["SIDEGATE_E2E_LOAD"] ?? ""
  if (load === "") return false
  const values: Readonly<Record<string, string>> = { "{image}": image, "{archive}": archive }
  const [command = "", ...args] = load.split(" ").map((word) => values[word] ?? word)
  run(command, args)
  return true
}

export function kubectl(...args: readonly string[]): string {
  return run("kubectl", args)
}

export function apply(manifest: string): string {
  return run("kubectl", ["apply", "-f", "-"], manifest)
}

/** Applies a file of which an earlier run may have left something. */
export async function applyFresh(file: string): Promise<void> {
  removeWhole(file)
  // A pod is refused while its new namespace has no ServiceAccount yet.
  await until(`${file} is applied`, () => kubectl("apply", "-f", file))
}

/** Does not wait for the end of what it deletes. */
export function remove(file: string): void {
  kubectl("delete", "-f", file, "--ignore-not-found", "--wait=false")
}

/** Until nothing of it is left. */
export function removeWhole(file: string): void {
  kubectl("delete", "-f", file, "--ignore-not-found", "--wait=true", `--timeout=${MINUTES_MS}ms`)
}

/** Until each pod of the workload is of the template that it has now, and ready. */
export function rollOut(workload: string, namespace: string): void {
  kubectl("-n", namespace, "rollout", "status", workload, `--timeout=${PATIENCE_MS}ms`)
}

/** One object as JSON, or a list. */
export function get(...args: readonly string[]): unknown {
  return JSON.parse(kubectl("get", ...args, "-o", "json"))
}

/** Value of `-o jsonpath`, which is empty for what is not there. */
export function field(path: string, ...args: readonly string[]): string {
  return kubectl("get", ...args, "-o", `jsonpath={${path}}`)
}

/** Asks until `check` gives something; rejects with its last error at the deadline. */
export async function until<T>(
  what: string,
  check: () => T | undefined | false,
  withinMs: number = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + withinMs
  let last: unknown
  while (performance.now() < deadline) {
    try {
      const value = check()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const why = last instanceof Error ? `: ${last.message}` : ""
  throw new Error(`not within ${withinMs} ms: ${what}${why}`)
}

/** A question to the application of the examples, with the SDK in its own container. */
export function ask(namespace: string, target: string, model = "smart"): string {
  return kubectl(
    ...["-n", namespace, "exec", target, "-c", "ask", "--"],
    ...["node", "/app/main.mjs", "Hello?", model],
  ).trim()
}

/** Containers of a pod, init containers too, by name. */
export function containersOf(pod: unknown): readonly string[] {
  const named = (field: string): readonly string[] => {
    const list = at(pod, "spec", field)
    return Array.isArray(list) ? list.map((one) => String(at(one, "name"))) : []
  }
  return [...named("initContainers"), ...named("containers")]
}
