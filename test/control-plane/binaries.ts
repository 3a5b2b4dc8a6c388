/**
 * Where the test control plane's programs come from: etcd, kube-apiserver and kubectl of a fixed
 * version.
 *
 * In: the environment. Out: a folder with the three, found or made. Order: `KUBEBUILDER_ASSETS`,
 * the cache, the official envtest release (10 seconds at most, digest checked), and a build from Go
 * modules (about five minutes, once). Must not know how the programs are started.
 */
import { constants } from "node:fs"
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { buildBinaries } from "./build-binaries.ts"
import { downloadBinaries } from "./download-binaries.ts"
import { ENVTEST_VERSION, KUBERNETES_VERSION, PROGRAMS, type Say } from "./programs.ts"

/** The folder that holds all three programs. Throws an Error that says what was tried. */
export async function resolveBinaries(
  environment: NodeJS.ProcessEnv = process.env,
  say: Say = (line) => process.stderr.write(`control-plane: ${line}\n`),
): Promise<string> {
  const assets = environment["KUBEBUILDER_ASSETS"]
  if (assets !== undefined && assets !== "") {
    const missing = await missingPrograms(assets)
    if (missing.length === 0) return assets
    throw new Error(`KUBEBUILDER_ASSETS=${assets} lacks ${missing.join(", ")}`)
  }
  const cache = cacheFolder(environment)
  const cached = await firstComplete(cache)
  if (cached !== null) return cached
  await mkdir(cache, { recursive: true })
  const unlock = await lock(join(cache, "lock"), say)
  try {
    return (await firstComplete(cache)) ?? (await fetchOrBuild(cache, environment, say))
  } finally {
    await unlock()
  }
}

/** `SIDEGATE_CACHE`, else `sidegate` in the XDG cache folder; below it one folder per version. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const base =
    environment["SIDEGATE_CACHE"] ??
    join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sidegate")
  return join(base, "control-plane")
}

async function firstComplete(cache: string): Promise<string | null> {
  for (const version of [KUBERNETES_VERSION, ENVTEST_VERSION]) {
    const folder = join(cache, version)
    if ((await missingPrograms(folder)).length === 0) return folder
  }
  return null
}

async function fetchOrBuild(
  cache: string,
  environment: NodeJS.ProcessEnv,
  say: Say,
): Promise<string> {
  const work = await mkdtemp(join(cache, "making-"))
  try {
    const downloaded = await downloadBinaries(work, ENVTEST_VERSION, say)
    if (!downloaded) await buildBinaries({ into: work, cache, environment, say })
    const missing = await missingPrograms(work)
    if (missing.length > 0) throw new Error(`${work} lacks ${missing.join(", ")}`)
    const final = join(cache, downloaded ? ENVTEST_VERSION : KUBERNETES_VERSION)
    await rm(final, { recursive: true, force: true })
    await rename(work, final)
    say(`programs are in ${final}`)
    return final
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function missingPrograms(folder: string): Promise<readonly string[]> {
  const missing: string[] = []
  for (const program of PROGRAMS) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (!found) missing.push(program)
  }
  return missing
}

/**
 * One maker at a time. A lock whose owner is gone is taken over. Waits as long as a build may take.
 */
export async function lock(path: string, say: Say): Promise<() => Promise<void>> {
  const deadline = Date.now() + 20 * 60_000
  for (let told = false; ; told = true) {
    const taken = await writeFile(path, String(process.pid), { flag: "wx" }).then(
      () => true,
      () => false,
    )
    if (taken) return () => rm(path, { force: true })
    const owner = Number(await readFile(path, "utf8").catch(() => "0"))
    if (owner > 0 && !isAlive(owner)) {
      await rm(path, { force: true })
      continue
    }
    if (Date.now() > deadline) throw new Error(`${path} has been held by process ${owner} too long`)
    if (!told) say(`waiting for process ${owner}, which makes the same programs`)
    await wait(500)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
