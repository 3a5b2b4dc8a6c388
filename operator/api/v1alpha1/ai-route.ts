/** AIRoute: the model names that clients ask for, and where they go. */
import * as z from "zod"
import {
  duration,
  durationMs,
  entryName,
  labelSelector,
  modelName,
  namespaceChoice,
  objectName,
} from "./fields.ts"
import { type KindDefinition, NAME_RULE } from "./kind-definition.ts"
import { type Frozen, parserOf } from "./parse.ts"
import { ruled } from "./rule.ts"
import { AGE_COLUMN, READY_COLUMNS, SIDECAR_COLUMNS, Status } from "./status.ts"

const ATOMIC = { "x-kubernetes-list-type": "atomic" }

const ModelPattern = ruled(
  z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9@*][A-Za-z0-9._:/@+*-]*$/),
  [
    {
      cel: "!self.matches('[*].')",
      message: "'*' may only be the last character, as in gpt-4*",
      holds: (pattern) => !/[*]./.test(pattern),
    },
  ],
)

const Match = ruled(
  z.strictObject({
    headers: z
      .array(
        z.strictObject({
          name: z
            .string()
            .min(1)
            .max(63)
            .regex(/^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/)
            .describe("Name of the header in lower case, for example `x-tier`."),
          value: z
            .string()
            .min(1)
            .max(256)
            .regex(/^[!-~]([ -~]*[!-~])?$/)
            .describe("Its exact value, case included."),
        }),
      )
      .min(1)
      .max(8)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .describe("Request headers that must all be present with these values. At most 8.")
      .optional(),
    workloadSelector: labelSelector(
      "Labels of the pod that asks, as the operator sees them; every pod when absent.",
    ).optional(),
  }),
  [
    {
      cel: "has(self.headers) || has(self.workloadSelector)",
      message:
        "a match needs headers or a workloadSelector; leave matches out to match every request",
      holds: ({ headers, workloadSelector }) =>
        headers !== undefined || workloadSelector !== undefined,
    },
  ],
)

const Backend = z.strictObject({
  provider: objectName("Name of the AIProvider."),
  model: modelName(
    "The model as the upstream names it; the name that the client asked for when absent.",
  ).optional(),
  weight: z
    .int()
    .min(0)
    .max(62_500)
    .describe(
      "Share of the requests among the backends of the same priority, relative to their sum; 1 " +
        "when absent, 0 takes no requests. 0 to 62500, so that sixteen never exceed a million.",
    )
    .optional(),
  priority: z
    .int()
    .min(0)
    .max(15)
    .describe(
      "Backends with a lower number come first; the next number is used on failure. 0 when absent.",
    )
    .optional(),
})

const Backends = ruled(z.array(Backend).min(1).max(16).meta(ATOMIC), [
  {
    cel: "self.exists(b, !has(b.weight) || b.weight > 0)",
    message: "at least one backend needs a weight above 0",
    holds: (backends) => backends.some(({ weight }) => weight !== 0),
  },
])

const Retry = z.strictObject({
  attempts: z
    .int()
    .min(1)
    .max(10)
    .describe("Attempts in all, the first included; 1 never tries again. 3 when absent.")
    .optional(),
  budgetPercent: z
    .int()
    .min(0)
    .max(100)
    .describe(
      "Further attempts allowed as a share of recent requests in percent, so that a failing " +
        "upstream is not flooded; 20 when absent.",
    )
    .optional(),
  triggers: z
    .array(z.enum(["Connect", "RateLimited", "ServerError", "FirstTokenTimeout"]))
    .min(1)
    .max(4)
    .meta({ "x-kubernetes-list-type": "set" })
    .describe(
      "What leads to another attempt: no connection, an answer 429, an answer 5xx, no first " +
        "token in time. All of them when absent. Nothing is tried again once the client has " +
        "received content.",
    )
    .optional(),
})

const Timeouts = ruled(
  z.strictObject({
    request: duration(
      "From the request to the last byte of its answer, all attempts together; `10m` when absent.",
      "10ms",
      "24h",
    ).optional(),
    firstToken: duration(
      "From sending an attempt to the first content of its answer; `60s`, or `request` if that " +
        "is shorter, when absent.",
      "10ms",
      "1h",
    ).optional(),
    streamIdle: duration(
      "Longest silence between two pieces of a streamed answer; `60s` when absent.",
      "10ms",
      "1h",
    ).optional(),
  }),
  [
    {
      cel:
        "!has(self.firstToken) || !has(self.request) || duration(self.firstToken) <= " +
        "duration(self.request)",
      message: "firstToken must not be longer than request",
      fieldPath: ".firstToken",
      holds: ({ firstToken, request }) =>
        firstToken === undefined ||
        request === undefined ||
        durationMs(firstToken) <= durationMs(request),
    },
  ],
)

const RouteRule = z.strictObject({
  name: entryName("Name of the rule, unique in the route; it shows in records and messages."),
  matches: z
    .array(Match)
    .max(8)
    .meta(ATOMIC)
    .describe(
      "When the rule applies: if any of these holds; always when absent or empty. At most 8.",
    )
    .optional(),
  strategy: z
    .strictObject({
      type: z.enum(["Weighted"]).describe("`Weighted`: at random, in proportion to `weight`."),
    })
    .describe("How one of the backends of a priority is chosen; `Weighted` when absent.")
    .optional(),
  backends: Backends.describe("Where the requests go, in order of priority. 1 to 16."),
  retry: Retry.describe("When and how often another attempt is made.").optional(),
  timeouts: Timeouts.describe("Time limits of a request.").optional(),
})

const Spec = z
  .strictObject({
    models: z
      .array(ModelPattern)
      .min(1)
      .max(32)
      .meta({ "x-kubernetes-list-type": "set" })
      .describe(
        "Model names that clients ask for, for example `gpt-4o` or `smart`; a `*` at the end " +
          "stands for any ending. The exact name decides before a pattern, a longer pattern " +
          "before a shorter one, a route of the namespace before a shared one. 1 to 32.",
      ),
    rules: z
      .array(RouteRule)
      .min(1)
      .max(16)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .describe(
        "The first rule that matches decides; if none does, the model is not found. 1 to 16.",
      ),
    namespaces: namespaceChoice(
      ["All", "Selector"],
      "Makes the route a shared one that serves these namespaces, its own only if it is among " +
        "them. Honoured only in the operator's namespace. Its own namespace only, when absent.",
      "`All` namespaces, or those that `selector` selects.",
    ).optional(),
  })
  .describe("Which models the route serves, and how.")

export type AIRouteSpec = Frozen<z.output<typeof Spec>>

export const parseAIRoute = parserOf(Spec, "spec")

export const AI_ROUTE: KindDefinition = {
  kind: "AIRoute",
  plural: "airoutes",
  singular: "airoute",
  shortNames: ["air"],
  scope: "Namespaced",
  description:
    "AIRoute says which backends answer for the model names that clients ask for. Written by the " +
    "application team for its namespace, or by the platform team in the operator's namespace " +
    "for many. When two routes of a namespace name the same model, the older one holds.",
  spec: Spec,
  status: Status,
  rules: [NAME_RULE],
  columns: [
    {
      name: "Models",
      type: "string",
      jsonPath: ".spec.models",
      description: "Model names that the route serves.",
    },
    ...READY_COLUMNS,
    ...SIDECAR_COLUMNS,
    AGE_COLUMN,
  ],
}
