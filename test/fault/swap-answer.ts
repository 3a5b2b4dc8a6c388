/**
 * Configurations that number themselves in all they decide, and whether an answer is wholly of one.
 *
 * Configuration N sends to `alpha` when N is even and to `beta` when it is odd, under the model
 * `a-N` or `b-N` as the header `x-variant` asks. Pure.
 */

export interface Asked {
  readonly user: string
  readonly variant: "a" | "b"
  readonly isStream: boolean
}

export interface SwapAnswer extends Asked {
  readonly verdict: "right" | "failed" | "mixed"
  /** What was wrong, for people; empty when right. */
  readonly why: string
  /** As in `x-sidegate-config`. */
  readonly version: string
  readonly swap: number
  readonly provider: string
  readonly model: string
}

export function routeOf(swap: number) {
  const provider = providerOf(swap)
  return {
    models: ["smart"],
    rules: [
      {
        name: "special",
        matches: [{ headers: [{ name: "x-variant", value: "a" }] }],
        backends: [{ provider, model: `a-${swap}` }],
      },
      { name: "default", backends: [{ provider, model: `b-${swap}` }] },
    ],
  }
}

/** `text` is the whole body; status 0 says that there was no answer. */
export function judgeAnswer(
  asked: Asked,
  status: number,
  headers: Headers,
  text: string,
): SwapAnswer {
  const said = {
    version: headers.get("x-sidegate-config") ?? "",
    provider: headers.get("x-sidegate-provider") ?? "",
    model: headers.get("x-sidegate-model") ?? "",
  }
  const swap = Number(said.model.slice(2))
  const isWhole = !asked.isStream || text.endsWith("data: [DONE]\n\n")
  if (status !== 200 || !isWhole) {
    const why = `${status} ${text.slice(-200)}`
    return { ...asked, ...said, swap, verdict: "failed", why }
  }
  const models = new Set([...text.matchAll(/"model":"([^"]*)"/g)].map(([, model]) => model))
  const backends = new Set(
    [...text.matchAll(/"system_fingerprint":"([^"]*)"/g)].map(([, backend]) => backend),
  )
  const seen = `${[...models]} of ${[...backends]} as ${said.model} of ${said.provider}`
  const want = `${asked.variant}-${swap}`
  const provider = providerOf(swap)
  const isRight = seen === `${want} of ${provider} as ${want} of ${provider}`
  const verdict = isRight && said.version !== "" ? "right" : "mixed"
  return { ...asked, ...said, swap, verdict, why: verdict === "right" ? "" : seen }
}

function providerOf(swap: number): string {
  return swap % 2 === 0 ? "alpha" : "beta"
}
