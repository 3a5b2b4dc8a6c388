import { afterAll, beforeAll, expect, test } from "vitest"
import {
  applyFresh,
  ask,
  field,
  install,
  kubectl,
  NAMESPACE,
  RELEASE_NAME,
  remove,
  run,
  uninstall,
  until,
} from "../cluster.ts"

const MANIFEST = "examples/quickstart-cluster.yaml"
const N = ["-n", "quickstart"] as const
const OTHER = "another-name"
const UID = ".metadata.uid"
const READY = '.status.conditions[?(@.type=="Ready")].status'

beforeAll(async () => {
  applyFresh(MANIFEST)
  kubectl(...N, "rollout", "status", "deploy/ask", "--timeout=90s")
  await until("an answer", 60_000, () => ask("quickstart", "deploy/ask"))
})
/** The other stories' installation is back, whatever happened here. */
afterAll(() => {
  remove(MANIFEST)
  uninstall(OTHER)
  install(RELEASE_NAME, "--take-ownership")
})

test("the notes say how it is installed again under another name", () => {
  const notes = run("helm", ["get", "notes", RELEASE_NAME, "-n", NAMESPACE])
  // As `install` below does it, but for the name and the settings of a trial.
  expect(notes).toContain(`helm install OTHER charts/sidegate -n ${NAMESPACE} --take-ownership`)
})

test("an uninstalled chart leaves objects and running pods as they are", () => {
  const before = field(UID, "airoute/chat", ...N)
  uninstall(RELEASE_NAME)
  expect(field(UID, "airoute/chat", ...N)).toBe(before)
  expect(field(UID, "teamquota/quickstart")).not.toBe("")
  expect(ask("quickstart", "deploy/ask")).not.toBe("")
})

test("a pod that is made without the chart starts without a sidecar", async () => {
  kubectl(
    ...N,
    "run",
    "plain",
    "--image=sidegate-example:0.1.0",
    "--image-pull-policy=IfNotPresent",
  )
  const phase = () => field(".status.phase", "pod/plain", ...N)
  await until("it runs", 60_000, () => phase() === "Running")
  expect(field(".spec.initContainers[*].name", "pod/plain", ...N)).toBe("")
})

test("installed under another name it takes over: same objects, old and new pods served", async () => {
  const before = field(UID, "airoute/chat", ...N)
  install(OTHER, "--take-ownership")
  expect(field(UID, "airoute/chat", ...N)).toBe(before)
  await until("the route is in force", 60_000, () => field(READY, "airoute/chat", ...N) === "True")
  expect(ask("quickstart", "deploy/ask")).not.toBe("")
  kubectl(...N, "rollout", "restart", "deploy/ask")
  kubectl(...N, "rollout", "status", "deploy/ask", "--timeout=90s")
  await until("an answer", 60_000, () => ask("quickstart", "deploy/ask"))
})
