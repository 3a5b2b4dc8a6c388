/** What the API server was asked over some time, from its own metrics. */
import { setTimeout as wait } from "node:timers/promises"
import type { World } from "#test/fault/world.ts"

/** Requests a second that the API server answered meanwhile, its own among them. */
export async function requestRate(
  world: Pick<World, "kubectl">,
  overMs: number,
  log: (line: string) => void,
): Promise<number> {
  const before = await countRequests(world)
  await wait(overMs)
  const after = await countRequests(world)
  const made = [...after].map(([what, count]) => [what, count - (before.get(what) ?? 0)] as const)
  const most = made.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a)
  log(`idle for ${overMs / 1000} s: ${most.map(([what, count]) => `${count} ${what}`).join(", ")}`)
  // One of them was the question itself.
  return (most.reduce((sum, [, count]) => sum + count, 0) - 1) / (overMs / 1000)
}

/** `VERB resource` to how often the API server has answered it. */
async function countRequests({
  kubectl,
}: Pick<World, "kubectl">): Promise<ReadonlyMap<string, number>> {
  const page = await kubectl("get", "--raw", "/metrics")
  const counts = new Map<string, number>()
  for (const [, labels = "", value] of page.matchAll(/^apiserver_request_total\{(.*)\} (\S+)$/gm)) {
    const [, resource = ""] = /resource="([^"]*)"/.exec(labels) ?? []
    const [, verb = ""] = /verb="([^"]*)"/.exec(labels) ?? []
    const what = `${verb} ${resource === "" ? "(other paths)" : resource}`
    counts.set(what, (counts.get(what) ?? 0) + Number(value))
  }
  return counts
}
