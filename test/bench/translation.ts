/**
 * How fast streams are translated, on one core: `node test/bench/translation.ts` prints a line for
 * each direction, and with `--json` one line for `main.ts`.
 *
 * In process, without sockets: what is measured is `TranslateTap` with the real decoder and
 * renderer, an event a chunk as providers send them. The unit is CPU of the whole process, its
 * collector included, so that a busy machine moves it little.
 */

import { chatCodec } from "#proxy/pipeline/attempt-codec.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { CHAT, makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { wiresOf } from "#proxy/providers/registry.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { describeTranslation, type TranslationResult } from "./results.ts"
import { median } from "./statistics.ts"
import { anthropicStream, CHUNKS, openAiStream } from "./streams.ts"

const WARM_UP_MS = 2000
const ROUNDS = 7
const ROUND_MS = 500

const DIRECTIONS = [
  { schema: "OpenAI", surface: "anthropic-messages", events: openAiStream() },
  { schema: "Anthropic", surface: "openai-chat", events: anthropicStream() },
] as const

const results = DIRECTIONS.map(({ schema, surface, events }): TranslationResult => {
  const translate = translator(schema, surface, events)
  const bytes = translate()
  spin(translate, WARM_UP_MS)
  const rates = Array.from({ length: ROUNDS }, () => spin(translate, ROUND_MS))
  if (translate() !== bytes) throw new Error("the same stream was translated differently")
  return { from: schema, to: surface, chunksPerSecond: median(rates) }
})
const isForMain = process.argv.includes("--json")
console.log(isForMain ? `translation ${JSON.stringify(results)}` : describeTranslation(results))

/** Translates one whole stream and gives the length of what the client gets. */
function translator(
  schema: "OpenAI" | "Anthropic",
  name: ModelSurfaceName,
  events: readonly Uint8Array[],
): () => number {
  const wire = wiresOf(makeProvider("one", { schema }), "m").find(({ chat }) => chat !== null)
  const surface = SURFACES[name]
  const raw = makeRaw({ ...CHAT, max_tokens: 1024, stream: true })
  const request = surface.parse(raw, PIPELINE_SETTINGS)
  if (wire === undefined || wire.chat === null || surface.chat === null || !request.ok) {
    throw new Error(`${schema} is not translated to ${name}`)
  }
  const context = { request: request.value, id: "req-1", model: "m", createdSeconds: 1 }
  const codec = chatCodec(wire, wire.chat, surface.chat, context)
  return () => {
    const tap = codec.openTap("text/event-stream", PIPELINE_SETTINGS, {
      estimate: NO_USAGE,
      model: "m",
    })
    if (tap === null) throw new Error("it is no stream")
    let length = 0
    for (const event of events) length += tap.push(event)?.length ?? 0
    length += tap.finish()?.length ?? 0
    if (tap.end?.kind !== "done" || tap.contentEvents < CHUNKS) throw new Error("it did not end")
    return length
  }
}

/** Chunks of content a second of CPU, over at least so many ms of it. */
function spin(translate: () => number, cpuMs: number): number {
  const begin = process.cpuUsage()
  let streams = 0
  for (;;) {
    for (let count = 0; count < 20; count += 1) translate()
    streams += 20
    const { user, system } = process.cpuUsage(begin)
    const usedUs = user + system
    if (usedUs >= cpuMs * 1000) return (streams * CHUNKS * 1_000_000) / usedUs
  }
}
