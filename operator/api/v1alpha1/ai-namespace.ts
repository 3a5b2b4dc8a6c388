/** AINamespace: what an application team may know of its own namespace. Nobody writes a spec. */
import * as z from "zod"
import { objectName } from "./fields.ts"
import type { KindDefinition } from "./kind-definition.ts"
import { type Frozen, parserOf } from "./parse.ts"
import { AGE_COLUMN, count, READY_COLUMNS, STATUS_SHAPE } from "./status.ts"

/** The only name that there is: one object a namespace. */
export const AI_NAMESPACE_NAME = "default"

/** Pods that are named of each sort, and sorts of version; the rest is counted. */
export const PODS_NAMED_MAX = 10
export const VERSIONS_MAX = 10
/** Models, and policies; the rest is counted. */
export const NAMES_MAX = 100

const ATOMIC = { "x-kubernetes-list-type": "atomic" }

function named<T extends z.ZodType>(description: string, most: number, item: T) {
  return z
    .strictObject({
      total: count("How many there are."),
      names: z
        .array(item)
        .max(most)
        .meta(ATOMIC)
        .describe(`Their names in order, the first ${most}.`),
    })
    .describe(description)
}

const podName = z.string().min(1).max(253)

const Team = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(63)
      .describe(
        "The team as the label `sidegate.dev/team` of the namespace says it; `unassigned` " +
          "without the label.",
      ),
    costCenter: z
      .string()
      .max(63)
      .describe("Cost center of the TeamQuota; absent when it names none.")
      .optional(),
  })
  .describe("Whom usage of the namespace is booked under.")

const Version = z
  .strictObject({
    release: z.string().max(64).describe("Release of the sidecar, for example `0.1.0`."),
    config: z
      .string()
      .max(40)
      .describe("Version of the configuration that it serves from; absent while it has none.")
      .optional(),
    sidecars: count("Connected sidecars of this release with this configuration."),
  })
  .describe("One combination of release and configuration.")

const Pods = z
  .strictObject({
    injected: count("Pods that run with the sidecar."),
    uninjected: named(
      "Pods that should have the sidecar and run without it: the phase is `Running`, they do " +
        "not end, they have no init container `sidegate-proxy`, injection asks for one (the " +
        "namespace label is `enabled`, or it is `opt-in` and the pod label `sidegate.dev/inject` " +
        "is `true`), and nothing says why not. They started while the webhook was away or before " +
        "the namespace was labelled; make them anew, for example with `kubectl rollout restart`.",
      PODS_NAMED_MAX,
      podName,
    ),
    bypassing: named(
      "Pods that run without the sidecar for a reason that can be read from them: the label " +
        "`sidegate.dev/inject` is `false` or no value that it may have, the webhook's annotation " +
        "`sidegate.dev/injection-status` says `skipped: REASON`, or the kubelet made the pod " +
        "from a file. Counted like `uninjected`: phase `Running`, not ending. Traffic that a pod " +
        "with a sidecar sends past it is not seen here.",
      PODS_NAMED_MAX,
      podName,
    ),
  })
  .describe(
    "Running pods of the namespace, as the operator's own watch sees them. Without injection " +
      "only `injected` is counted.",
  )

/** What the status has beside the conditions; absent parts are not known yet. */
const SHAPE = {
  injection: z
    .enum(["Enabled", "OptIn", "Disabled"])
    .describe(
      "What the label `sidegate.dev/injection` of the namespace asks for: a sidecar for all " +
        "pods, for those that ask, or for none.",
    )
    .optional(),
  team: Team.optional(),
  models: named(
    "Models that some pod of the namespace may use now, as clients ask for them: routed, with " +
      "a backend that can serve, and allowed by every policy. A `*` at the end stands for any " +
      "name that begins so. Rules for some requests or workloads only count as well.",
    NAMES_MAX,
    z.string().min(1).max(128),
  ).optional(),
  policies: named(
    "ModelPolicies that hold for the namespace, broken ones included.",
    NAMES_MAX,
    objectName("Name of a ModelPolicy."),
  ).optional(),
  config: z
    .string()
    .max(40)
    .describe(
      "Newest version of the configuration among the sidecars that are up to date; answers " +
        "carry it as `x-sidegate-config`. Absent while no sidecar is.",
    )
    .optional(),
  versions: z
    .array(Version)
    .max(VERSIONS_MAX)
    .meta(ATOMIC)
    .describe(`What the connected sidecars run, in order; at most ${VERSIONS_MAX} combinations.`)
    .optional(),
  pods: Pods.optional(),
}

const Details = z.strictObject(SHAPE)

export type NamespaceDetails = Frozen<z.output<typeof Details>>

export const DETAIL_FIELDS: readonly string[] = Object.keys(SHAPE)

/** Those of `DETAIL_FIELDS` that a status has. */
export const parseNamespaceDetails = parserOf(Details, "status")

export const AI_NAMESPACE: KindDefinition = {
  kind: "AINamespace",
  plural: "ainamespaces",
  singular: "ainamespace",
  shortNames: ["ain"],
  scope: "Namespaced",
  description:
    "AINamespace says what holds in its namespace: team, models, policies, sidecars, and pods " +
    "that run without one. There is one, `default`, in each namespace that is injected, has " +
    "AIRoutes or has pods with a sidecar. The operator makes it, writes its status and removes " +
    "it; it has no spec. Application teams read it with the role `view`.",
  spec: null,
  status: z
    .strictObject({
      ...STATUS_SHAPE,
      sidecars: z
        .strictObject({
          connected: count("Sidecars of the namespace that are connected to the operator."),
          programmed: count("Those that serve from the newest configuration of the namespace."),
        })
        .describe("How many sidecars are up to date; refreshed at most once a minute.")
        .optional(),
      ...SHAPE,
    })
    .describe("State as the operator sees it; written by the operator only."),
  rules: [
    {
      cel: `self.metadata.name == '${AI_NAMESPACE_NAME}'`,
      message: "a namespace has one AINamespace, named default, and the operator makes it",
      fieldPath: ".metadata.name",
      holds: ({ metadata }) => metadata.name === AI_NAMESPACE_NAME,
    },
  ],
  columns: [
    {
      name: "Team",
      type: "string",
      jsonPath: ".status.team.name",
      description: "Whom usage is booked under.",
    },
    {
      name: "Models",
      type: "integer",
      jsonPath: ".status.models.total",
      description: "Models that may be used now.",
    },
    {
      name: "Sidecars",
      type: "integer",
      jsonPath: ".status.sidecars.connected",
      description: "Sidecars that are connected.",
    },
    {
      name: "Programmed",
      type: "integer",
      jsonPath: ".status.sidecars.programmed",
      description: "Sidecars that serve from the newest configuration.",
    },
    {
      name: "Uninjected",
      type: "integer",
      jsonPath: ".status.pods.uninjected.total",
      description: "Running pods that should have a sidecar and have none.",
    },
    {
      name: "Bypassing",
      type: "integer",
      jsonPath: ".status.pods.bypassing.total",
      description: "Running pods that have no sidecar for a reason that they state.",
    },
    {
      name: "Config",
      type: "string",
      jsonPath: ".status.config",
      description: "Version of the configuration in force.",
      priority: 1,
    },
    ...READY_COLUMNS,
    AGE_COLUMN,
  ],
}
