import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { cacheFolder, resolveBinaries } from "./binaries.ts"
import { ENVTEST_VERSION, KUBERNETES_VERSION, PROGRAMS } from "./programs.ts"

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sidegate-binaries-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const fail = (line: string): void => {
  throw new Error(`nothing should be made here: ${line}`)
}

/** Stands for programs that somebody installed; nobody runs them here. */
function install(into: string, programs: readonly string[] = PROGRAMS): string {
  mkdirSync(into, { recursive: true })
  for (const program of programs) {
    writeFileSync(join(into, program), "")
    chmodSync(join(into, program), 0o755)
  }
  return into
}

test("KUBEBUILDER_ASSETS comes before the cache", async () => {
  install(join(folder, "control-plane", KUBERNETES_VERSION))
  const assets = install(join(folder, "assets"))
  const environment = { KUBEBUILDER_ASSETS: assets, SIDEGATE_CACHE: folder }
  expect(await resolveBinaries(environment, fail)).toBe(assets)
})

test("KUBEBUILDER_ASSETS that lacks a program is an error that names it", async () => {
  const assets = install(join(folder, "assets"), ["etcd", "kubectl"])
  const resolved = resolveBinaries({ KUBEBUILDER_ASSETS: assets }, fail)
  await expect(resolved).rejects.toThrow(`KUBEBUILDER_ASSETS=${assets} lacks kube-apiserver`)
})

test("the cache has what was built before what was downloaded", async () => {
  const environment = { SIDEGATE_CACHE: folder }
  const downloaded = install(join(folder, "control-plane", ENVTEST_VERSION))
  expect(await resolveBinaries(environment, fail)).toBe(downloaded)
  const built = install(join(folder, "control-plane", KUBERNETES_VERSION))
  expect(await resolveBinaries(environment, fail)).toBe(built)
})

test("the cache folder follows SIDEGATE_CACHE, then the XDG cache folder", () => {
  expect(cacheFolder({ SIDEGATE_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a/control-plane")
  expect(cacheFolder({ XDG_CACHE_HOME: "/b" })).toBe("/b/sidegate/control-plane")
  expect(cacheFolder({ XDG_CACHE_HOME: "" })).toBe(cacheFolder({}))
})

test("who finds another making the programs waits for them", async () => {
  const cache = join(folder, "control-plane")
  mkdirSync(cache)
  const maker = spawn("sleep", ["60"])
  writeFileSync(join(cache, "lock"), String(maker.pid))
  const said: string[] = []
  const waiting = Promise.withResolvers<void>()
  const resolved = resolveBinaries({ SIDEGATE_CACHE: folder }, (line) => {
    said.push(line)
    waiting.resolve()
  })
  await waiting.promise
  const made = install(join(cache, KUBERNETES_VERSION))
  // It dies with its lock in place, as after kill -9; the lock is taken over.
  maker.kill("SIGKILL")
  await once(maker, "exit")
  expect(await resolved).toBe(made)
  expect(said).toEqual([`waiting for process ${maker.pid}, which makes the same programs`])
})
