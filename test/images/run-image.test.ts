import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"

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

/** What a container gets of the archive: its layers, one over the other, and its entry point. */
function unpack(name: string) {
  const archive = join(folder, `${name}.tar`)
  const root = join(folder, `${name}.root`)
  const read = (member: string) =>
    execFileSync("tar", ["-xOf", archive, member], { maxBuffer: 512 * 1024 ** 2 })
  const [image] = JSON.parse(String(read("manifest.json")))
  mkdirSync(root)
  for (const layer of image.Layers) {
    execFileSync("tar", ["-xpf", "-", "-C", root], { input: read(layer) })
  }
  const {
    User: user,
    Entrypoint: entrypoint,
    Env: env,
  } = JSON.parse(String(read(image.Config))).config as Readonly<Record<"User", string>> &
    Readonly<Record<"Entrypoint" | "Env", readonly string[]>>
  return { root, user, entrypoint, env }
}

const cases = [
  { name: "sidegate-proxy", settings: [], says: "SIDEGATE_OPERATOR_URL" },
  { name: "sidegate-operator", settings: ["SIDEGATE_ROLE=x"], says: "operator or webhook" },
  { name: "sidegate-operator", settings: ["SIDEGATE_ROLE=webhook"], says: "PROXY_IMAGE" },
] as const

// `chroot` takes root; elsewhere the stories on a cluster run the images.
test.runIf(isRoot)("each image runs as its user on its own files alone and names a setting", () => {
  const images = new Map<string, ReturnType<typeof unpack>>()
  for (const { name, settings, says } of cases) {
    const image = images.get(name) ?? unpack(name)
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
})

// `chroot` takes root; elsewhere the stories on a cluster run the images.
test.runIf(isRoot)("nothing of an image but /tmp can be written by its user", () => {
  const { root, user } = unpack("sidegate-example")
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
