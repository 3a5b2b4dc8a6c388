/**
 * A later release comes and goes under load: other images, a chart whose kinds have a field more.
 * The pods that run keep their sidecar; operator and sidecars of both releases work together.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import {
  applyFresh,
  ask,
  field,
  get,
  HELM_WAITS,
  kubectl,
  loadImage,
  MINUTES_MS,
  NAMESPACE,
  remove,
  rollOut,
  run,
  until,
} from "../cluster.ts"
import { OPERATOR, RELEASE_NAME, untilAtWork, WEBHOOK } from "../installation.ts"
import { type Load, startLoad } from "../load.ts"

const MANIFEST = "e2e/upgrade/application.yaml"
const N = ["-n", "e2e-upgrade"] as const
const NEXT = "0.2.0-e2e"
const work = mkdtempSync(join(tmpdir(), "sidegate-upgrade-"))
const chart = join(work, "chart")
/** Of the installation as it was. */
let revision = ""

beforeAll(async () => {
  const history = ["history", RELEASE_NAME, "-n", NAMESPACE, "--max", "1", "-o", "json"]
  const [last] = JSON.parse(run("helm", history)) as readonly { readonly revision: number }[]
  revision = String(last?.revision)
  const out = join(work, "images")
  run(process.execPath, ["images/build.ts", "--packed", "--release", NEXT, "--out", out])
  for (const name of ["operator", "proxy"]) {
    loadImage(`sidegate-${name}:${NEXT}`, join(out, `sidegate-${name}.tar`))
  }
  writeNextChart()
  await applyFresh(MANIFEST)
  rollOut("deploy/ask", N[1])
  await until("it is served", () => ask("e2e-upgrade", "deploy/ask"))
})
afterAll(() => {
  remove(MANIFEST)
  rmSync(work, { recursive: true, force: true })
})

test("a later release takes over under load, and no request fails", async () => {
  const load = await startLoad("e2e-upgrade", "deploy/ask")
  run("helm", ["upgrade", RELEASE_NAME, chart, ...HELM_WAITS, "--reuse-values"])
  expect(image(OPERATOR)).toBe(`sidegate-operator:${NEXT}`)
  expect(image(WEBHOOK)).toBe(`sidegate-operator:${NEXT}`)
  await expectRouteFollows("after-upgrade")
  await expectNoFailure(load)
})

test("pods of before keep their sidecar, new ones get the later, and both are counted", async () => {
  expect(injectedReleases()).toEqual(["0.1.0"])
  await untilAtWork()
  kubectl(...N, "scale", "deploy/ask", "--replicas=2")
  rollOut("deploy/ask", N[1])
  expect(injectedReleases()).toEqual(["0.1.0", NEXT])
  await expectRouteFollows("both-releases")
  const sidecars = (name: string) => field(`.status.sidecars.${name}`, "airoute/chat", ...N)
  const areBoth = () => sidecars("connected") === "2" && sidecars("programmed") === "2"
  await until("both have acknowledged", areBoth, MINUTES_MS)
})

test("a manifest with the release before's sidecar is admitted, with any other it is not", () => {
  const create = (proxy: string) => () =>
    run("kubectl", ["create", "--dry-run=server", "-f", "-"], copiedPod(proxy))
  expect(create("sidegate-proxy:0.1.0")).not.toThrow()
  expect(create(`sidegate-proxy:${NEXT}`)).not.toThrow()
  expect(create("sidegate-proxy:0.0.9")).toThrow(/sidegate-proxy/)
})

test("a rollback that would drop a field is refused, and says which", () => {
  const patch = JSON.stringify({ spec: { later: { note: "of 0.2.0" } } })
  kubectl(...N, "patch", "airoute/chat", "--type=merge", "-p", patch)
  expect(field(".spec.later.note", "airoute/chat", ...N)).toBe("of 0.2.0")
  expect(() => run("helm", ["rollback", RELEASE_NAME, revision, ...HELM_WAITS])).toThrow()
  const log = kubectl("-n", NAMESPACE, "logs", "job/sidegate-rollback-check")
  expect(log).toContain("AIRoute e2e-upgrade/chat: spec.later")
  // Of the check only the Job stays, for its log.
  const left = "serviceaccount,clusterrole,clusterrolebinding"
  expect(kubectl("-n", NAMESPACE, "get", left, "-o", "name")).not.toContain("rollback-check")
  expect(image(OPERATOR)).toBe(`sidegate-operator:${NEXT}`)
  expect(field(".spec.later.note", "airoute/chat", ...N)).toBe("of 0.2.0")
})

test("without that field it is rolled back under load, and no request fails", async () => {
  const remove = JSON.stringify([{ op: "remove", path: "/spec/later" }])
  kubectl(...N, "patch", "airoute/chat", "--type=json", "-p", remove)
  const load = await startLoad("e2e-upgrade", "deploy/ask")
  run("helm", ["rollback", RELEASE_NAME, revision, ...HELM_WAITS])
  expect(image(OPERATOR)).toBe("sidegate-operator:0.1.0")
  expect(injectedReleases()).toEqual(["0.1.0", NEXT])
  await expectRouteFollows("after-rollback")
  await expectNoFailure(load)
})

/** Each pod's sidecar gets what is changed now. */
async function expectRouteFollows(model: string): Promise<void> {
  const patch = JSON.stringify({ spec: { models: ["smart", model] } })
  kubectl(...N, "patch", "airoute/chat", "--type=merge", "-p", patch)
  for (const pod of pods()) {
    const name = textAt(pod, "metadata", "name") ?? ""
    await until(`${name} serves ${model}`, () => ask("e2e-upgrade", name, model))
  }
}

function pods(): readonly unknown[] {
  const running = ["--field-selector=status.phase=Running", "-l", "app=ask"]
  return listAt(get("pods", ...N, ...running), "items").filter(
    (pod) => textAt(pod, "metadata", "deletionTimestamp") === undefined,
  )
}

function injectedReleases(): readonly string[] {
  const said = pods().map(
    (pod) => textAt(pod, "metadata", "annotations", "sidegate.dev/injection-status") ?? "",
  )
  return said.map((one) => one.replace("injected@", "")).sort()
}

function image(workload: string): string {
  return field(".spec.template.spec.containers[0].image", workload, "-n", NAMESPACE)
}

async function expectNoFailure(load: Load): Promise<void> {
  const { answered, failed } = await load.end()
  console.log(`${answered} requests answered`)
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(100)
}

/** A pod as somebody copied it from the cluster, into a namespace where nothing is injected. */
function copiedPod(proxy: string): string {
  const sidecar = { name: "sidegate-proxy", image: proxy, restartPolicy: "Always" }
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "copied", namespace: "default" },
    spec: {
      initContainers: [sidecar],
      containers: [{ name: "app", image: "sidegate-example:0.1.0" }],
    },
  })
}

/** This chart under another version, whose AIRoutes have a field that nobody reads. */
function writeNextChart(): void {
  cpSync("charts/sidegate", chart, { recursive: true, dereference: true })
  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(chart, file)
    const text = readFileSync(path, "utf8")
    const changed = change(text)
    if (changed === text) throw new Error(`${file} was not changed`)
    writeFileSync(path, changed)
  }
  edit("Chart.yaml", (text) => text.replaceAll(/^((?:appV|v)ersion): .*$/gm, `$1: ${NEXT}`))
  edit("files/crds/airoutes.yaml", (text) =>
    text.replace(
      /^( +)models:$/m,
      "$1later:\n$1  type: object\n$1  properties: {note: {type: string}}\n$1models:",
    ),
  )
}
