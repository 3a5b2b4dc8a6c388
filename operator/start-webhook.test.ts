import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "node:tls"
import { afterEach, expect, test } from "vitest"
import { createLog } from "#operator/telemetry/log.ts"
import { createWebhookMetrics } from "#operator/telemetry/webhook-metrics.ts"
import { type CertificateFiles, writeCertificate } from "#test/process/certificate.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import type { RunningOperator } from "./start.ts"
import { startWebhook } from "./start-webhook.ts"
import { readWebhookConfig } from "./webhook-config.ts"

const running: RunningOperator[] = []
afterEach(async () => {
  for (const webhook of running.splice(0)) await webhook.close()
})

async function start(certificateDir: string) {
  const [webhookPort = 0, opsPort = 0] = await freePorts(2)
  const read = readWebhookConfig(
    {
      SIDEGATE_LISTEN_HOST: "127.0.0.1",
      SIDEGATE_WEBHOOK_PORT: String(webhookPort),
      SIDEGATE_OPS_PORT: String(opsPort),
      SIDEGATE_WEBHOOK_CERTIFICATE_DIR: certificateDir,
      SIDEGATE_WEBHOOK_SERVER_NAME: "localhost",
      SIDEGATE_WEBHOOK_DRAIN_MS: "0",
      SIDEGATE_PROXY_IMAGE: "registry.example/sidegate-proxy:test",
    },
    "1.2.3",
  )
  if (!read.ok) throw new Error(read.problems.join("\n"))
  const webhook = startWebhook({
    config: read.config,
    log: createLog("error", { write: () => undefined }),
    metrics: createWebhookMetrics(),
    now: () => performance.now(),
    checkMs: 10,
  })
  running.push(webhook)
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`)
    return `${response.status} ${(await response.text()).trim()}`
  }
  return { webhook, webhookPort, ready }
}

function mount(folder: string, pair: CertificateFiles): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "tls.crt"), pair.cert)
  writeFileSync(join(folder, "tls.key"), pair.key)
  writeFileSync(join(folder, "ca.crt"), pair.cert)
}

function until(what: string, look: () => Promise<boolean>): Promise<boolean> {
  return waitUntil({ what, withinMs: 15_000 }, async () => (await look()) || undefined)
}

/** Fingerprint of the certificate that a new connection gets. */
function servedBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.on("error", reject)
  })
}

test("without its certificate it is alive and not ready, and says what it waits for", async () => {
  const folder = join(temporaryDirectory("webhook"), "secret")
  const { webhook, ready } = await start(folder)
  await until("the reason", async () => (await ready().catch(() => "")).includes("tls.crt"))
  expect(await ready()).toBe(`503 ${folder}/tls.crt cannot be read`)
  mount(folder, await writeCertificate(temporaryDirectory("webhook")))
  await webhook.started
  await until("readiness", async () => (await ready()) === "200 ok")
})

test("a renewed certificate is served to new connections, a damaged one is not", async () => {
  const folder = temporaryDirectory("webhook")
  mount(folder, await writeCertificate(temporaryDirectory("webhook")))
  const { webhook, webhookPort, ready } = await start(folder)
  await webhook.started
  await until("readiness", async () => (await ready()) === "200 ok")
  const first = await servedBy(webhookPort)
  mount(folder, await writeCertificate(temporaryDirectory("webhook")))
  await until("the new one", async () => (await servedBy(webhookPort)) !== first)
  const second = await servedBy(webhookPort)
  rmSync(join(folder, "tls.key"))
  await until("readiness", async () => (await ready()) === "200 ok")
  expect(await servedBy(webhookPort)).toBe(second)
})

test("closed while it waits for its certificate, it ends", async () => {
  const { webhook } = await start(join(temporaryDirectory("webhook"), "none"))
  running.pop()
  await webhook.close()
  await webhook.started
})
