import { spawn } from "node:child_process"
import { afterAll, beforeAll, expect, test } from "vitest"
import { applyFresh, kubectl, remove, run, until } from "../cluster.ts"

const MANIFEST = "e2e/eviction/streams.yaml"
const N = ["-n", "e2e-eviction"] as const
const POD = "/api/v1/namespaces/e2e-eviction/pods/streams"

beforeAll(() => applyFresh(MANIFEST))
afterAll(() => remove(MANIFEST))

test("an evicted pod's streams end whole, sidecar and all", async () => {
  await until("it has begun", () => kubectl(...N, "logs", "streams", "-c", "ask"))
  const log = followLog()
  await until("three streams are under way", () => log.text() === "began 200\n".repeat(3))
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: "streams", namespace: "e2e-eviction" },
  }
  run("kubectl", ["create", "--raw", `${POD}/eviction`, "-f", "-"], JSON.stringify(eviction))
  await log.end
  const lines = log.text().trim().split("\n")
  expect(lines.slice(3)).toEqual(["asked to leave", "whole", "whole", "whole"])
  const left = () => kubectl(...N, "get", "pod", "streams", "--ignore-not-found", "-o", "name")
  await until("the pod is gone", () => left() === "")
})

/** All that the container says until it ends: afterwards the pod is gone and its log with it. */
function followLog(): { readonly text: () => string; readonly end: Promise<unknown> } {
  const args = [...N, "logs", "-f", "streams", "-c", "ask"]
  const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "inherit"] })
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece
  })
  return { text: () => text, end: new Promise((resolve) => child.once("close", resolve)) }
}
