/**
 * The settings of the operator, read once from the environment into one frozen value.
 *
 * In: environment variables as text. Out: an OperatorConfig, or one sentence for each variable that
 * names it, what was wrong with it and what it may be.
 */

import { type CloudSettings, readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { LEASE_TIMES } from "#operator/kube/lease.ts"
import { DEBOUNCE } from "#operator/reconcile/debounce.ts"
import { LOG_LEVELS, type LogLevel } from "#operator/telemetry/log.ts"
import { DNS_LABEL, DNS_NAME, type Environment, LABEL_KEY, readerOf } from "./read-variables.ts"
import { RECORD_DAYS, RECORD_DAYS_MAX, RECORD_DAYS_MIN } from "./retention.ts"

export interface OperatorConfig {
  readonly release: string
  /** Null means `KUBECONFIG`, `~/.kube/config` or the pod's own service account. */
  readonly kubeconfig: string | null
  readonly operatorNamespace: string
  /** The only namespace whose Secrets are read. */
  readonly credentialsNamespace: string
  /** This process's pod; null outside a cluster, where there is no pod to label. */
  readonly podName: string | null
  readonly teamLabel: string
  readonly unselected: "Allow" | "Deny"
  readonly unassigned: "Allow" | "Deny"
  /** Absent: every address, both families. */
  readonly listenHost: string | null
  readonly controlPort: number
  readonly opsPort: number
  /** A namespace under churn is compiled once it was quiet for so long; never later than 1 s. */
  readonly pushQuietMs: number
  readonly ledgerFile: string
  /** Usage records are deleted so many days after they were stored; sums of teams stay. */
  readonly recordDays: number
  readonly tls: {
    /** `own`: made and rotated here; `provided`: the Secret is somebody else's. */
    readonly mode: "own" | "provided"
    readonly secret: string
    readonly dnsNames: readonly string[]
  }
  readonly webhook: {
    /** Made of our CA in mode `own`, else somebody else's; the webhook has it as files. */
    readonly secret: string
    readonly dnsNames: readonly string[]
    /** The MutatingWebhookConfiguration that gets the roots. */
    readonly configuration: string
  }
  readonly cloud: CloudSettings & {
    /** Where credentials of cloud identities may go besides the clouds' own endpoints. */
    readonly allowedHosts: readonly string[]
  }
  readonly leaseName: string
  /** Others take over so long after the last renewal. */
  readonly leaseMs: number
  /**
   * Who holds the lease; no two processes that run at once may share it. The pod's name, so that a
   * restarted container leads on at once; null makes one up.
   */
  readonly leaseIdentity: string | null
  readonly logLevel: LogLevel
}

export type ConfigResult =
  | { readonly ok: true; readonly config: OperatorConfig }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Unset and empty variables take their default. */
export function readOperatorConfig(env: Environment, release: string): ConfigResult {
  const problems: string[] = []
  const read = readerOf(env, problems)
  const operatorNamespace = read.name("SIDEGATE_OPERATOR_NAMESPACE", "sidegate-system", DNS_LABEL)
  const service = `sidegate-operator.${operatorNamespace}.svc`
  const webhook = `sidegate-webhook.${operatorNamespace}.svc`
  const config: OperatorConfig = Object.freeze({
    release,
    kubeconfig: read.optional("SIDEGATE_KUBECONFIG"),
    operatorNamespace,
    credentialsNamespace: read.name("SIDEGATE_CREDENTIALS_NAMESPACE", operatorNamespace, DNS_LABEL),
    podName: read.optional("SIDEGATE_POD_NAME"),
    teamLabel: read.name("SIDEGATE_TEAM_LABEL", "sidegate.dev/team", LABEL_KEY),
    unselected: read.choice("SIDEGATE_DEFAULT_UNSELECTED", "Allow", ["Allow", "Deny"]),
    unassigned: read.choice("SIDEGATE_DEFAULT_UNASSIGNED", "Allow", ["Allow", "Deny"]),
    listenHost: read.optional("SIDEGATE_LISTEN_HOST"),
    controlPort: read.port("SIDEGATE_CONTROL_PORT", 8443),
    opsPort: read.port("SIDEGATE_OPS_PORT", 9090),
    pushQuietMs: read.ms("SIDEGATE_PUSH_QUIET_MS", DEBOUNCE.quietMs, DEBOUNCE.maxMs),
    ledgerFile: `${read.optional("SIDEGATE_STATE_DIR") ?? "/var/lib/sidegate"}/ledger.db`,
    recordDays: read.days("SIDEGATE_RECORD_DAYS", RECORD_DAYS, RECORD_DAYS_MIN, RECORD_DAYS_MAX),
    tls: Object.freeze({
      mode: read.choice("SIDEGATE_TLS_MODE", "own", ["own", "provided"]),
      secret: read.name("SIDEGATE_TLS_SECRET", "sidegate-operator-tls", DNS_NAME),
      dnsNames: read.names("SIDEGATE_TLS_DNS_NAMES", [service, `${service}.cluster.local`]),
    }),
    webhook: Object.freeze({
      secret: read.name("SIDEGATE_WEBHOOK_TLS_SECRET", "sidegate-webhook-tls", DNS_NAME),
      dnsNames: read.names("SIDEGATE_WEBHOOK_DNS_NAMES", [webhook, `${webhook}.cluster.local`]),
      configuration: read.name(
        "SIDEGATE_WEBHOOK_CONFIGURATION",
        "injection.sidegate.dev",
        DNS_NAME,
      ),
    }),
    cloud: Object.freeze({
      ...readCloudSettings(read.optional),
      allowedHosts: read.hosts("SIDEGATE_CLOUD_HOSTS"),
    }),
    leaseName: read.name("SIDEGATE_LEASE_NAME", "sidegate-operator", DNS_NAME),
    leaseMs: 1000 * read.seconds("SIDEGATE_LEASE_SECONDS", LEASE_TIMES.leaseMs / 1000, 3, 300),
    leaseIdentity: read.optional("SIDEGATE_LEASE_IDENTITY") ?? read.optional("SIDEGATE_POD_NAME"),
    logLevel: read.choice("SIDEGATE_LOG_LEVEL", "info", LOG_LEVELS),
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config }
}
