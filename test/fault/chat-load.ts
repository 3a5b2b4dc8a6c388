/**
 * Chats one after the other on several lanes, each with a `user` of its own, as long as it is told.
 */

export interface ChatLoad {
  /** Requests that were sent and have no whole answer yet. */
  readonly underWay: () => number
  readonly sent: () => number
  /** By what the client saw: `200`, `200 stream`, `503 CODE`, `cut`, `refused` (nobody listens), ... */
  readonly outcomes: () => Readonly<Record<string, number>>
  /** Sends nothing more; resolves when nothing is under way. */
  readonly stop: () => Promise<void>
}

export interface ChatLoadOptions {
  readonly origin: string
  /** Asked for in turn. */
  readonly models: readonly string[]
  readonly lanes: number
  /** Every n-th chat is streamed. */
  readonly streamEvery: number
  /** Between two chats of one lane, in ms. */
  readonly pauseMs: number
}

export function startChatLoad(options: ChatLoadOptions): ChatLoad {
  const outcomes: Record<string, number> = {}
  let sent = 0
  let underWay = 0
  let isOver = false
  const lane = async (): Promise<void> => {
    while (!isOver) {
      sent += 1
      underWay += 1
      const outcome = await oneChat(options, sent)
      underWay -= 1
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs))
    }
  }
  const lanes = Array.from({ length: options.lanes }, lane)
  return {
    underWay: () => underWay,
    sent: () => sent,
    outcomes: () => outcomes,
    stop: async () => {
      isOver = true
      await Promise.all(lanes)
    },
  }
}

async function oneChat(options: ChatLoadOptions, number: number): Promise<string> {
  const isStream = number % options.streamEvery === 0
  try {
    const answer = await fetch(`${options.origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: options.models[number % options.models.length],
        user: `user-${number}`,
        messages: [{ role: "user", content: "Say something." }],
        ...(isStream ? { stream: true } : {}),
      }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await answer.text()
    if (answer.status !== 200) return `${answer.status} ${codeOf(text)}`
    if (!isStream) return "200"
    return text.endsWith("data: [DONE]\n\n") ? "200 stream" : "200 stream cut in-band"
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (error.name === "TimeoutError") return "timeout"
    const { cause } = error
    const isRefused = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED"
    return isRefused ? "refused" : "cut"
  }
}

function codeOf(text: string): string {
  return /"code":"([a-z_]+)"/.exec(text)?.[1] ?? ""
}
