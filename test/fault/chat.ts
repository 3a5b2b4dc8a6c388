/** One chat with a sidecar, as an application sends it. */
import type { Sidecar } from "./world.ts"

export interface ChatAnswer {
  readonly status: number
  /** AIProvider that answered; null when none did. */
  readonly provider: string | null
  readonly text: string
}

const WITHIN_MS = 60_000

export async function chat(
  sidecar: Pick<Sidecar, "url">,
  model: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<ChatAnswer> {
  const answer = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: "Say something." }],
      ...more,
    }),
    signal: AbortSignal.timeout(WITHIN_MS),
  })
  const provider = answer.headers.get("x-sidegate-provider")
  return { status: answer.status, provider, text: await answer.text() }
}
