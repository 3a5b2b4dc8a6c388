import { describe, expect, test } from "vitest"
import { SETTINGS } from "#test/golden/inject/settings.test-data.ts"
import { reviewPod } from "./review.ts"

const UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
const POD = { metadata: { generateName: "app-" }, spec: { containers: [{ name: "app" }] } }
const REQUEST = {
  uid: UID,
  kind: { group: "", version: "v1", kind: "Pod" },
  operation: "CREATE",
  object: POD,
}

function makeReview(changes: object = {}) {
  const request = { ...REQUEST, ...changes }
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }
}

const review = (raw: unknown) => reviewPod(raw, { injection: "enabled" }, SETTINGS)
const responseOf = (raw: unknown) => {
  const read = review(raw)
  if (read.kind === "malformed") throw new Error(read.message)
  return read.body.response
}

describe("an AdmissionReview", () => {
  test("gets its UID back and a patch in base64", () => {
    const { patch = "", ...rest } = responseOf(makeReview())
    expect(rest).toEqual({ uid: UID, allowed: true, patchType: "JSONPatch" })
    const operations: unknown = JSON.parse(Buffer.from(patch, "base64").toString("utf8"))
    expect(operations).toContainEqual(
      expect.objectContaining({ op: "add", path: "/spec/initContainers" }),
    )
  })

  test("of a dry run gets the same answer", () => {
    expect(responseOf(makeReview({ dryRun: true }))).toEqual(responseOf(makeReview()))
  })

  test("of a pod that cannot be injected is allowed, and says why not", () => {
    const spec = { ...POD.spec, hostNetwork: true }
    const { patch = "", ...rest } = responseOf(makeReview({ object: { ...POD, spec } }))
    expect(rest).toEqual({
      uid: UID,
      allowed: true,
      patchType: "JSONPatch",
      warnings: [
        "Sidegate: no sidecar was injected (HostNetwork): with spec.hostNetwork the sidecar's ports would be the node's",
      ],
    })
    expect(JSON.parse(Buffer.from(patch, "base64").toString("utf8"))).toEqual([
      {
        op: "add",
        path: "/metadata/annotations",
        value: { "sidegate.dev/injection-status": "skipped: HostNetwork" },
      },
    ])
  })
})

const allowed = [
  {
    name: "of something else than a pod",
    changes: { kind: { group: "apps", version: "v1", kind: "Deployment" } },
    says: "pods of v1 only",
  },
  { name: "of an update", changes: { operation: "UPDATE" }, says: "creation of pods only" },
  { name: "without an object", changes: { object: null }, says: "metadata is missing" },
]
test.each(allowed)("a review $name is allowed as it is, with a warning", ({ changes, says }) => {
  const response = responseOf(makeReview(changes))
  expect(response).toEqual({
    uid: UID,
    allowed: true,
    warnings: [expect.stringContaining(says)],
  })
})

test("a warning stays within the length that the API server prints whole", () => {
  const labels = { "sidegate.dev/inject": "x".repeat(400) }
  const response = responseOf(makeReview({ object: { ...POD, metadata: { labels } } }))
  expect(response.warnings?.map((text) => text.length)).toEqual([256])
})

const malformed = [
  { name: "no object", raw: null, says: "apiVersion" },
  { name: "another version", raw: { ...makeReview(), apiVersion: "v1beta1" }, says: "apiVersion" },
  { name: "no request", raw: { apiVersion: "admission.k8s.io/v1" }, says: "request.uid" },
  { name: "a UID that is no text", raw: makeReview({ uid: 1 }), says: "request.uid" },
  { name: "a UID without end", raw: makeReview({ uid: "x".repeat(129) }), says: "request.uid" },
]
test.each(malformed)("$name cannot be answered", ({ raw, says }) => {
  expect(review(raw)).toEqual({ kind: "malformed", message: expect.stringContaining(says) })
})
