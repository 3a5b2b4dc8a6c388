import { describe, expect, test } from "vitest"
import { DEFAULT_LIMITS, readSidecarConfig } from "./config.ts"

const GOOD = {
  SIDEGATE_OPERATOR_URL: "https://sidegate-config.sidegate-system.svc:8443",
  SIDEGATE_OPERATOR_CA_FILE: "/etc/sidegate/ca.crt",
  SIDEGATE_TOKEN_FILE: "/var/run/sidegate/token",
  SIDEGATE_STATE_DIR: "/run/sidegate",
  SIDEGATE_JOURNAL_DIR: "/var/lib/sidegate",
}

describe("the settings of a sidecar", () => {
  test("need five paths and take the rest from defaults", () => {
    const read = readSidecarConfig(GOOD, "1.2.3")
    expect(read).toEqual({
      ok: true,
      config: {
        operator: {
          url: GOOD.SIDEGATE_OPERATOR_URL,
          caFile: GOOD.SIDEGATE_OPERATOR_CA_FILE,
          tokenFile: GOOD.SIDEGATE_TOKEN_FILE,
          serverName: null,
        },
        proxy: {
          release: "1.2.3",
          stateDir: "/run/sidegate",
          journalDir: "/var/lib/sidegate",
          app: [
            { host: "127.0.0.1", port: 4141 },
            { host: "::1", port: 4141 },
          ],
          ops: [
            { host: "0.0.0.0", port: 4142 },
            { host: "::", port: 4142 },
          ],
          upstreamCaFile: null,
          logLevel: "info",
          logFd: 1,
          limits: DEFAULT_LIMITS,
        },
      },
    })
    expect(Object.isFrozen(read.ok && read.config.proxy.limits)).toBe(true)
  })

  test.each(Object.keys(GOOD))("without %s are an error that names it", (name) => {
    const read = readSidecarConfig({ ...GOOD, [name]: undefined }, "1")
    expect(read).toEqual({
      ok: false,
      message: `${name} is not set; the sidecar needs it to start`,
    })
  })

  const bad = [
    ["SIDEGATE_OPERATOR_URL", "http://operator:8443", /must be an https origin/],
    ["SIDEGATE_OPERATOR_URL", "https://operator:8443/path", /must be an https origin/],
    ["SIDEGATE_OPERATOR_URL", "https://user@operator", /must be an https origin/],
    ["SIDEGATE_OPERATOR_URL", "operator", /must be an https origin/],
    ["SIDEGATE_LOG_LEVEL", "verbose", /one of debug, info, warn, error, silent, not "verbose"/],
    ["SIDEGATE_DRAIN_MS", "25s", /whole number from 0 to 3600000, not "25s"/],
    ["SIDEGATE_DRAIN_MS", "-1", /whole number/],
    ["SIDEGATE_PORT", "70000", /whole number from 0 to 65535/],
    ["SIDEGATE_BODY_BYTES_MAX", "12", /whole number from 1024/],
    ["SIDEGATE_CONNECTIONS_MAX", "1e3", /whole number/],
    ["SIDEGATE_JOURNAL_BYTES_MAX", "x".repeat(500), /not "x{64}…"/],
  ] as const
  test.each(bad)("with %s=%s are an error that says what it may be", (name, value, want) => {
    const read = readSidecarConfig({ ...GOOD, [name]: value }, "1")
    expect(read.ok ? "" : read.message).toMatch(want)
    expect(read.ok ? "" : read.message).toContain(name)
  })

  test("set limits, ports and level", () => {
    const read = readSidecarConfig(
      {
        ...GOOD,
        SIDEGATE_OPERATOR_SERVER_NAME: "sidegate-config",
        SIDEGATE_PORT: "0",
        SIDEGATE_LOG_LEVEL: "debug",
        SIDEGATE_DRAIN_MS: "0",
        SIDEGATE_UPSTREAM_CA_FILE: "/ca",
      },
      "1",
    )
    expect(read.ok && read.config.operator.serverName).toBe("sidegate-config")
    expect(read.ok && read.config.proxy).toMatchObject({
      app: [
        { host: "127.0.0.1", port: 0 },
        { host: "::1", port: 0 },
      ],
      logLevel: "debug",
      upstreamCaFile: "/ca",
      limits: { drainMs: 0 },
    })
  })
})
