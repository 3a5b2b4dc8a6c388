import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { RELEASE } from "#proxy/contract/release.ts"
import { type Unpacked, unpack } from "./unpack.ts"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
const isRoot = process.getuid?.() === 0
let folder = ""

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sidegate-run-image-"))
  if (!isRoot) return
  execFileSync(process.execPath, ["images/build.ts", "--packed", "--out", folder], {
    cwd: ROOT,
    stdio: "pipe",
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const cases = [
  { name: "sidegate-proxy", settings: [], says: "SIDEGATE_OPERATOR_URL" },
  { name: "sidegate-operator", settings: ["SIDEGATE_ROLE=x"], says: "operator, webhook" },
  { name: "sidegate-operator", settings: ["SIDEGATE_ROLE=webhook"], says: "PROXY_IMAGE" },
] as const

// `chroot` takes root; elsewhere the stories on a cluster run the images.
test.runIf(isRoot)("each image runs as its user on its own files alone and names a setting", () => {
  const images = new Map<string, Unpacked>()
  for (const { name, settings, says } of cases) {
    const image = images.get(name) ?? unpack(folder, name)
    images.set(name, image)
    const given = [...image.env, ...settings].map((setting) => setting.split("=", 2))
    const args = [`--userspec=${image.user}`, image.root, ...image.entrypoint]
    const { status, stderr } = spawnSync("chroot", args, {
      encoding: "utf8",
      timeout: 20_000,
      // `chroot` itself is found by it too.
      env: { ...Object.fromEntries(given), PATH: "/usr/local/bin:/usr/sbin:/usr/bin" },
    })
    expect(stderr).toContain(says)
    expect(stderr).not.toMatch(/shared librar|Cannot find/)
    expect(status).toBe(1)
  }
  const commit = spawnSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" })
  for (const [name, { labels }] of images) {
    const { "org.opencontainers.image.revision": revision, ...others } = labels
    // Of a checkout with changes it ends in `-dirty`; without git nobody knows.
    const known = commit.status === 0 ? commit.stdout.trim() : undefined
    expect(revision?.replace("-dirty", "")).toBe(known)
    expect(others).toMatchObject({
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.title": name,
      "org.opencontainers.image.version": RELEASE,
    })
  }
})

// `chroot` takes root; elsewhere the stories on a cluster run the images.
test.runIf(isRoot)("nothing of an image but /tmp can be written by its user", () => {
  const { root, user } = unpack(folder, "sidegate-example")
  const script =
    "for (const at of ['/', '/app', '/etc', '/tmp'])" +
    "try { require('fs').writeFileSync(at + '/x', ''); console.log(at) } catch {}"
  const args = [`--userspec=${user}`, root, "/usr/local/bin/node", "-e", script]
  expect(execFileSync("chroot", args, { encoding: "utf8" })).toBe("/tmp\n")
})

// `chroot` takes root; elsewhere the stories on a cluster run the images.
test.runIf(isRoot)("the whole build twice gives the same archive", () => {
  const again = join(folder, "again")
  execFileSync(process.execPath, ["images/build.ts", "--packed", "--out", again], {
    cwd: ROOT,
    stdio: "pipe",
  })
  for (const name of ["sidegate-operator", "sidegate-proxy"]) {
    const [one, other] = [folder, again].map((at) => readFileSync(join(at, `${name}.tar`)))
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true)
  }
})
