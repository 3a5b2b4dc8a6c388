/**
 * Fields that several kinds share. Every string, list and map is bounded: CEL refuses to cost what
 * is not.
 */
import * as z from "zod"
import { ruled } from "./rule.ts"

const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** A name inside an object: rules, allow and deny entries. */
export function entryName(description: string) {
  return z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe(description)
}

/** The `metadata.name` of a cluster-wide object. */
export function objectName(description: string) {
  return z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .describe(description)
}

/** A model as an upstream or a client names it: no pattern. */
export function modelName(description: string) {
  return z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9@][A-Za-z0-9._:/@+-]*$/)
    .describe(description)
}

const LONG_UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 }

/** Different texts whose length is remembered; at the bound all are let go. */
const DURATIONS_MAX = 1024
const durations = new Map<string, number>()

/**
 * Milliseconds of a duration such as `1m30s`. The text must match the pattern of `duration`. The
 * same few are read for every rule of every route.
 */
export function durationMs(text: string): number {
  const known = durations.get(text)
  if (known !== undefined) return known
  if (durations.size >= DURATIONS_MAX) durations.clear()
  const ms = readDuration(text)
  durations.set(text, ms)
  return ms
}

function readDuration(text: string): number {
  let sum = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charAt(at)
    if (unit >= "0" && unit <= "9") continue
    const count = Number(text.slice(start, at))
    const isMilliseconds = unit === "m" && text.charAt(at + 1) === "s"
    if (isMilliseconds) at++
    sum += count * (isMilliseconds ? 1 : (LONG_UNITS_MS[unit] ?? 0))
    start = at + 1
  }
  return sum
}

/** A duration as in Gateway API, within `min` and `max`, which are durations too. */
export function duration(description: string, min: string, max: string) {
  const text = z
    .string()
    .max(32)
    .regex(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/)
    .describe(
      `${description} A duration such as \`30s\`, \`1m30s\` or \`500ms\`; ${min} to ${max}.`,
    )
  const [least, most] = [durationMs(min), durationMs(max)]
  return ruled(text, [
    {
      cel: `duration(self) >= duration('${min}') && duration(self) <= duration('${max}')`,
      message: `must be a duration from ${min} to ${max}`,
      holds: (value) => {
        const ms = durationMs(value)
        return ms >= least && ms <= most
      },
    },
  ])
}

const SelectorRequirement = ruled(
  z.strictObject({
    key: z.string().min(1).max(317).regex(LABEL_KEY).describe("Key of the label."),
    operator: z
      .enum(["In", "NotIn", "Exists", "DoesNotExist"])
      .describe("How the label relates to `values`."),
    values: z
      .array(z.string().max(63).regex(LABEL_VALUE))
      .max(16)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .describe("Values for `In` and `NotIn`; must be absent for `Exists` and `DoesNotExist`.")
      .optional(),
  }),
  [
    {
      cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message: "values are required for In and NotIn, and forbidden for Exists and DoesNotExist",
      fieldPath: ".values",
      holds: ({ operator, values = [] }) =>
        (operator === "In" || operator === "NotIn") === values.length > 0,
    },
  ],
)

/** `metav1.LabelSelector`; all parts must hold, an empty one selects everything. */
export function labelSelector(description: string) {
  return z
    .strictObject({
      matchLabels: z
        .record(z.string().min(1).max(317), z.string().max(63).regex(LABEL_VALUE))
        .meta({ maxProperties: 16 })
        .describe("Labels that must be present with exactly these values. At most 16.")
        .optional(),
      matchExpressions: z
        .array(SelectorRequirement)
        .max(16)
        .meta({ "x-kubernetes-list-type": "atomic" })
        .describe("Further requirements; all must hold. At most 16.")
        .optional(),
    })
    .describe(description)
}

/** What a `from` other than Selector means, with the rule that ties `selector` to it. */
export function namespaceChoice<const F extends readonly [string, ...string[]]>(
  from: F,
  description: string,
  fromDescription: string,
) {
  const schema = z.strictObject({
    from: z.enum(from).describe(fromDescription),
    selector: labelSelector(
      "Labels of the namespaces; required with `from: Selector`, forbidden otherwise.",
    ).optional(),
  })
  return ruled(schema, [
    {
      cel: "(self.from == 'Selector') == has(self.selector)",
      message: "selector is required when from is Selector, and forbidden otherwise",
      fieldPath: ".selector",
      holds: (value) => (value.from === "Selector") === (value.selector !== undefined),
    },
  ]).describe(description)
}

/** Which namespaces a cluster-wide object speaks of: the shape that `namespaceChoice` parses to. */
export interface NamespaceChoice {
  readonly from: string
  readonly selector?: LabelSelectorSpec | undefined
}

export interface LabelSelectorSpec {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined
  readonly matchExpressions?:
    | readonly {
        readonly key: string
        readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist"
        readonly values?: readonly string[] | undefined
      }[]
    | undefined
}
