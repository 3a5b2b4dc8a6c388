import { spawn } from "node:child_process"
import { afterAll, beforeAll, expect, test } from "vitest"
import { applyFresh, kubectl, remove, run, until } from "../cluster.ts"

const MANIFEST = "e2e/eviction/streams.yaml"
const N = ["-n", "e2e-eviction"] as const
const POD = "/api/v1/namespaces/e2e-eviction/pods/streams"

beforeAll(() => applyFresh(MANIFEST))
afterAll(() => remove(MANIFEST))

test("an evicted pod's streams end whole, sidecar and all", async () => {
  await until("three streams are under way", 90_000, () => {
    const log = kubectl(...N, "logs", "streams", "-c", "ask")
    return log.split("\n").filter((line) => line === "began 200").length === 3
  })
  const log = followLog()
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: "streams", namespace: "e2e-eviction" },
  }
  run("kubectl", ["create", "--raw", `${POD}/eviction`, "-f", "-"], JSON.stringify(eviction))
  const lines = (await log).trim().split("\n")
  expect(lines.slice(3)).toEqual(["asked to leave", "whole", "whole", "whole"])
  const left = () => kubectl(...N, "get", "pod", "streams", "--ignore-not-found", "-o", "name")
  await until("the pod is gone", 60_000, () => left() === "")
})

/** All that the container says until it ends: afterwards the pod is gone and its log with it. */
function followLog(): Promise<string> {
  const args = [...N, "logs", "-f", "streams", "-c", "ask"]
  const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "inherit"] })
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece
  })
  return new Promise((resolve) => child.once("close", () => resolve(text)))
}
