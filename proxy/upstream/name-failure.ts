/**
 * What went wrong on the wire, as one of the kinds that the pipeline knows. Never a key, never a
 * body.
 */
import type { UpstreamFailure } from "#proxy/exchange/ports.ts"
import { AddressDeniedError } from "./connect.ts"
import { DnsError } from "./resolve.ts"

/** `wasSent`: the request was handed to a connection before it failed. */
export function nameFailure(error: Error, origin: string, wasSent: boolean): UpstreamFailure {
  const cause = innermost(error)
  const code = codeOf(cause)
  const kind = kindOf(cause, code, wasSent)
  const detail =
    cause instanceof AddressDeniedError || cause instanceof DnsError
      ? cause.message
      : `${origin}: ${code}`
  return { kind, wasSent, detail }
}

function kindOf(error: Error, code: string, wasSent: boolean): UpstreamFailure["kind"] {
  if (error instanceof AddressDeniedError) return "address-denied"
  if (error instanceof DnsError) return "dns"
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "HPE_HEADER_OVERFLOW") return "too-large"
  if (isTlsCode(code)) return "tls"
  if (!wasSent) return "connect"
  return code.startsWith("HPE_") || PROTOCOL_CODES.has(code) ? "protocol" : "reset"
}

/** Its message quotes the upstream's bytes; only the name is used. */
const PROTOCOL_CODES = new Set(["HTTPParserError", "UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"])

function isTlsCode(code: string): boolean {
  return (
    /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_)/.test(code) ||
    code === "DEPTH_ZERO_SELF_SIGNED_CERT" ||
    code === "EPROTO"
  )
}

/** Dialling several addresses fails with all their errors in one; the first tells enough. */
function innermost(error: Error): Error {
  const [first]: unknown[] = error instanceof AggregateError ? error.errors : []
  if (first instanceof Error) return first
  const { cause } = error
  return cause instanceof AddressDeniedError || cause instanceof DnsError ? cause : error
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name
}
