/**
 * The operator without Kubernetes: the shipping control plane, TLS server, authenticator and SQLite
 * ledger, fed with objects by a test instead of by watches.
 *
 * In: objects, a ledger file, a certificate. Out: a control channel that sidecars dial. Only the
 * API server is missing: tokens are read instead of reviewed, statuses and events are kept instead
 * of written.
 */

import { createHash } from "node:crypto"
import { createControlPlane } from "#operator/compose.ts"
import type { ControlPlane } from "#operator/control-plane.ts"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import type { IndexedKind } from "#operator/index/view.ts"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import { createAuthenticator } from "#operator/publish/authenticator.ts"
import { createControlServer, type ServerLimits } from "#operator/publish/control-server.ts"
import type { ObjectEvent, StatusWrite } from "#operator/reconcile/ports.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createMetrics } from "#operator/telemetry/metrics.ts"
import { type FedObject, OPERATOR_NAMESPACE } from "./objects.ts"
import { readToken } from "./token.ts"

export interface TestOperatorOptions {
  readonly ledgerFile: string
  readonly certificate: { readonly cert: string; readonly key: string }
  /** 0 takes a free one. */
  readonly port: number
  readonly objects: readonly FedObject[]
  /** Limits of the control server that differ from its own. */
  readonly limits?: Partial<ServerLimits>
}

export interface TestOperator {
  readonly port: number
  readonly term: number
  readonly controlPlane: ControlPlane
  /** The newest status of each object, by `Kind namespace/name`. */
  readonly statuses: ReadonlyMap<string, StatusWrite>
  /** The last 1,000. */
  readonly events: readonly ObjectEvent[]
  readonly close: () => Promise<void>
}

const EVENTS_MAX = 1000
const KINDS: readonly IndexedKind[] = [
  "Namespace",
  "Secret",
  "Pod",
  "AIProvider",
  "ModelCatalog",
  "ModelPolicy",
  "TeamQuota",
  "AIRoute",
]

/** Listens on 127.0.0.1 and leads when it resolves. */
export async function createTestOperator(options: TestOperatorOptions): Promise<TestOperator> {
  const store = await openSqliteLedger({ file: options.ledgerFile })
  const statuses = new Map<string, StatusWrite>()
  const events: ObjectEvent[] = []
  const log = createLog("info", { write: (line) => process.stderr.write(line) })
  const controlPlane = createControlPlane({
    store,
    settings: {
      operatorNamespace: OPERATOR_NAMESPACE,
      teamLabel: "sidegate.dev/team",
      unselected: "Allow",
      unassigned: "Allow",
      cloudHosts: [],
    },
    cloud: readCloudSettings(() => null),
    ports: {
      applyStatus: async (write) => {
        const { kind, namespace, name } = write.object
        statuses.set(`${kind} ${namespace}/${name}`, write)
      },
      emitEvent: async (event) => {
        events.push(event)
        if (events.length > EVENTS_MAX) events.shift()
      },
    },
    log,
    metrics: createMetrics(),
    now: () => Date.now(),
  })
  for (const kind of KINDS) {
    const objects = options.objects.filter((fed) => fed.kind === kind)
    controlPlane.feed.reset(
      kind,
      objects.map(({ object }) => object),
    )
  }
  const { term } = await controlPlane.lead()
  const server = createControlServer({
    tls: options.certificate,
    publisher: controlPlane.publisher,
    authenticator: createTestAuthenticator(controlPlane),
    usage: (identity, body) => controlPlane.intake.accept(identity, body),
    now: () => Date.now(),
    draw: () => Math.random(),
    report: (event) => {
      if (event.kind === "failed")
        log.error("the control server failed", { error: String(event.error) })
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  const port = await server.listen(options.port, "127.0.0.1")
  return {
    port,
    term,
    controlPlane,
    statuses,
    events,
    close: async () => {
      await server.close()
      await controlPlane.close()
      await store.close()
    },
  }
}

function createTestAuthenticator(controlPlane: ControlPlane) {
  return createAuthenticator({
    review: async (token) => {
      const facts = readToken(token)
      if (facts === undefined) return { kind: "refused", reason: "unauthenticated" }
      return { kind: "accepted", facts }
    },
    pod: (uid) => controlPlane.pod(uid),
    namespaceIsInjected: (name) => {
      const label = controlPlane.namespace(name)?.labels["sidegate.dev/injection"]
      return label === "enabled" || label === "opt-in"
    },
    now: () => Date.now(),
    digest: (text) => createHash("sha256").update(text).digest("hex"),
  })
}
