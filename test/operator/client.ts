/**
 * The test operator's process, as a test sees it: start, kill, start again on the same port and
 * ledger.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { ObjectEvent, StatusWrite } from "#operator/reconcile/ports.ts"
import { type CertificateFiles, writeCertificate } from "#test/process/certificate.ts"
import { freePort, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import type { FedObject } from "./objects.ts"

export interface OperatorProcess {
  /** Origin that sidecars dial: the same after every restart. */
  readonly url: string
  readonly certificate: CertificateFiles
  readonly ledgerFile: string
  /** The running process, or the last one. */
  readonly program: () => Program
  /** SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** Starts again on the same port, ledger and objects. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Creates or replaces objects (by kind, namespace and name), now and for every later start. */
  readonly apply: (...objects: readonly FedObject[]) => Promise<void>
  readonly remove: (...objects: readonly FedObject[]) => Promise<void>
  /** Resolves when all that was applied is compiled and sent. */
  readonly settled: () => Promise<void>
  /** `AIRoute namespace/name`; null before its first write. */
  readonly status: (object: string) => Promise<StatusWrite | null>
  readonly events: () => Promise<readonly ObjectEvent[]>
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url))

/** `nodeFlags` go before the program, e.g. `--cpu-prof`. */
export async function startOperator(
  objects: readonly FedObject[],
  options: { readonly nodeFlags?: readonly string[] } = {},
): Promise<OperatorProcess> {
  const directory = temporaryDirectory("operator")
  const certificate = await writeCertificate(directory)
  const port = await freePort()
  const ledgerFile = join(directory, "ledger.sqlite")
  const objectsFile = join(directory, "objects.json")
  const { certificateFile, keyFile } = certificate
  let program: Program | undefined
  let controlPort = 0
  const start = async (): Promise<void> => {
    const flags = options.nodeFlags ?? []
    const args = [...flags, MAIN, ledgerFile, certificateFile, keyFile, String(port), objectsFile]
    program = await startProgram({ name: "operator", args })
    const line = await program.waitForLine(/^operator (\d+) (\d+) (\d+)$/, 60_000)
    controlPort = Number(line[2])
  }
  const running = (): Program => {
    if (program === undefined) throw new Error("the operator was never started")
    return program
  }
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${controlPort}${path}`, {
      method: "POST",
      body: body === undefined ? null : JSON.stringify(body),
    })
    if (answer.status !== 200) throw new Error(`the test operator has no ${path}`)
    return answer.json()
  }
  const held = new Map<string, FedObject>()
  const keep = (): void => writeFileSync(objectsFile, JSON.stringify([...held.values()]))
  for (const fed of objects) held.set(keyOf(fed), fed)
  keep()
  await start()
  return {
    url: `https://127.0.0.1:${port}`,
    certificate,
    ledgerFile,
    program: running,
    start,
    kill: async () => {
      running().kill("SIGKILL")
      await running().exited
    },
    stop: async () => {
      await running().stop()
    },
    apply: async (...changed) => {
      for (const fed of changed) held.set(keyOf(fed), fed)
      keep()
      await ask("/apply", changed)
    },
    remove: async (...gone) => {
      for (const fed of gone) held.delete(keyOf(fed))
      keep()
      await ask("/delete", gone)
    },
    settled: async () => {
      await ask("/settled")
    },
    status: async (object) =>
      (await ask(`/status?object=${encodeURIComponent(object)}`)) as StatusWrite | null,
    events: async () => (await ask("/events")) as readonly ObjectEvent[],
  }
}

function keyOf({ kind, object }: FedObject): string {
  return `${kind} ${object.metadata.namespace}/${object.metadata.name}`
}
