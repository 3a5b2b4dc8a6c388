/**
 * An upstream that serves models to whoever shows a token of Entra (below `/entra`), or a signature
 * with a session of STS (below `/aws`), that is good at this moment; it counts what it refused.
 */
import { findSignatureFault, signerOf } from "./aws-signature.ts"
import type { Entra } from "./entra.ts"
import { type Answer, type Asked, json, type StandIn, startStandIn } from "./stand-in.ts"
import type { Sts } from "./sts.ts"

export interface Models extends StandIn {
  /** When each token, or session by its access key id, was first shown, on the wall clock in ms. */
  readonly firstUse: ReadonlyMap<string, number>
  readonly refused: readonly string[]
  readonly served: () => number
}

export async function startModels(world: {
  readonly entra: Entra
  readonly sts: Sts
  readonly region: string
}): Promise<Models> {
  const firstUse = new Map<string, number>()
  const refused: string[] = []
  let served = 0
  const standIn = await startStandIn((asked) => {
    const now = Date.now()
    const shown = asked.path.startsWith("/aws/") ? signerOf(asked) : bearerOf(asked)
    const why = asked.path.startsWith("/aws/") ? judgeAws(asked, now) : judgeEntra(shown, now)
    if (why !== null) {
      refused.push(why)
      return json(401, { error: { message: why, type: "auth", code: "invalid", param: null } })
    }
    if (shown !== undefined && !firstUse.has(shown)) firstUse.set(shown, now)
    served += 1
    return completion(served)
  })
  const judgeEntra = (shown: string | undefined, now: number): string | null => {
    const given = world.entra.given.find(({ token }) => token === shown)
    if (given === undefined) return `no token of Entra: ${shown}`
    return given.expiresAt > now ? null : `${shown} expired ${now - given.expiresAt} ms ago`
  }
  const judgeAws = (asked: Asked, now: number): string | null => {
    const { sessions } = world.sts
    const service = { region: world.region, service: "bedrock" }
    const fault = findSignatureFault(asked, service, (id) => sessions.get(id)?.secret)
    if (fault !== null) return `${fault.code}: ${fault.message}`
    const session = sessions.get(signerOf(asked) ?? "")
    if (session === undefined) return "no session of STS"
    if (session.token !== asked.headers["x-amz-security-token"]) return "another session's token"
    return session.expiresAt > now ? null : `session expired ${now - session.expiresAt} ms ago`
  }
  return { ...standIn, firstUse, refused, served: () => served }
}

function bearerOf({ headers }: Asked): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1]
}

function completion(number: number): Answer {
  const message = { role: "assistant", content: "Good day.", refusal: null }
  return json(200, {
    id: `chatcmpl-${number}`,
    object: "chat.completion",
    created: 1_700_000_000,
    model: "gpt-4o",
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
  })
}
