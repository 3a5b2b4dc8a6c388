import { describe, expect, test } from "vitest"
import { mayDial } from "./judge-address.ts"

const PUBLIC = [
  "1.1.1.1",
  "8.8.8.8",
  "20.0.0.1",
  "100.63.255.255",
  "100.128.0.0",
  "104.18.6.192",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "191.255.255.255",
  "192.0.1.0",
  "192.0.3.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "203.0.112.255",
  "203.0.114.0",
  "223.255.255.255",
  "2001:4860:4860::8888",
  "2400:cb00::1",
  "2606:4700::6812:7c0",
  "2a00:1450:4001:82f::200a",
  "3ffe::1",
]

/** In-cluster and local servers: only `network: Private` reaches them. */
const INWARD = [
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.0.1",
  "192.168.255.255",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "::1",
  "fc00::1",
  "fd12:3456:789a::1",
  "fdff:ffff::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2001:1ff::1",
  "3fff::1",
  "5f00::1",
  "4000::1",
  "::ffff:10.0.0.1",
  "::ffff:8.8.8.8",
  "::ffff:7f00:1",
  "::10.0.0.1",
  "64:ff9b::8.8.8.8",
  "64:ff9b::a00:1",
  "64:ff9b:1::10.0.0.1",
  "2002:a00:1::1",
]

/** Nobody's provider. */
const NEVER = [
  "0.0.0.0",
  "0.1.2.3",
  "169.254.0.1",
  "169.254.169.254",
  "169.254.170.2",
  "169.254.255.255",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "fe80::1",
  "fe80::a9fe:a9fe",
  "febf::1",
  "fec0::1",
  "ff02::1",
  "fd00:ec2::254",
  "fd00:0ec2:0:0::0254",
  "FD00:EC2::254",
  "fd20:ce::254",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "0:0:0:0:0:ffff:a9fe:a9fe",
  "::ffff:0:169.254.169.254",
  "::169.254.169.254",
  "64:ff9b::169.254.169.254",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::169.254.169.254",
  "2002:a9fe:a9fe::1",
  "::ffff:0.0.0.0",
  "::ffff:100.100.100.200",
]

/** Spellings that some resolvers and URL parsers read as addresses. */
const NOT_ADDRESSES = [
  "",
  "localhost",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "127.1",
  "127.0.0.1.",
  "127.0.0.01",
  "1.1.1.1\0",
  "1.1.1.1 ",
  "1.1.1.1/8",
  "１.1.1.1",
  "[::1]",
  "fe80::1%eth0",
  "2606:4700::1%1",
  "::ffff:1.1.1.256",
  "1:2:3:4:5:6:7",
]

describe.each(["Public", "Private"] as const)("network: %s", (network) => {
  test.each(PUBLIC)("dials the public %s", (address) => {
    expect(mayDial(address, network)).toBe(true)
  })
  test.each(INWARD)("judges the inward %s", (address) => {
    expect(mayDial(address, network)).toBe(network === "Private")
  })
  test.each(NEVER)("never dials %s", (address) => {
    expect(mayDial(address, network)).toBe(false)
  })
  test.each(NOT_ADDRESSES)("does not take %j for an address", (address) => {
    expect(mayDial(address, network)).toBe(false)
  })
})
