/**
 * `make bench`: the proxy against the floor, on this machine, in one run.
 *
 * In: `--quick` (under 40 s, writes nothing). Out: the tables of `results.ts` on stdout, and in
 * `docs/performance.md`. Exits 1 when an answer was wrong or a gate was missed. The gateway has
 * core 0 for itself; upstream, load generator and the operator's end of the channel share core 1.
 */
import { cpus } from "node:os"
import { fileURLToPath } from "node:url"
import { conditions } from "#test/process/conditions.ts"
import { writeSection } from "#test/process/document-section.ts"
import { startProgram } from "#test/process/program.ts"
import { chatBody } from "./bodies.ts"
import { measureSizes, measureStreams, residentMb, type Stand, warmUp } from "./measure.ts"
import { FULL, type Plan, QUICK } from "./plan.ts"
import { createProxyStand, type ProxyStand } from "./proxy.ts"
import { type BenchResult, describeResult, missedGates, type TranslationResult } from "./results.ts"
import {
  type Contestant,
  GATEWAY_CORE,
  leaveGatewayCore,
  OTHER_CORE,
  startListening,
} from "./stand.ts"
import { median } from "./statistics.ts"

const isQuick = process.argv.includes("--quick")
if (cpus().length < 2) {
  console.error("The bench needs two cores: one for the gateway, one for everything else.")
  process.exit(2)
}
leaveGatewayCore()
const result = await bench(isQuick ? QUICK : FULL)
const missed = missedGates(result)
const text = [
  conditions("make bench", ["undici"]),
  "",
  describeResult(result),
  "",
  ...missed.map((gate) => `Missed: ${gate}`),
]
console.log(text.join("\n"))
if (!isQuick) {
  const file = fileURLToPath(new URL("../../docs/performance.md", import.meta.url))
  writeSection(file, "bench", text.join("\n"))
}
process.exit(missed.length === 0 ? 0 : 1)

async function bench(plan: Plan): Promise<BenchResult> {
  const upstream = await startListening("./upstream.ts", OTHER_CORE)
  const origin = `http://127.0.0.1:${upstream.port}`
  const load = await startListening("./load.ts", OTHER_CORE)
  const proxies = await createProxyStand(origin)
  const floor = await startListening("./floor.ts", GATEWAY_CORE, [origin])
  const proxy = await proxies.start()
  const stand: Stand = {
    load,
    direct: contestant("direct", upstream),
    floor: contestant("floor", floor),
    proxy: contestant("proxy", proxy),
  }
  const idle = { floor: residentMb(stand.floor), proxy: residentMb(stand.proxy) }
  await warmUp(stand, plan)
  const patience = { turnsLeft: plan.repeatsMax }
  const sizes = await measureSizes(stand, plan, patience)
  const streams = await measureStreams(stand, plan, patience)
  const loaded = { floor: residentMb(stand.floor), proxy: residentMb(stand.proxy) }
  await Promise.all([floor.program.stop(), proxy.program.stop()])
  const coldStart = await measureColdStarts(plan, origin, proxies)
  const translation = await measureTranslation()
  for (const { program } of [upstream, load, proxies.operator]) await program.stop()
  return {
    repeats: plan.repeatsMax - patience.turnsLeft,
    sizes,
    streams,
    translation,
    memory: {
      floor: { idleMb: idle.floor, loadedMb: loaded.floor },
      proxy: { idleMb: idle.proxy, loadedMb: loaded.proxy },
    },
    coldStart,
  }
}

/**
 * From spawn to the first answered chat. The proxy starts as after a restart: from its last good
 * Snapshot.
 */
async function measureColdStarts(
  plan: Plan,
  origin: string,
  proxies: ProxyStand,
): Promise<BenchResult["coldStart"]> {
  const floorMs: number[] = []
  const proxyMs: number[] = []
  for (let round = 0; round < plan.coldStarts; round += 1) {
    for (const side of [
      { times: floorMs, start: () => startListening("./floor.ts", GATEWAY_CORE, [origin]) },
      { times: proxyMs, start: () => proxies.start() },
    ]) {
      const begin = performance.now()
      const started = await side.start()
      await firstAnswer(started.port)
      side.times.push(performance.now() - begin)
      await started.program.stop()
    }
  }
  return { floorMs: median(floorMs), proxyMs: median(proxyMs) }
}

/** A process of its own on the gateway's core, when nothing else runs. */
async function measureTranslation(): Promise<readonly TranslationResult[]> {
  const path = fileURLToPath(new URL("./translation.ts", import.meta.url))
  const program = await startProgram({
    name: "translation",
    args: [path, "--json"],
    core: GATEWAY_CORE,
  })
  const [, json = ""] = await program.waitForLine(/^translation (.+)$/, 60_000)
  await program.stop()
  return JSON.parse(json) as readonly TranslationResult[]
}

async function firstAnswer(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: chatBody(1024, false),
  })
  if (answer.status !== 200) throw new Error(`the first answer was ${answer.status}`)
  await answer.arrayBuffer()
}

function contestant(
  name: Contestant["name"],
  side: { readonly program: { readonly pid: number }; readonly port: number },
): Contestant {
  const prefix = name === "direct" ? ["/whole", "/stream"] : ["", ""]
  return {
    name,
    port: side.port,
    pid: side.program.pid,
    wholePath: `${prefix[0]}/v1/chat/completions`,
    streamPath: `${prefix[1]}/v1/chat/completions`,
  }
}
