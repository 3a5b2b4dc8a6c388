/**
 * Where helm and kubeconform come from: the cache, else a build from the Go modules in `go/`, once,
 * about two minutes.
 *
 * In: the environment. Out: the paths of both. Helm of the PATH is not used: what a test says must
 * not depend on the machine.
 */
import { constants } from "node:fs"
import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { cacheFolder, lock } from "#test/control-plane/binaries.ts"
import { findGo } from "#test/control-plane/build-binaries.ts"
import type { Say } from "#test/control-plane/programs.ts"
import { runProgram } from "#test/control-plane/run-program.ts"

export interface ChartTools {
  readonly helm: string
  readonly kubeconform: string
}

/** As in `go/`. */
const TOOLS = [
  {
    name: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    // Without it `helm template` believes in Kubernetes 1.20.
    flags:
      "-s -w -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 " +
      "-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=35",
  },
  {
    name: "kubeconform",
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    flags: "-s -w",
  },
] as const
const VERSIONS = "helm-3.22.0-kubeconform-0.7.0"
const BUILD_DEADLINE_MS = 15 * 60_000

export async function resolveTools(
  environment: NodeJS.ProcessEnv = process.env,
  say: Say = (line) => process.stderr.write(`chart: ${line}\n`),
): Promise<ChartTools> {
  const cache = cacheFolder(environment)
  const folder = join(dirname(cache), "chart", VERSIONS)
  const tools = { helm: join(folder, "helm"), kubeconform: join(folder, "kubeconform") }
  if (await areThere(tools)) return tools
  await mkdir(dirname(folder), { recursive: true })
  const unlock = await lock(join(dirname(folder), "lock"), say)
  try {
    if (!(await areThere(tools))) await build({ cache, environment, say }, folder)
    return tools
  } finally {
    await unlock()
  }
}

async function areThere(tools: ChartTools): Promise<boolean> {
  const looks = Object.values(tools).map((path) => access(path, constants.X_OK))
  return (await Promise.allSettled(looks)).every(({ status }) => status === "fulfilled")
}

async function build(options: Parameters<typeof findGo>[0], folder: string): Promise<void> {
  const { environment, say } = options
  const go = await findGo(options)
  const work = await mkdtemp(join(dirname(folder), "making-"))
  try {
    for (const tool of TOOLS) {
      const begun = performance.now()
      const seconds = (): number => Math.round((performance.now() - begun) / 1000)
      say(`building ${tool.name} with ${go.version}, once`)
      const ticker = setInterval(() => say(`building ${tool.name}, ${seconds()} s`), 20_000)
      const output = join(work, tool.name)
      const args = ["build", "-trimpath", "-ldflags", tool.flags, "-o", output, tool.package]
      await runProgram(go.path, args, {
        cwd: join(import.meta.dirname, "go", tool.name),
        environment: {
          ...environment,
          CGO_ENABLED: "0",
          GOTOOLCHAIN: "local",
          GOFLAGS: "-buildvcs=false -mod=readonly",
        },
        deadlineMs: BUILD_DEADLINE_MS,
      }).finally(() => clearInterval(ticker))
    }
    await rm(folder, { recursive: true, force: true })
    await rename(work, folder)
    say(`helm and kubeconform are in ${folder}`)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
