import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  applyFresh,
  ask,
  field,
  HELM_WAITS,
  kubectl,
  loadImage,
  remove,
  run,
  said,
  until,
} from "../cluster.ts"
import { type CopiedPod, copyPod, withSidecar } from "../copied-pod.ts"
import { RELEASE_NAME } from "../installation.ts"

const MANIFEST = "e2e/previous-release/pods.yaml"
const N = ["-n", "e2e-previous"] as const
const PREVIOUS = "sidegate-proxy:0.0.9"
const cannotLoad = (process.env["SIDEGATE_E2E_LOAD"] ?? "") === ""

/** Tells the chart of the releases before, as GitOps must. */
function allow(images: readonly string[]): void {
  const value = `admissionPolicies.previousProxyImages=${JSON.stringify(images)}`
  const how = [...HELM_WAITS, "--reuse-values", "--set-json", value]
  run("helm", ["upgrade", RELEASE_NAME, "charts/sidegate", ...how])
}

/** As the webhook of the release before would have left it. */
function previous(name: string): CopiedPod {
  return withSidecar(copyPod("e2e-previous", "asked", name), { image: PREVIOUS })
}

/** A Job's work that ends when the story says so. */
const END = "/tmp/end"
const WAITS = `setInterval(() => require("fs").existsSync("${END}") && process.exit(0), 200)`

const make = (object: object, ...flags: readonly string[]) =>
  said("kubectl", ["create", "-f", "-", ...flags], JSON.stringify(object))
/** Policies are read once a second: until then it would be made. */
const isRefused = () => make(previous("other"), "--dry-run=server").includes(REFUSED)
const REFUSED = `none of sidegate-proxy:0.1.0`

// Without SIDEGATE_E2E_LOAD there is no way to bring a second image to the nodes.
describe.skipIf(cannotLoad)("pods of the release before", () => {
  beforeAll(async () => {
    run(process.execPath, [
      "images/build.ts",
      "--packed",
      "--tag",
      "0.0.9",
      "--out",
      "dist/previous",
    ])
    loadImage(PREVIOUS, "dist/previous/sidegate-proxy.tar")
    await applyFresh(MANIFEST)
    await until("today's pod is served", () => ask("e2e-previous", "pod/asked") !== "")
  })
  afterAll(() => {
    remove(MANIFEST)
    allow([])
  })

  test("are refused while the chart does not know of it", async () => {
    await until("the policy refuses", isRefused)
  })

  test("are made and served while it does", async () => {
    allow([PREVIOUS])
    await until("the policy lets it through", () =>
      make(previous("kept")).includes("pod/kept created"),
    )
    await until("it is served", () => ask("e2e-previous", "pod/kept") !== "")
    expect(field(".spec.initContainers[0].image", "pod/kept", ...N)).toBe(PREVIOUS)
    const { spec, metadata } = previous("job")
    const { containers, ...more } = spec
    const [container] = containers as readonly object[]
    const waits = { ...container, command: ["/usr/local/bin/node", "-e", WAITS] }
    const template = {
      metadata: { labels: metadata.labels },
      spec: { ...more, restartPolicy: "Never", containers: [waits] },
    }
    const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "job", namespace: N[1] } }
    expect(make({ ...job, spec: { template } })).toContain("job.batch/job created")
    // Forgotten earlier, it would be a pod that begins, not one that is at work.
    const ready = () => field(".status.ready", "job/job", ...N) === "1"
    await until("the Job is at work", ready)
  })

  test("are labelled, end and are evicted when the chart has forgotten it again", async () => {
    allow([])
    await until("new ones are refused", isRefused)
    expect(kubectl(...N, "label", "pod", "kept", "round=two")).toContain("pod/kept labeled")
    expect(ask("e2e-previous", "pod/kept")).not.toBe("")
    const end = ["/usr/local/bin/node", "-e", `require("fs").writeFileSync("${END}", "")`]
    kubectl(...N, "exec", "job/job", "-c", "ask", "--", ...end)
    await until("the Job is complete", () => field(".status.succeeded", "job/job", ...N) === "1")
    const eviction = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name: "kept", namespace: N[1] },
    }
    const path = "/api/v1/namespaces/e2e-previous/pods/kept/eviction"
    run("kubectl", ["create", "--raw", path, "-f", "-"], JSON.stringify(eviction))
    const left = () => kubectl(...N, "get", "pod", "kept", "--ignore-not-found", "-o", "name")
    await until("the pod is gone", () => left() === "")
  })
})
