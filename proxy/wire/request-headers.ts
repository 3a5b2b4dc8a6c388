/**
 * Headers of a client that go on to an upstream: a closed list, values checked, nothing else ever.
 *
 * The client's authorization, cookies, forwarding and hop-by-hop headers are not on it, so they
 * need no stripping. The answer is asked for unencoded: no decompression runs here, so no bomb can.
 */

/** Longest value passed on; a longer one is left out, since none of these needs it. */
const VALUE_CHARS_MAX = 1024
const PASSED = ["traceparent", "tracestate", "idempotency-key"] as const
const FIXED_JSON: readonly string[] = Object.freeze([
  "content-type",
  "application/json",
  "accept",
  "application/json",
  "accept-encoding",
  "identity",
  "user-agent",
  "sidegate",
])
const FIXED_STREAM: readonly string[] = Object.freeze(
  FIXED_JSON.map((item, index) => (index === 3 ? "text/event-stream" : item)),
)

/**
 * The whole list for one upstream request; authorization is added by the shell at the last step.
 * `alsoPassed` are further names, lower case, that the upstream's wire takes from its own clients.
 */
export function upstreamHeaders(
  headers: Readonly<Record<string, string | undefined>>,
  isStream: boolean,
  alsoPassed: readonly string[] = [],
): readonly string[] {
  const fixed = isStream ? FIXED_STREAM : FIXED_JSON
  let list: string[] | null = null
  for (const names of [PASSED, alsoPassed]) {
    for (const name of names) {
      const value = headers[name]
      if (value === undefined || !isSafeValue(value)) continue
      list ??= [...fixed]
      list.push(name, value)
    }
  }
  return list ?? fixed
}

/** Visible ASCII, space and tab: nothing that a parser downstream could read as two headers. */
function isSafeValue(value: string): boolean {
  return value.length <= VALUE_CHARS_MAX && /^[\t\x20-\x7e]*$/.test(value)
}
