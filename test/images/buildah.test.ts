/**
 * The images as buildah makes them from the Dockerfiles. It needs no daemon and no registry: where
 * the base cannot be had, it is packed from this machine's Node.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { RELEASE } from "#proxy/contract/release.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { unpack } from "./unpack.ts"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
const isAble = process.getuid?.() === 0 && spawnSync("buildah", ["--version"]).status === 0
// buildah may not be installed, and unpacking as it is takes root; the command lines have a test
// of their own.
test.runIf(isAble)(
  "buildah makes both images from the Dockerfiles, and they run",
  () => {
    const folder = build(temporaryDirectory("buildah"))
    for (const name of ["sidegate-operator", "sidegate-proxy"]) {
      const { root, user, entrypoint, labels } = unpack(folder, name)
      expect(user).toBe("65532:65532")
      expect(labels).toMatchObject({
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": "c0ffee",
        "org.opencontainers.image.source": "https://git.example/sidegate",
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.version": RELEASE,
      })
      const run = spawnSync("chroot", [`--userspec=${user}`, root, ...entrypoint], {
        encoding: "utf8",
        timeout: 20_000,
        killSignal: "SIGKILL",
        env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin", SIDEGATE_ROLE: "x" },
      })
      expect(run.stderr).toMatch(/SIDEGATE_OPERATOR_URL|operator, webhook/)
      expect(run.status).toBe(1)
    }
  },
  180_000,
)

/** With a storage of its own, so that nothing stays and nothing that is there is used. */
function build(work: string): string {
  const storage = join(work, "storage")
  mkdirSync(storage)
  const settings = join(storage, "storage.conf")
  const roots = [`runroot = "${storage}/run"`, `graphroot = "${storage}/graph"`]
  writeFileSync(settings, ["[storage]", 'driver = "overlay"', ...roots, ""].join("\n"))
  const out = join(work, "images")
  const said = ["--source", "https://git.example/sidegate", "--revision", "c0ffee"]
  execFileSync(
    process.execPath,
    ["images/build.ts", "--builder", "buildah", "--out", out, ...said],
    {
      cwd: ROOT,
      stdio: "pipe",
      env: { ...process.env, CONTAINERS_STORAGE_CONF: settings },
    },
  )
  return out
}
