/**
 * The settings of the webhook role (`SIDEGATE_ROLE=webhook`), read once from the environment into
 * one frozen value.
 *
 * In: environment variables as text. Out: a WebhookConfig, or one sentence for each variable that
 * is wrong. The webhook talks to nobody, so nothing here says how to reach the API server.
 */
import { parseQuantity } from "#operator/inject/quantity.ts"
import type { InjectSettings } from "#operator/inject/sidecar.ts"
import { SIZE_DEFAULTS, type SizeSettings } from "#operator/inject/size.ts"
import { LOG_LEVELS, type LogLevel } from "#operator/telemetry/log.ts"
import { DNS_LABEL, DNS_NAME, type Environment, readerOf } from "./read-variables.ts"

export interface WebhookConfig {
  /** Absent: every address, both families. */
  readonly listenHost: string | null
  readonly webhookPort: number
  readonly opsPort: number
  /** Holds `tls.crt`, `tls.key`, `ca.crt`: a mounted Secret. */
  readonly certificateDir: string
  /** What the API server calls us by; the certificate must carry it. */
  readonly serverName: string
  /** Between SIGTERM and the end, for API servers that have not heard of it yet. */
  readonly drainMs: number
  readonly inject: InjectSettings
  readonly logLevel: LogLevel
}

export type WebhookConfigResult =
  | { readonly ok: true; readonly config: WebhookConfig }
  | { readonly ok: false; readonly problems: readonly string[] }

type Reader = ReturnType<typeof readerOf>

const PULL_POLICIES = ["IfNotPresent", "Always", "Never"] as const
/** Of `proxy/config.ts`. */
const PROXY_LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const
/** No application's: a sidecar shares no user with the containers beside it. */
const DEFAULT_ID = 64_141
const ID_MAX = 2_147_483_647
/** The process is ended after 15 s. */
const DRAIN_MAX_MS = 10_000
const IMAGE = /^[\w.:/@-]{1,500}$/

export function readWebhookConfig(env: Environment, release: string): WebhookConfigResult {
  const problems: string[] = []
  const read = readerOf(env, problems)
  const namespace = read.name("SIDEGATE_OPERATOR_NAMESPACE", "sidegate-system", DNS_LABEL)
  const serverName = `sidegate-webhook.${namespace}.svc`
  const config: WebhookConfig = Object.freeze({
    listenHost: read.optional("SIDEGATE_LISTEN_HOST"),
    webhookPort: read.port("SIDEGATE_WEBHOOK_PORT", 9443),
    opsPort: read.port("SIDEGATE_OPS_PORT", 9090),
    certificateDir: read.optional("SIDEGATE_WEBHOOK_CERTIFICATE_DIR") ?? "/etc/sidegate/webhook",
    serverName: read.name("SIDEGATE_WEBHOOK_SERVER_NAME", serverName, DNS_NAME),
    drainMs: read.ms("SIDEGATE_WEBHOOK_DRAIN_MS", 5000, DRAIN_MAX_MS),
    inject: Object.freeze({
      release,
      image: readImage(read),
      imagePullPolicy: read.choice(
        "SIDEGATE_PROXY_IMAGE_PULL_POLICY",
        "IfNotPresent",
        PULL_POLICIES,
      ),
      operatorUrl: readOrigin(read, `https://sidegate-operator.${namespace}.svc:8443`),
      runAsUser: readId(read, "SIDEGATE_PROXY_RUN_AS_USER"),
      runAsGroup: readId(read, "SIDEGATE_PROXY_RUN_AS_GROUP"),
      logLevel: read.choice("SIDEGATE_PROXY_LOG_LEVEL", "info", PROXY_LOG_LEVELS),
      size: readSize(read),
    }),
    logLevel: read.choice("SIDEGATE_LOG_LEVEL", "info", LOG_LEVELS),
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config }
}

function readImage({ optional, refuse }: Reader): string {
  const name = "SIDEGATE_PROXY_IMAGE"
  const value = optional(name) ?? ""
  return IMAGE.test(value) ? value : refuse(name, value, "the sidecar's image", "")
}

/** `none` leaves it to the image or the namespace. */
function readId(read: Reader, name: string): number | null {
  if (read.optional(name) === "none") return null
  const id = read.integer(name, DEFAULT_ID, ID_MAX)
  return id > 0 ? id : read.refuse(name, "0", "no root: a number above 0, or none", DEFAULT_ID)
}

function readOrigin({ optional, refuse }: Reader, otherwise: string): string {
  const name = "SIDEGATE_OPERATOR_URL"
  const value = optional(name) ?? otherwise
  const url = URL.canParse(value) ? new URL(value) : null
  const isOrigin = url !== null && url.pathname === "/" && url.search === "" && url.hash === ""
  if (isOrigin && url.protocol === "https:" && url.username === "") return url.origin
  return refuse(name, value, "an https origin", otherwise)
}

function readSize({ optional, refuse }: Reader): SizeSettings {
  const quantity = (name: string, otherwise: string): string => {
    const value = optional(name) ?? otherwise
    const amount = parseQuantity(value)
    const isGood = amount !== null && amount > 0
    return isGood ? value : refuse(name, value, "a quantity such as 100m or 384Mi", otherwise)
  }
  return Object.freeze({
    cpuRequest: quantity("SIDEGATE_PROXY_CPU_REQUEST", SIZE_DEFAULTS.cpuRequest),
    memoryRequest: quantity("SIDEGATE_PROXY_MEMORY_REQUEST", SIZE_DEFAULTS.memoryRequest),
    memoryLimit: quantity("SIDEGATE_PROXY_MEMORY_LIMIT", SIZE_DEFAULTS.memoryLimit),
    guaranteedCpu: quantity("SIDEGATE_PROXY_GUARANTEED_CPU", SIZE_DEFAULTS.guaranteedCpu),
    cpuMin: quantity("SIDEGATE_PROXY_CPU_MIN", SIZE_DEFAULTS.cpuMin),
    cpuMax: quantity("SIDEGATE_PROXY_CPU_MAX", SIZE_DEFAULTS.cpuMax),
    memoryMin: quantity("SIDEGATE_PROXY_MEMORY_MIN", SIZE_DEFAULTS.memoryMin),
    memoryMax: quantity("SIDEGATE_PROXY_MEMORY_MAX", SIZE_DEFAULTS.memoryMax),
  })
}
