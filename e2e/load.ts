/**
 * Requests one after the other from inside an application's container, until told to end.
 *
 * In: a workload whose container `ask` has Node. Out: how many were answered, and what those that
 * were not said. Must not know any story.
 */
import { spawn } from "node:child_process"
import { at, listAt } from "#operator/kube/json-path.ts"
import { until } from "./cluster.ts"

export interface Load {
  /** Ends it and waits for the sum. */
  readonly end: () => Promise<LoadSum>
}

export interface LoadSum {
  readonly answered: number
  /** The first ten that were not answered with 200. */
  readonly failed: readonly unknown[]
}

const WORKERS = 4
const PAUSE_MS = 20
/** What it says once it has been answered. */
const BEGUN = "begun\n"
/** Runs in the container; the end of its input ends it. */
const PROGRAM = `
  let [isOver, answered] = [false, 0]
  const failed = []
  process.stdin.resume().on("end", () => (isOver = true))
  const headers = { "content-type": "application/json" }
  const body = JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hello?" }] })
  const work = async () => {
    while (!isOver) {
      try {
        const url = process.env.OPENAI_BASE_URL + "/chat/completions"
        const response = await fetch(url, { method: "POST", headers, body })
        const text = await response.text()
        if (response.status === 200 && answered++ === 0) console.log("begun")
        if (response.status !== 200 && failed.length < 10) failed.push(response.status + " " + text)
      } catch (error) {
        if (failed.length < 10) failed.push(String(error) + " " + String(error.cause))
      }
      await new Promise((resolve) => setTimeout(resolve, ${PAUSE_MS}))
    }
  }
  await Promise.all(Array.from({ length: ${WORKERS} }, work))
  console.log(JSON.stringify({ answered, failed }))`

/** It is under way when this resolves: the first has been answered. */
export async function startLoad(namespace: string, target: string): Promise<Load> {
  const node = ["node", "--input-type=module", "-e", PROGRAM]
  const args = ["-n", namespace, "exec", "-i", target, "-c", "ask", "--", ...node]
  const child = spawn("kubectl", args, { stdio: ["pipe", "pipe", "inherit"] })
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece
  })
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve))
  await until("the load is under way", () => text.startsWith(BEGUN))
  return {
    end: async () => {
      child.stdin.end()
      const code = await closed
      if (code !== 0) throw new Error(`the load in ${namespace} ended with ${code}`)
      const sum: unknown = JSON.parse(text.slice(BEGUN.length))
      return { answered: Number(at(sum, "answered")), failed: listAt(sum, "failed") }
    },
  }
}
