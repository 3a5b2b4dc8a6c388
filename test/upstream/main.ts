/**
 * The counting test upstream as its own process: an OpenAI-shaped provider that answers as a test
 * asks and keeps its own account of every attempt, so that a proxy can be killed at any moment and
 * compared with it.
 *
 * In: chat completions at `/<backend>/v1/chat/completions`. Out: answers, and one line with both
 * ports. It knows nothing of Sidegate and shares no code with it. Tests use `client.ts`.
 */
import { createUpstream } from "./server.ts"

const upstream = await createUpstream()
console.log(`upstream ${upstream.port} ${upstream.controlPort}`)
