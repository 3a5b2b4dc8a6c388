/**
 * The container and the volumes that injection adds: `api.md` section 2.
 *
 * In    the settings, the size, the pod's grace period. Out: plain JSON in the API server's shape.
 * Says nothing about who the sidecar is: identity is the operator's word. The environment is what
 * `proxy/config.ts` reads. Restricted Pod Security holds.
 */
import { canonicalJson } from "#proxy/contract/json.ts"
import type { Resources, SizeSettings } from "./size.ts"

export interface InjectSettings {
  /** Of this webhook; the sidecar's image is of the same one. */
  readonly release: string
  readonly image: string
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never"
  /** Origin that sidecars dial, e.g. `https://sidegate-operator.sidegate-system.svc:8443`. */
  readonly operatorUrl: string
  /** Null leaves it to the image or, on OpenShift, to the namespace's range. */
  readonly runAsUser: number | null
  readonly runAsGroup: number | null
  readonly logLevel: string
  readonly size: SizeSettings
}

export const SIDECAR = "sidegate-proxy"
/** Loopback only, for the application. */
export const APP_PORT = 4141
/** `/healthz`, `/startupz`, `/readyz`, `/metrics` on the pod's address. */
export const OPS_PORT = 4142

/** Where the sidecar finds what it is given. */
const TOKEN_DIR = "/var/run/sidegate/token"
const CA_DIR = "/var/run/sidegate/ca"
const STATE_DIR = "/var/lib/sidegate/state"
const JOURNAL_DIR = "/var/lib/sidegate/journal"

/** The kubelet renews it at four fifths of that. */
const TOKEN_SECONDS = 3600
const DRAIN_MAX_MS = 25_000
/** Of the pod's grace, for what comes after the drain. */
const AFTER_DRAIN_MS = 5000
const STARTUP_PERIOD_SECONDS = 1
/** For the process to listen, on a node that is busy. */
const STARTUP_SECONDS = 60

export interface Volume {
  readonly name: string
  readonly [source: string]: unknown
}

/**
 * Without a default mode, so that the kubelet makes the token readable for our user, whichever it
 * is. Roots that are not there yet arrive in the running pod: they must not hold its start.
 */
export const SIDECAR_VOLUMES: readonly Volume[] = Object.freeze([
  {
    name: "sidegate-token",
    projected: {
      sources: [
        {
          serviceAccountToken: {
            audience: "sidegate",
            expirationSeconds: TOKEN_SECONDS,
            path: "token",
          },
        },
      ],
    },
  },
  {
    name: "sidegate-ca",
    projected: { sources: [{ configMap: { name: "sidegate-ca", optional: true } }] },
  },
  { name: "sidegate-state", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
  { name: "sidegate-journal", emptyDir: { sizeLimit: "64Mi" } },
])

export interface PodTimes {
  /** The pod's whole time to end. */
  readonly graceSeconds: number
  /** How long the start of the pod may wait for configuration; 0 does not wait. */
  readonly holdMs: number
}

/** The init container. */
export function sidecarContainer(
  settings: InjectSettings,
  resources: Resources,
  times: PodTimes,
): Readonly<Record<string, unknown>> {
  return {
    name: SIDECAR,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    restartPolicy: "Always",
    env: environment(settings, times),
    ports: [{ name: "sidegate-ops", containerPort: OPS_PORT, protocol: "TCP" }],
    // No readiness probe: a gateway without configuration must not take the application out of its
    // Services. Both ask whether the event loop turns, and of a pod that wants to be held the first
    // asks for configuration too.
    startupProbe: startupProbe(times),
    livenessProbe: {
      ...probe("/healthz"),
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      ...(settings.runAsUser === null ? {} : { runAsUser: settings.runAsUser }),
      ...(settings.runAsGroup === null ? {} : { runAsGroup: settings.runAsGroup }),
      seccompProfile: { type: "RuntimeDefault" },
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: "sidegate-token", mountPath: TOKEN_DIR, readOnly: true },
      { name: "sidegate-ca", mountPath: CA_DIR, readOnly: true },
      { name: "sidegate-state", mountPath: STATE_DIR },
      { name: "sidegate-journal", mountPath: JOURNAL_DIR },
    ],
  }
}

/** Whether two JSON values say the same. */
export function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other)
}

function environment(settings: InjectSettings, { graceSeconds, holdMs }: PodTimes) {
  const drainMs = Math.min(DRAIN_MAX_MS, Math.max(0, graceSeconds * 1000 - AFTER_DRAIN_MS))
  return [
    { name: "SIDEGATE_OPERATOR_URL", value: settings.operatorUrl },
    { name: "SIDEGATE_OPERATOR_CA_FILE", value: `${CA_DIR}/ca.crt` },
    { name: "SIDEGATE_TOKEN_FILE", value: `${TOKEN_DIR}/token` },
    { name: "SIDEGATE_STATE_DIR", value: STATE_DIR },
    { name: "SIDEGATE_JOURNAL_DIR", value: JOURNAL_DIR },
    { name: "SIDEGATE_LOG_LEVEL", value: settings.logLevel },
    { name: "SIDEGATE_DRAIN_MS", value: String(drainMs) },
    ...(holdMs === 0 ? [] : [{ name: "SIDEGATE_HOLD_MS", value: String(holdMs) }]),
    // A Service called `sidegate` in the pod's namespace would give them values of its own.
    { name: "SIDEGATE_PORT", value: String(APP_PORT) },
    { name: "SIDEGATE_OPS_PORT", value: String(OPS_PORT) },
  ]
}

/** The sidecar ends the hold; the probe only outlasts it, or the kubelet would kill it. */
function startupProbe({ holdMs }: PodTimes) {
  return {
    ...probe(holdMs === 0 ? "/healthz" : "/startupz"),
    periodSeconds: STARTUP_PERIOD_SECONDS,
    timeoutSeconds: 1,
    failureThreshold: STARTUP_SECONDS + Math.ceil(holdMs / 1000),
  }
}

function probe(path: string) {
  return { httpGet: { path, port: OPS_PORT, scheme: "HTTP" } }
}
