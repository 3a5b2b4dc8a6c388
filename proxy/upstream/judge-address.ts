/**
 * Which addresses may be dialled: judged on the address itself, after the name was resolved, so
 * that neither a name that resolves inwards nor an odd spelling of an address is a way around it.
 *
 * In: an address as text and the provider's network. Out: whether it may be dialled.
 * Source: IANA special-purpose address registries; the metadata addresses of the large clouds.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net"

export type Network = "Public" | "Private"

/** `network: Public` reaches none of these. */
const NOT_PUBLIC_V4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const

/** Of 2000::/3, the only global unicast there is; everything outside it is not public either. */
const NOT_PUBLIC_V6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const

/**
 * No provider is ever there: link-local, multicast, unspecified, and where clouds keep credentials.
 */
const NEVER_V4 = [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
  ["100.100.100.200", 32],
  ["168.63.129.16", 32],
  ["192.0.0.192", 32],
] as const

const NEVER_V6 = [
  ["::", 128],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
  ["fd00:ec2::254", 128],
  ["fd20:ce::254", 128],
] as const

const notPublicV4 = listOf(NOT_PUBLIC_V4, "ipv4")
const notPublicV6 = listOf(NOT_PUBLIC_V6, "ipv6")
const neverV4 = listOf(NEVER_V4, "ipv4")
const neverV6 = listOf(NEVER_V6, "ipv6")
const globalV6 = listOf([["2000::", 3]], "ipv6")

/** False for anything that is not a plain IPv4 or IPv6 address. */
export function mayDial(address: string, network: Network): boolean {
  if (isIPv4(address)) return mayDialV4(address, network)
  if (!isIPv6(address) || address.includes("%")) return false
  if (neverV6.check(address, "ipv6")) return false
  if (network === "Public") {
    return globalV6.check(address, "ipv6") && !notPublicV6.check(address, "ipv6")
  }
  const embedded = embeddedV4(groupsOf(address))
  return embedded === undefined || mayDialV4(embedded, network)
}

function mayDialV4(address: string, network: Network): boolean {
  if (neverV4.check(address, "ipv4")) return false
  return network === "Private" || !notPublicV4.check(address, "ipv4")
}

/** The IPv4 address inside a mapped, compatible, NAT64 or 6to4 one. */
function embeddedV4(groups: readonly number[]): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  if (a === 0x2002) return dotted(b, c)
  const isNat64 = a === 0x64 && b === 0xff9b
  const isLow = (a | b | c | d) === 0 && ((e === 0 && (f === 0 || f === 0xffff)) || e === 0xffff)
  const isLoopback = isLow && (e | f | g) === 0 && h === 1
  return (isNat64 || isLow) && !isLoopback ? dotted(g, h) : undefined
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".")
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const group = (high: string, low: string): string =>
      (Number(high) * 256 + Number(low)).toString(16)
    return `${group(a, b)}:${group(c, d)}`
  })
  const [head = "", tail] = plain.split("::")
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16))
  const left = groups(head)
  if (tail === undefined) return left
  const right = groups(tail)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function listOf(
  subnets: readonly (readonly [address: string, bits: number])[],
  family: "ipv4" | "ipv6",
): BlockList {
  const list = new BlockList()
  for (const [address, bits] of subnets) list.addSubnet(address, bits, family)
  return list
}
