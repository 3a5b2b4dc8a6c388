import { expect, test } from "vitest"
import { readOperatorConfig } from "./config.ts"

test("without any variable the settings are those of the chart's defaults", () => {
  expect(readOperatorConfig({}, "1.2.3")).toEqual({
    ok: true,
    config: {
      release: "1.2.3",
      kubeconfig: null,
      operatorNamespace: "sidegate-system",
      credentialsNamespace: "sidegate-system",
      podName: null,
      teamLabel: "sidegate.dev/team",
      unselected: "Allow",
      unassigned: "Allow",
      listenHost: null,
      controlPort: 8443,
      opsPort: 9090,
      pushQuietMs: 100,
      ledgerFile: "/var/lib/sidegate/ledger.db",
      tls: {
        mode: "own",
        secret: "sidegate-operator-tls",
        dnsNames: [
          "sidegate-operator.sidegate-system.svc",
          "sidegate-operator.sidegate-system.svc.cluster.local",
        ],
      },
      webhook: {
        secret: "sidegate-webhook-tls",
        dnsNames: [
          "sidegate-webhook.sidegate-system.svc",
          "sidegate-webhook.sidegate-system.svc.cluster.local",
        ],
        configuration: "injection.sidegate.dev",
      },
      cloud: {
        allowedHosts: [],
        aws: {
          tokenFile: null,
          roleArn: null,
          containerUri: null,
          containerTokenFile: null,
          stsEndpoint: null,
        },
        google: { tokenFile: null },
        azure: {
          tokenFile: null,
          tenantId: null,
          clientId: null,
          authorityHost: "https://login.microsoftonline.com",
        },
      },
      leaseName: "sidegate-operator",
      recordDays: 90,
      leaseMs: 15_000,
      leaseIdentity: null,
      logLevel: "info",
    },
  })
})

test("the operator's namespace is where keys live and what the certificate names", () => {
  const read = readOperatorConfig({ SIDEGATE_OPERATOR_NAMESPACE: "gateway" }, "1.2.3")
  expect(read).toMatchObject({
    config: {
      credentialsNamespace: "gateway",
      tls: {
        dnsNames: ["sidegate-operator.gateway.svc", "sidegate-operator.gateway.svc.cluster.local"],
      },
    },
  })
})

const wrong = [
  { name: "SIDEGATE_CONTROL_PORT", value: "70000", says: "a port from 0 to 65535" },
  { name: "SIDEGATE_OPS_PORT", value: "http", says: "a port from 0 to 65535" },
  { name: "SIDEGATE_CLOUD_HOSTS", value: "https://a.example", says: "at most 64 of host" },
  { name: "SIDEGATE_PUSH_QUIET_MS", value: "1001", says: "milliseconds from 0 to 1000" },
  { name: "SIDEGATE_RECORD_DAYS", value: "6", says: "days from 7 to 3650" },
  { name: "SIDEGATE_RECORD_DAYS", value: "3651", says: "days from 7 to 3650" },
  { name: "SIDEGATE_PUSH_QUIET_MS", value: "-1", says: "milliseconds from 0 to 1000" },
  { name: "SIDEGATE_LEASE_SECONDS", value: "2", says: "seconds from 3 to 300" },
  { name: "SIDEGATE_LOG_LEVEL", value: "loud", says: "one of debug, info, warn, error" },
  { name: "SIDEGATE_DEFAULT_UNSELECTED", value: "allow", says: "one of Allow, Deny" },
  { name: "SIDEGATE_OPERATOR_NAMESPACE", value: "No_Name", says: "a Kubernetes name" },
  { name: "SIDEGATE_TEAM_LABEL", value: "team label", says: "a Kubernetes name" },
  { name: "SIDEGATE_TLS_DNS_NAMES", value: "a.example,,", says: "at most 16 DNS names" },
]
test.each(wrong)("$name=$value is refused by name", ({ name, value, says }) => {
  const read = readOperatorConfig({ [name]: value }, "1.2.3")
  expect(read.ok).toBe(false)
  expect(read).toEqual({ ok: false, problems: [expect.stringContaining(says)] })
  expect(!read.ok && read.problems[0]).toContain(`${name} is "${value}"`)
})

test("every wrong variable is named, not only the first", () => {
  const read = readOperatorConfig({ SIDEGATE_OPS_PORT: "x", SIDEGATE_LOG_LEVEL: "y" }, "1.2.3")
  expect(!read.ok && read.problems.length).toBe(2)
})
