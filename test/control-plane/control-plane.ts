/**
 * A real etcd and a real kube-apiserver on loopback, for tests and scripts.
 *
 * In: nothing but free ports and a temporary folder. Out: a URL, a kubeconfig of an administrator,
 * the CA, the key that signs service account tokens, and a kubectl runner. There is no controller
 * manager, scheduler or kubelet: `namespaces.ts` does the little that tests need of the first.
 * Nothing is left behind, also after kill -9. Must not know what the tests apply.
 */
import { randomBytes } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { textAt } from "#operator/kube/json-path.ts"
import { freePorts } from "#test/process/places.ts"
import { resolveBinaries } from "./binaries.ts"
import { type GuardedProcess, startGuarded } from "./guarded-process.ts"
import { makeCertificates } from "./make-certificates.ts"
import { type RunResult, tryProgram } from "./run-program.ts"

/** What another thread or process needs to use a control plane that somebody else keeps running. */
export interface ControlPlaneAccess {
  readonly url: string
  readonly kubeconfigPath: string
  readonly caPath: string
  /** Bearer token of an administrator (group `system:masters`). */
  readonly adminToken: string
  readonly serviceAccountKeyPath: string
  readonly serviceAccountIssuer: string
  /** Audience of a token minted without any. */
  readonly defaultAudience: string
  readonly kubectlPath: string
  /** Of etcd, for what no API server offers: compaction. */
  readonly etcdUrl: string
}

export interface ControlPlane extends ControlPlaneAccess {
  /** kill -9 of kube-apiserver; etcd and its data stay. */
  stopApiServer(): Promise<void>
  /** Starts it again on the same port; resolves when it is ready. */
  startApiServer(): Promise<void>
  stop(): Promise<void>
}

const START_DEADLINE_MS = 60_000
const SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc"

/**
 * Starts both servers; throws with the end of their logs when they are not ready within a minute.
 */
export async function startControlPlane(): Promise<ControlPlane> {
  const binaries = await resolveBinaries()
  const folder = mkdtempSync(join(tmpdir(), "sidegate-control-plane-"))
  try {
    const files = await writeFiles(folder)
    const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3)
    const etcd = startEtcd(binaries, folder, etcdPort, peerPort)
    const url = `https://127.0.0.1:${apiPort}`
    const access: ControlPlaneAccess = {
      url,
      kubeconfigPath: join(folder, "kubeconfig"),
      caPath: files.ca,
      adminToken: files.adminToken,
      serviceAccountKeyPath: files.serviceAccountKey,
      serviceAccountIssuer: SERVICE_ACCOUNT_ISSUER,
      defaultAudience: SERVICE_ACCOUNT_ISSUER,
      kubectlPath: join(binaries, "kubectl"),
      etcdUrl: `http://127.0.0.1:${etcdPort}`,
    }
    writeFileSync(access.kubeconfigPath, kubeconfig(access), { mode: 0o600 })
    const command = apiServerCommand(binaries, files, etcdPort, apiPort)
    return await runApiServer(access, folder, etcd, command)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Runs kubectl as the administrator. Does not reject on a non-zero exit code: tests look at it. */
export function kubectl(
  access: ControlPlaneAccess,
  args: readonly string[],
  input?: string,
): Promise<RunResult> {
  // Its own discovery cache: another cluster may have lived on the same port.
  const cache = join(access.kubeconfigPath, "..", "kubectl-cache")
  return tryProgram(
    access.kubectlPath,
    ["--kubeconfig", access.kubeconfigPath, "--cache-dir", cache, ...args],
    { deadlineMs: 120_000, ...(input === undefined ? {} : { input }) },
  )
}

/**
 * Compacts the store up to its current revision, as the API server does by itself every five
 * minutes: older versions are gone. Through the JSON gateway of etcd, gRPC's `KV.Compact`. That
 * another caller has compacted further meanwhile is as good.
 */
export async function compact({ etcdUrl }: ControlPlaneAccess): Promise<void> {
  const ask = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${etcdUrl}${path}`, { method: "POST", body: JSON.stringify(body) })
    const text = await answer.text()
    if (answer.ok) return JSON.parse(text)
    if (text.includes("required revision has been compacted")) return null
    throw new Error(`etcd ${path}: ${answer.status} ${text}`)
  }
  const range = await ask("/v3/kv/range", { key: Buffer.from("none").toString("base64") })
  const revision = textAt(range, "header", "revision")
  await ask("/v3/kv/compaction", { revision })
}

interface Files {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly serviceAccountKey: string
  readonly tokens: string
  readonly adminToken: string
}

async function writeFiles(folder: string): Promise<Files> {
  const certificates = await makeCertificates(Date.now())
  const adminToken = randomBytes(24).toString("hex")
  const write = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  mkdirSync(join(folder, "etcd"))
  return {
    ca: write("ca.crt", certificates.ca),
    cert: write("apiserver.crt", certificates.cert),
    key: write("apiserver.key", certificates.key),
    serviceAccountKey: write("service-account.key", certificates.serviceAccountKey),
    tokens: write("tokens.csv", `${adminToken},admin,admin,"system:masters"\n`),
    adminToken,
  }
}

function startEtcd(binaries: string, folder: string, port: number, peer: number): GuardedProcess {
  const client = `http://127.0.0.1:${port}`
  return startGuarded({
    logPath: join(folder, "etcd.log"),
    removeFolder: folder,
    command: [
      join(binaries, "etcd"),
      `--data-dir=${join(folder, "etcd")}`,
      // Nobody needs this data after a power failure, and a sync costs 10 ms on a slow disk.
      "--unsafe-no-fsync",
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
    ],
  })
}

function apiServerCommand(
  binaries: string,
  files: Files,
  etcdPort: number,
  port: number,
): readonly string[] {
  return [
    join(binaries, "kube-apiserver"),
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // Loopback is no legal endpoint of the `kubernetes` Service, and nothing uses that here.
    "--endpoint-reconciler-type=none",
    `--secure-port=${port}`,
    `--tls-cert-file=${files.cert}`,
    `--tls-private-key-file=${files.key}`,
    `--token-auth-file=${files.tokens}`,
    "--authorization-mode=Node,RBAC",
    `--service-account-issuer=${SERVICE_ACCOUNT_ISSUER}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    "--service-cluster-ip-range=198.51.100.0/24",
    "--allow-privileged=true",
    // A test may watch for minutes; it must not be cut by chance.
    "--min-request-timeout=600",
  ]
}

async function runApiServer(
  access: ControlPlaneAccess,
  folder: string,
  etcd: GuardedProcess,
  command: readonly string[],
): Promise<ControlPlane> {
  let server: GuardedProcess | null = null
  const startApiServer = async (): Promise<void> => {
    const logPath = join(folder, "kube-apiserver.log")
    server = startGuarded({ logPath, removeFolder: null, command })
    await untilReady(access, [etcd, server], folder)
  }
  const stopApiServer = async (): Promise<void> => {
    await server?.kill()
  }
  const stop = async (): Promise<void> => {
    await stopApiServer()
    await etcd.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await startApiServer()
  } catch (error) {
    await stop()
    throw error
  }
  return { ...access, startApiServer, stopApiServer, stop }
}

async function untilReady(
  access: ControlPlaneAccess,
  processes: readonly GuardedProcess[],
  folder: string,
): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS
  for (;;) {
    const ready = await look(access).catch(() => null)
    if (ready?.code === 0) return
    const hasEnded = processes.some((process) => process.hasEnded())
    if (hasEnded || Date.now() > deadline) {
      const reason = hasEnded ? "ended" : `was not ready within ${START_DEADLINE_MS} ms`
      throw new Error(`the control plane ${reason}\n${logTails(folder)}`)
    }
    await wait(100)
  }
}

/** Ready is said a moment before the namespace is there that everybody takes for granted. */
async function look(access: ControlPlaneAccess): Promise<RunResult> {
  const ready = await kubectl(access, ["get", "--raw", "/readyz"])
  return ready.code === 0 ? await kubectl(access, ["get", "namespace", "default"]) : ready
}

function logTails(folder: string): string {
  const tail = (name: string): string => {
    try {
      const lines = readFileSync(join(folder, name), "utf8").trimEnd().split("\n")
      return `--- ${name}\n${lines.slice(-15).join("\n")}`
    } catch {
      return `--- ${name}: none`
    }
  }
  return [tail("etcd.log"), tail("kube-apiserver.log")].join("\n")
}

function kubeconfig(access: ControlPlaneAccess): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [
      {
        name: "test",
        cluster: { server: access.url, "certificate-authority": access.caPath },
      },
    ],
    users: [{ name: "admin", user: { token: access.adminToken } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
  })
}
