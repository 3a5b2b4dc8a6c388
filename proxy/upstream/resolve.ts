/**
 * Names to addresses without the thread pool: four slow look-ups there would hold up every file
 * write.
 *
 * In: a host name. Out: its addresses, or DnsError. Reads the hosts file and the search list as the
 * system resolver does, because names of in-cluster servers (`vllm.models`) need the latter.
 * Answers are kept for a short while, failures shorter. Must not know which addresses are allowed.
 */
import { Resolver } from "node:dns/promises"
import { readFileSync } from "node:fs"

export class DnsError extends Error {
  /** `ETIMEOUT`, `ENOTFOUND`, ... */
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export type Resolve = (hostname: string) => Promise<readonly string[]>

export interface ResolveOptions {
  readonly timeoutMs: number
  readonly monotonic: () => number
  /** `address[:port]` of name servers; those of resolv.conf when absent. */
  readonly servers?: readonly string[]
  readonly hostsFile?: string
  readonly resolvConf?: string
}

/** Names held at once; the oldest goes. */
const NAMES_MAX = 1_000
const FOUND_MS = 10_000
const FAILED_MS = 2_000
/** Search domains looked at. */
const SEARCH_MAX = 6

interface Kept {
  readonly until: number
  readonly answer: Promise<readonly string[]>
}

/** Concurrent look-ups of one name share one query. */
export function createResolve(options: ResolveOptions): Resolve {
  const kept = new Map<string, Kept>()
  const { search, ndots } = readSearch(options.resolvConf ?? "/etc/resolv.conf")
  const hostsFile = options.hostsFile ?? "/etc/hosts"
  return (hostname) => {
    const name = hostname.toLowerCase()
    const before = kept.get(name)
    if (before !== undefined && before.until > options.monotonic()) return before.answer
    const local = readHosts(hostsFile, name)
    const answer =
      local.length > 0
        ? Promise.resolve(local)
        : resolveCandidates(candidatesOf(name, search, ndots), hostname, options)
    const keep = (ms: number): void => {
      kept.delete(name)
      kept.set(name, { until: options.monotonic() + ms, answer })
      const oldest = kept.size > NAMES_MAX ? kept.keys().next().value : undefined
      if (oldest !== undefined) kept.delete(oldest)
    }
    keep(options.timeoutMs)
    answer.then(
      () => keep(FOUND_MS),
      () => keep(FAILED_MS),
    )
    return answer
  }
}

async function resolveCandidates(
  candidates: readonly string[],
  hostname: string,
  options: ResolveOptions,
): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: Math.ceil(options.timeoutMs / 2), tries: 2 })
  if (options.servers !== undefined) resolver.setServers(options.servers)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    resolver.cancel()
  }, options.timeoutMs)
  let code = "ENOTFOUND"
  try {
    for (const candidate of candidates) {
      const [v4, v6] = await Promise.allSettled([
        resolver.resolve4(candidate),
        resolver.resolve6(candidate),
      ])
      const addresses = [v4, v6].flatMap((one) => (one.status === "fulfilled" ? one.value : []))
      if (addresses.length > 0) return addresses
      code = v4.status === "rejected" ? codeOf(v4.reason) : "ENODATA"
      if (isLate) break
    }
  } finally {
    clearTimeout(timer)
  }
  throw isLate
    ? new DnsError("ETIMEOUT", `no answer for ${hostname} within ${options.timeoutMs} ms`)
    : new DnsError(code, `${hostname} does not resolve (${code})`)
}

/**
 * As resolv.conf(5): a name with fewer dots than `ndots` is tried below the search domains first.
 */
function candidatesOf(name: string, search: readonly string[], ndots: number): readonly string[] {
  if (name.endsWith(".")) return [name]
  const below = search.map((domain) => `${name}.${domain}`)
  const dots = name.split(".").length - 1
  return dots >= ndots ? [name, ...below] : [...below, name]
}

function readSearch(path: string): { readonly search: readonly string[]; readonly ndots: number } {
  const text = readQuietly(path)
  const line = (keyword: string): readonly string[] =>
    text
      .split("\n")
      .filter((one) => one.startsWith(`${keyword} `) || one.startsWith(`${keyword}\t`))
      .at(-1)
      ?.trim()
      .split(/\s+/)
      .slice(1) ?? []
  const ndots = line("options")
    .map((option) => /^ndots:(\d{1,2})$/.exec(option)?.[1])
    .find((digits) => digits !== undefined)
  return { search: line("search").slice(0, SEARCH_MAX), ndots: ndots === undefined ? 1 : +ndots }
}

/** `localhost` is loopback even without a hosts file (RFC 6761). */
function readHosts(path: string, name: string): readonly string[] {
  const addresses = readQuietly(path)
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
    .filter(([, ...names]) => names.some((one) => one.toLowerCase() === name))
    .map(([address]) => address ?? "")
  if (addresses.length > 0) return addresses
  return name === "localhost" || name.endsWith(".localhost") ? ["127.0.0.1", "::1"] : []
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "EUNKNOWN"
}
