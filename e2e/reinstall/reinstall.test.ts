import { afterAll, beforeAll, expect, test } from "vitest"
import {
  applyFresh,
  ask,
  field,
  kubectl,
  NAMESPACE,
  remove,
  rollOut,
  run,
  until,
} from "../cluster.ts"
import { install, RELEASE_NAME, uninstall, untilAtWork, untilNotAtWork } from "../installation.ts"

const MANIFEST = "examples/quickstart-cluster.yaml"
const N = ["-n", "quickstart"] as const
const OTHER = "another-name"
const UID = ".metadata.uid"
const READY = '.status.conditions[?(@.type=="Ready")].status'

beforeAll(async () => {
  await applyFresh(MANIFEST)
  rollOut("deploy/ask", N[1])
  await until("an answer", () => ask("quickstart", "deploy/ask"))
})
/** The next story installs the chart under its name again. */
afterAll(() => remove(MANIFEST))

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
  await untilNotAtWork()
  const image = ["--image=sidegate-example:0.1.0", "--image-pull-policy=IfNotPresent"]
  kubectl(...N, "run", "plain", ...image)
  const phase = () => field(".status.phase", "pod/plain", ...N)
  await until("it runs", () => phase() === "Running")
  expect(field(".spec.initContainers[*].name", "pod/plain", ...N)).toBe("")
})

test("installed under another name it takes over: same objects, old and new pods served", async () => {
  const before = field(UID, "airoute/chat", ...N)
  install(OTHER, "--take-ownership")
  expect(field(UID, "airoute/chat", ...N)).toBe(before)
  await until("the route is in force", () => field(READY, "airoute/chat", ...N) === "True")
  expect(ask("quickstart", "deploy/ask")).not.toBe("")
  await untilAtWork()
  kubectl(...N, "rollout", "restart", "deploy/ask")
  rollOut("deploy/ask", N[1])
  await until("an answer", () => ask("quickstart", "deploy/ask"))
})
