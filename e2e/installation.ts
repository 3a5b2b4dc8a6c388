/**
 * The chart as each story finds it: installed under its name by `install.ts`, and at work.
 *
 * In: the cluster. Out: an installation that injects and refuses. It is looked at before each story
 * and made anew where it is not what it was, so that no story depends on how another one ended.
 */
import { listAt, textAt } from "#operator/kube/json-path.ts"
import {
  apply,
  field,
  get,
  HELM_WAITS,
  kubectl,
  NAMESPACE,
  rollOut,
  run,
  said,
  until,
} from "./cluster.ts"

export const RELEASE_NAME = "sidegate"
export const OPERATOR = "statefulset/sidegate-operator"
export const WEBHOOK = "deploy/sidegate-webhook"
/** The chart's own: what a story scales, it scales back to this. */
export const REPLICAS = { [OPERATOR]: 1, [WEBHOOK]: 2 } as const
const CHART = "sidegate-0.1.0"
/** Pods are injected there, and none is ever made: they are asked for with a dry run. */
const PROBE = "e2e-probe"

/** Installs the chart and waits until it says that it is ready. */
export function install(release: string, ...flags: readonly string[]): void {
  const settings = ["operator.ledger.kind=ephemeral", "image.pullPolicy=IfNotPresent"]
  const sets = settings.flatMap((setting) => ["--set", setting])
  const where = [...HELM_WAITS, "--create-namespace"]
  run("helm", ["install", release, "charts/sidegate", ...where, ...sets, ...flags])
}

export function uninstall(release: string): void {
  run("helm", ["uninstall", release, "-n", NAMESPACE, "--wait", "--timeout", "5m"])
}

/** Whatever its name and state. */
export function uninstallAll(): void {
  for (const release of releases()) uninstall(textAt(release, "name") ?? "")
}

/** What is left of an earlier installation is removed first. */
export async function installAfresh(): Promise<void> {
  uninstallAll()
  await until("nothing of an earlier run is ending", isNothingEnding)
  const begun = performance.now()
  install(RELEASE_NAME, "--take-ownership")
  console.log(`helm install --wait: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
}

/** For a story that begins. */
export async function ensureInstalled(): Promise<void> {
  if (!isAsInstalled()) {
    console.log("the chart is not as it was installed: it is installed afresh")
    await installAfresh()
  }
  await untilAtWork()
}

/**
 * Until pods that are made now get the sidecar of the release that is installed, and what the
 * policies refuse is refused. `helm --wait` and a rollout say that pods are ready: the API server
 * may not call them yet, may still call those that end, and reads policies once a second.
 */
export async function untilAtWork(): Promise<void> {
  for (const workload of [OPERATOR, WEBHOOK]) rollOut(workload, NAMESPACE)
  const image = field(".spec.template.spec.containers[0].image", WEBHOOK, "-n", NAMESPACE)
  await until("no webhook of another release is left", () =>
    podsOf("sidegate-webhook").every(
      (pod) => textAt(pod, "spec", "containers", "0", "image") === image && !isEnding(pod),
    ),
  )
  const namespace = { apiVersion: "v1", kind: "Namespace" }
  const labels = { "sidegate.dev/injection": "enabled" }
  apply(JSON.stringify({ ...namespace, metadata: { name: PROBE, labels } }))
  const release = image.split(":").at(-1) ?? ""
  await until(`pods are injected by ${release}`, () => injection() === `injected@${release}`)
  await until("a sidecar of another image is refused", isRefused)
}

/** Nothing is injected any more. */
export async function untilNotAtWork(): Promise<void> {
  await until("pods are not injected", () => injection() === "")
}

/** Those that end too. */
export function podsOf(name: string): readonly unknown[] {
  const selector = ["-l", `app.kubernetes.io/name=${name}`]
  return listAt(get("pods", "-n", NAMESPACE, ...selector), "items")
}

export function scale(workload: keyof typeof REPLICAS, replicas: number): void {
  kubectl("-n", NAMESPACE, "scale", workload, `--replicas=${replicas}`)
}

/** Until none of its pods is left, those that end included. */
export async function scaleAway(workload: keyof typeof REPLICAS): Promise<void> {
  scale(workload, 0)
  const name = workload.split("/")[1] ?? ""
  await until(`no pod of ${name} is left`, () => podsOf(name).length === 0)
}

/** Each as many as the chart says, and at work. */
export async function scaleBack(): Promise<void> {
  for (const workload of [OPERATOR, WEBHOOK] as const) scale(workload, REPLICAS[workload])
  await untilAtWork()
}

export function removeProbe(): void {
  kubectl("delete", "namespace", PROBE, "--ignore-not-found", "--wait=false")
}

/** Of all that helm knows: a run that was ended may have left one half installed. */
function releases(): readonly unknown[] {
  const states = ["--deployed", "--failed", "--pending", "--uninstalling"]
  const list: unknown = JSON.parse(run("helm", ["list", "-n", NAMESPACE, ...states, "-o", "json"]))
  return Array.isArray(list) ? list : []
}

function isAsInstalled(): boolean {
  const [only, ...more] = releases()
  if (more.length > 0 || textAt(only, "status") !== "deployed") return false
  if (textAt(only, "name") !== RELEASE_NAME || textAt(only, "chart") !== CHART) return false
  return Object.entries(REPLICAS).every(
    ([workload, replicas]) =>
      field(".spec.replicas", workload, "-n", NAMESPACE) === String(replicas),
  )
}

function isNothingEnding(): boolean {
  return listAt(get("namespaces,customresourcedefinitions"), "items").every((one) => {
    const name = textAt(one, "metadata", "name") ?? ""
    const isOurs = name === NAMESPACE || name === PROBE || name.endsWith(".sidegate.dev")
    return !(isOurs && isEnding(one))
  })
}

function isEnding(object: unknown): boolean {
  return textAt(object, "metadata", "deletionTimestamp") !== undefined
}

/** What the webhook says of a pod in its annotation; nothing when it was not asked. */
function injection(): string {
  const path = String.raw`jsonpath={.metadata.annotations.sidegate\.dev/injection-status}`
  return run("kubectl", [...DRY_RUN, "-o", path], probe({})).trim()
}

function isRefused(): boolean {
  const sidecar = { name: "sidegate-proxy", image: "another:image", restartPolicy: "Always" }
  const labels = { "sidegate.dev/inject": "false" }
  const text = said("kubectl", DRY_RUN, probe({ initContainers: [sidecar] }, labels))
  return text.includes("none of sidegate-proxy:")
}

const DRY_RUN = ["create", "--dry-run=server", "-f", "-"] as const

function probe(spec: object, labels: Readonly<Record<string, string>> = {}): string {
  const containers = [{ name: "ask", image: "sidegate-example:0.1.0" }]
  const metadata = { name: "probe", namespace: PROBE, labels }
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers, ...spec } })
}
