/**
 * The real webhook as a process, with the certificate that the operator keeps in its Secret.
 *
 * In: the operator's Secret (written to files here, as a kubelet mounts it). Out: a program that is
 * ready. The configuration calls it by URL, since nothing routes a Service here.
 */

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitForHttp } from "#test/process/wait-until.ts"
import { soon } from "./operator-process.ts"

/** What the API server may call a webhook on this machine. */
export const WEBHOOK_HOST = "localhost"
export const WEBHOOK_CONFIGURATION = "injection.sidegate.dev"

const MAIN = fileURLToPath(new URL("../../operator/main.ts", import.meta.url))
const FILES = ["tls.crt", "tls.key", "ca.crt"] as const

export interface WebhookPorts {
  readonly webhook: number
  readonly ops: number
}

/** Writes the Secret's files as soon as the operator has made it; gives their folder. */
export async function mountCertificate(client: KubeClient, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/secrets/sidegate-webhook-tls`
  const secret = await soon("the webhook's certificate", () =>
    client.request({ method: "GET", path }),
  )
  const folder = temporaryDirectory("webhook-certificate")
  for (const name of FILES) {
    const text = textAt(secret, "data", name) ?? ""
    writeFileSync(join(folder, name), Buffer.from(text, "base64"), { mode: 0o600 })
  }
  return folder
}

/** Started; ready once `waitForWebhook` resolves. */
export function startWebhookProcess(folder: string, ports: WebhookPorts): Promise<Program> {
  return startProgram({
    name: "webhook",
    args: [MAIN],
    env: {
      SIDEGATE_ROLE: "webhook",
      SIDEGATE_LISTEN_HOST: "127.0.0.1",
      SIDEGATE_WEBHOOK_PORT: String(ports.webhook),
      SIDEGATE_OPS_PORT: String(ports.ops),
      SIDEGATE_WEBHOOK_CERTIFICATE_DIR: folder,
      SIDEGATE_WEBHOOK_SERVER_NAME: WEBHOOK_HOST,
      SIDEGATE_WEBHOOK_DRAIN_MS: "0",
      SIDEGATE_PROXY_IMAGE: "registry.example/sidegate-proxy:test",
    },
  })
}

export function waitForWebhook({ ops }: WebhookPorts): Promise<void> {
  return waitForHttp(`http://127.0.0.1:${ops}/readyz`, 200, 60_000)
}

/** The one that `docs/injection.md` prints, but by URL. */
export function webhookConfiguration({ webhook }: WebhookPorts): object {
  const page = readFileSync(new URL("../../docs/injection.md", import.meta.url), "utf8")
  const configuration: unknown = parse(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "")
  const webhooks = listAt(configuration, "webhooks").map((one) => {
    const path = textAt(one, "clientConfig", "service", "path") ?? ""
    return { ...Object(one), clientConfig: { url: `https://${WEBHOOK_HOST}:${webhook}${path}` } }
  })
  return { ...Object(configuration), webhooks }
}
