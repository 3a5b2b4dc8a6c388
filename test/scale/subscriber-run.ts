/**
 * How fast 1,000 sidecars have a change: from its arrival at the operator to the last
 * acknowledgement.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { median } from "#test/bench/statistics.ts"
import { startOperator } from "#test/operator/client.ts"
import { type FedObject, makePod } from "#test/operator/objects.ts"
import { tokenFor } from "#test/operator/token.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { startProgram } from "#test/process/program.ts"
import { residentBytes } from "#test/process/resources.ts"

export interface SubscriberResult {
  /** Until all of them hold their first Snapshot; hellos are admitted at two hundred a second. */
  readonly connectMs: number
  /** Median and worst of the rounds. */
  readonly acknowledgedMs: number
  readonly worstMs: number
  readonly operatorMb: number
}

export interface SubscriberRun {
  readonly objects: readonly FedObject[]
  readonly pods: readonly FedObject[]
  /** The change of one round; it must give every subscriber a new Snapshot. */
  readonly change: (generation: number) => FedObject
  readonly rounds: number
  /** Of the operator's Node, e.g. `--cpu-prof`. */
  readonly nodeFlags?: readonly string[]
}

const PROGRAM = fileURLToPath(new URL("./subscribers.ts", import.meta.url))

export async function runSubscribers(run: SubscriberRun): Promise<SubscriberResult> {
  const operator = await startOperator([...run.objects, ...run.pods], {
    nodeFlags: run.nodeFlags ?? [],
  })
  const tokensFile = join(temporaryDirectory("tokens"), "tokens.json")
  writeFileSync(tokensFile, JSON.stringify(run.pods.map(tokenFor)))
  const begin = Date.now()
  const { certificateFile } = operator.certificate
  const args = [PROGRAM, operator.url, certificateFile, tokensFile]
  const subscribers = await startProgram({ name: "subscribers", args })
  await subscribers.waitForLine(/^subscribed \d+$/, 90_000)
  const connectMs = Date.now() - begin
  const times: number[] = []
  for (let round = 0; round < run.rounds; round += 1) {
    const changed = run.change(2 + round)
    const start = Date.now()
    await operator.apply(changed)
    const pattern = new RegExp(`^acknowledged ${round + 2} \\d+ \\d+ (\\d+)$`)
    const line = await subscribers.waitForLine(pattern, 60_000)
    times.push(Number(line[1]) - start)
  }
  const operatorMb = residentBytes(operator.program().pid) / (1024 * 1024)
  await subscribers.stop()
  await operator.stop()
  return { connectMs, acknowledgedMs: median(times), worstMs: Math.max(...times), operatorMb }
}

/** `count` pods of one namespace. */
export function podsOf(namespace: string, count: number): readonly FedObject[] {
  return Array.from({ length: count }, (_, at) => makePod(namespace, `app-${at}`, { app: "api" }))
}
