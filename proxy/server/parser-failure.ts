/** What is said when Node's parser gives up on a request. */
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"

export interface ParserLimits {
  readonly headerBytesMax: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** `code` is that of the parser's error. */
export function refusalOfParser(code: string, limits: ParserLimits): Refusal {
  switch (code) {
    case "HPE_HEADER_OVERFLOW": {
      const message = `request line and headers have at most ${limits.headerBytesMax} bytes`
      return refuse("headers_too_large", message)
    }
    case "ERR_HTTP_REQUEST_TIMEOUT": {
      const { headersTimeoutMs, requestTimeoutMs } = limits
      const times = `headers ${headersTimeoutMs} ms, the whole ${requestTimeoutMs} ms`
      return refuse("body_timeout", `the request did not come in time: ${times}`)
    }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return refuse("request_too_large", "the chunk extensions of the body are too long")
    default:
      return refuse("bad_request", `the request is not valid HTTP/1.1 (${excerpt(code)})`)
  }
}
