/**
 * The real operator as a process against a test control plane.
 *
 * In: the control plane, the operator's namespace (made here), further settings. Out: its ports,
 * its output, ways to stop or kill it and start it again on the same ledger and ports.
 */

import { fileURLToPath } from "node:url"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitForHttp, waitUntil } from "#test/process/wait-until.ts"
import type { ControlPlaneAccess } from "./control-plane.ts"
import { applyObjects } from "./namespaces.ts"

export interface OperatorProcess {
  readonly namespace: string
  readonly controlPort: number
  readonly opsPort: number
  /** Name in its certificate. */
  readonly serverName: string
  /** The process that runs now. */
  program(): Program
  /** Starts it and waits until it leads. */
  start(): Promise<void>
  /** Starts it and waits for nothing. */
  launch(): Promise<void>
  isRunning(): boolean
  stop(): Promise<void>
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
  /** Everything it wrote, over all starts. */
  output(): string
}

const MAIN = fileURLToPath(new URL("../../operator/main.ts", import.meta.url))
const START_WITHIN_MS = 60_000

/** Not started yet. */
export async function makeOperatorProcess(
  access: ControlPlaneAccess,
  env: Readonly<Record<string, string>> = {},
  namespace = "sidegate-system",
): Promise<OperatorProcess> {
  await applyObjects(access, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  ])
  const [controlPort = 0, opsPort = 0] = await freePorts(2)
  const stateDir = temporaryDirectory("operator-state")
  let program: Program | undefined
  let before = ""
  const running = (): Program => {
    if (program === undefined) throw new Error("the operator was not started")
    return program
  }
  const launch = async (): Promise<void> => {
    before += program === undefined ? "" : program.stdout() + program.stderr()
    program = await startProgram({
      name: "operator",
      args: [MAIN],
      env: {
        SIDEGATE_KUBECONFIG: access.kubeconfigPath,
        SIDEGATE_OPERATOR_NAMESPACE: namespace,
        SIDEGATE_LISTEN_HOST: "127.0.0.1",
        SIDEGATE_CONTROL_PORT: String(controlPort),
        SIDEGATE_OPS_PORT: String(opsPort),
        SIDEGATE_STATE_DIR: stateDir,
        SIDEGATE_LOG_LEVEL: "debug",
        // One name: a restarted process leads on at once, as the container of one pod does.
        SIDEGATE_LEASE_IDENTITY: `operator-of-${namespace}`,
        ...env,
      },
    })
  }
  return {
    namespace,
    controlPort,
    opsPort,
    serverName: `sidegate-operator.${namespace}.svc`,
    program: running,
    launch,
    isRunning: () => program?.isRunning() ?? false,
    start: async () => {
      await launch()
      await running().waitForLine(/"this process leads"/, START_WITHIN_MS)
      await waitForHttp(`http://127.0.0.1:${opsPort}/readyz`, 200, START_WITHIN_MS)
    },
    stop: async () => {
      const { code } = await running().stop(60_000)
      if (code !== 0) throw new Error(`the operator ended with ${code}\n${running().stdout()}`)
    },
    kill: async () => {
      running().kill("SIGKILL")
      await running().exited
    },
    output: () => before + (program === undefined ? "" : program.stdout() + program.stderr()),
  }
}

/**
 * The value of one sample of `/metrics`, e.g. `sidegate_sidecars`; undefined when there is none.
 */
export async function metricOf(
  operator: OperatorProcess,
  sample: string,
): Promise<number | undefined> {
  const response = await fetch(`http://127.0.0.1:${operator.opsPort}/metrics`)
  const line = (await response.text()).split("\n").find((one) => one.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}

/** Waits for a value that `look` gives; undefined and errors mean not yet. */
export function soon<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  return waitUntil({ what, withinMs: 60_000, everyMs: 20 }, look)
}
