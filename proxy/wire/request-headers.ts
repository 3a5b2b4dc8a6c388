/**
 * Headers of a client that go on to an upstream: a closed list, values checked, nothing else ever.
 *
 * The client's authorization, cookies, forwarding and hop-by-hop headers are not on it, so they
 * need no stripping. The answer is asked for unencoded: no decompression runs here, so no bomb can.
 */

/** Longest value passed on; a longer one is left out, since none of these needs it. */
const VALUE_CHARS_MAX = 1024
const PASSED = ["traceparent", "tracestate", "idempotency-key"] as const

/** What the upstream is sent, and what it is asked to answer in. */
export interface RequestMedia {
  readonly contentType: string
  readonly accept: string
}

const JSON_TYPE = "application/json"
export const JSON_MEDIA: RequestMedia = Object.freeze({ contentType: JSON_TYPE, accept: JSON_TYPE })
export const STREAM_MEDIA: RequestMedia = Object.freeze({
  contentType: JSON_TYPE,
  accept: "text/event-stream",
})
const FIXED_JSON = fixedHeaders(JSON_MEDIA)
const FIXED_STREAM = fixedHeaders(STREAM_MEDIA)

/**
 * The whole list for one upstream request; authorization is added by the shell at the last step.
 * `alsoPassed` are further names, lower case, that the upstream's wire takes from its own clients.
 */
export function upstreamHeaders(
  headers: Readonly<Record<string, string | undefined>>,
  media: RequestMedia,
  alsoPassed: readonly string[] = [],
): readonly string[] {
  const fixed = fixedFor(media)
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

function fixedFor(media: RequestMedia): readonly string[] {
  if (media === JSON_MEDIA) return FIXED_JSON
  return media === STREAM_MEDIA ? FIXED_STREAM : fixedHeaders(media)
}

function fixedHeaders({ contentType, accept }: RequestMedia): readonly string[] {
  return Object.freeze([
    ...["content-type", contentType, "accept", accept],
    ...["accept-encoding", "identity", "user-agent", "sidegate"],
  ])
}

/** Visible ASCII, space and tab: nothing that a parser downstream could read as two headers. */
function isSafeValue(value: string): boolean {
  return value.length <= VALUE_CHARS_MAX && /^[\t\x20-\x7e]*$/.test(value)
}
