import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { kubectl, startControlPlane } from "./control-plane.ts"
import { eventually } from "./eventually.ts"
import { applyObjects, createNamespace, deleteNamespace } from "./namespaces.ts"
import { sharedControlPlane } from "./shared.ts"

test("client and server say the version they were built from", async () => {
  const { stdout } = await kubectl(sharedControlPlane(), ["version"])
  expect(stdout).toMatch(/^Client Version: v1\.35\.\d+$/m)
  expect(stdout).toMatch(/^Server Version: v1\.35\.\d+$/m)
})

test("a new namespace takes a pod, and ends when it is deleted", async () => {
  const access = sharedControlPlane()
  const namespace = await createNamespace(access, "control-plane", { labels: { tier: "app" } })
  await applyObjects(access, [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "app", namespace },
      spec: { containers: [{ name: "app", image: "app:1" }] },
    },
  ])
  const pod = await kubectl(access, ["get", "pod", "app", "-n", namespace, "-o", "name"])
  expect(pod.stdout).toBe("pod/app\n")
  await deleteNamespace(access, namespace)
  const gone = await kubectl(access, ["get", "namespace", namespace])
  expect(gone.stderr).toContain("not found")
})

test("a private control plane is up soon and leaves no file behind", async () => {
  const begun = performance.now()
  const own = await startControlPlane()
  const upMs = performance.now() - begun
  console.log(`control plane: up in ${Math.round(upMs)} ms (promised: under 15 seconds)`)
  expect(upMs).toBeLessThan(75_000)
  expect(existsSync(own.kubeconfigPath)).toBe(true)
  await own.stop()
  expect(existsSync(own.kubeconfigPath)).toBe(false)
  expect((await kubectl(own, ["get", "--raw", "/readyz"])).code).not.toBe(0)
})

test("nothing is left of a control plane whose owner was killed with kill -9", async () => {
  const owner = spawn(process.execPath, [fileURLToPath(new URL("start.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = await once(createInterface(owner.stdout), "line")
  const kubeconfig = String(line).replace("export KUBECONFIG=", "")
  expect(existsSync(kubeconfig)).toBe(true)
  const serves = async (): Promise<boolean> => {
    const at = { ...sharedControlPlane(), kubeconfigPath: kubeconfig }
    return (await kubectl(at, ["get", "--raw", "/readyz"])).code === 0
  }
  expect(await serves()).toBe(true)
  owner.kill("SIGKILL")
  await eventually("the folder is removed", () => !existsSync(kubeconfig))
})
