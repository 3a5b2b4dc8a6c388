import { expect, test } from "vitest"
import { readWebhookConfig } from "./webhook-config.ts"

const IMAGE = { SIDEGATE_PROXY_IMAGE: "registry.example/sidegate-proxy:1.2.3" }

test("with the image alone the settings are those of the chart's defaults", () => {
  expect(readWebhookConfig(IMAGE, "1.2.3")).toEqual({
    ok: true,
    config: {
      listenHost: null,
      webhookPort: 9443,
      opsPort: 9090,
      certificateDir: "/etc/sidegate/webhook",
      serverName: "sidegate-webhook.sidegate-system.svc",
      drainMs: 5000,
      inject: {
        release: "1.2.3",
        image: "registry.example/sidegate-proxy:1.2.3",
        imagePullPolicy: "IfNotPresent",
        operatorUrl: "https://sidegate-operator.sidegate-system.svc:8443",
        runAsUser: 64_141,
        runAsGroup: 64_141,
        logLevel: "info",
        size: {
          cpuRequest: "20m",
          memoryRequest: "128Mi",
          memoryLimit: "384Mi",
          guaranteedCpu: "500m",
          cpuMin: "10m",
          cpuMax: "4",
          memoryMin: "256Mi",
          memoryMax: "2Gi",
        },
      },
      logLevel: "info",
    },
  })
})

test("on OpenShift the namespace decides who the sidecar runs as", () => {
  const env = { ...IMAGE, SIDEGATE_PROXY_RUN_AS_USER: "none", SIDEGATE_PROXY_RUN_AS_GROUP: "none" }
  expect(readWebhookConfig(env, "1.2.3")).toMatchObject({
    config: { inject: { runAsUser: null, runAsGroup: null } },
  })
})

const wrong = [
  { name: "SIDEGATE_PROXY_IMAGE", value: "", says: "the sidecar's image" },
  { name: "SIDEGATE_PROXY_IMAGE", value: "two words", says: "the sidecar's image" },
  { name: "SIDEGATE_PROXY_IMAGE_PULL_POLICY", value: "Often", says: "one of IfNotPresent, Always" },
  { name: "SIDEGATE_PROXY_RUN_AS_USER", value: "0", says: "no root" },
  { name: "SIDEGATE_PROXY_RUN_AS_GROUP", value: "root", says: "a whole number from 0" },
  { name: "SIDEGATE_PROXY_LOG_LEVEL", value: "loud", says: "one of debug, info" },
  { name: "SIDEGATE_PROXY_CPU_REQUEST", value: "little", says: "a quantity such as" },
  { name: "SIDEGATE_PROXY_MEMORY_LIMIT", value: "0", says: "a quantity such as" },
  { name: "SIDEGATE_OPERATOR_URL", value: "http://operator.example", says: "an https origin" },
  { name: "SIDEGATE_OPERATOR_URL", value: "https://a.example/path", says: "an https origin" },
  { name: "SIDEGATE_WEBHOOK_PORT", value: "70000", says: "a port from 0 to 65535" },
  { name: "SIDEGATE_WEBHOOK_DRAIN_MS", value: "60000", says: "milliseconds from 0 to 10000" },
  { name: "SIDEGATE_WEBHOOK_SERVER_NAME", value: "No_Name", says: "a Kubernetes name" },
]
test.each(wrong)("$name=$value is refused by name", ({ name, value, says }) => {
  const read = readWebhookConfig({ ...IMAGE, [name]: value }, "1.2.3")
  expect(read).toEqual({ ok: false, problems: [expect.stringContaining(says)] })
  expect(!read.ok && read.problems[0]).toContain(`${name} is "${value}"`)
})
