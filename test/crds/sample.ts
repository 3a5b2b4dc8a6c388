/**
 * One object that somebody might write, and what must be said of it, by the API server and by
 * `lint` alike.
 */

export type Sample = {
  /** A sentence. */
  readonly name: string
  readonly object: SampleObject
  /**
   * Every complaint as `path: part of the message`, in any order; none means the object is in
   * order.
   */
  readonly faults: readonly string[]
}

export type SampleObject = Readonly<Record<string, unknown>> & {
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>>
}

export function sample(name: string, object: SampleObject, ...faults: readonly string[]): Sample {
  return { name, object, faults }
}

export function objectOf(
  kind: string,
  spec: unknown,
  metadata: Readonly<Record<string, unknown>> = {},
): SampleObject {
  return {
    apiVersion: "sidegate.dev/v1alpha1",
    kind,
    metadata: { name: "sample", ...metadata },
    spec,
  }
}

/** `count` values made by `make`. */
export function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** Selectors of every kind that has a `from`: the same rules wherever they stand. */
export function selectorSamples(
  kind: string,
  path: string,
  withChoice: (choice: unknown) => SampleObject,
): readonly Sample[] {
  const selector = (inner: unknown): SampleObject =>
    withChoice({ from: "Selector", selector: inner })
  const requirement = (inner: object): SampleObject => selector({ matchExpressions: [inner] })
  const first = `${path}.selector.matchExpressions[0]`
  return [
    sample(`${kind}: all namespaces`, withChoice({ from: "All" })),
    sample(`${kind}: an empty selector selects all`, selector({})),
    sample(
      `${kind}: a selector of both sorts`,
      selector({
        matchLabels: { tier: "app", "example.com/team": "" },
        matchExpressions: [
          { key: "env", operator: "In", values: ["prod", "test"] },
          { key: "env", operator: "NotIn", values: ["dev"] },
          { key: "a", operator: "Exists" },
          { key: "b", operator: "DoesNotExist" },
        ],
      }),
    ),
    sample(
      `${kind}: from is missing`,
      withChoice({ selector: {} }),
      `${path}.from: Required value`,
    ),
    sample(
      `${kind}: an unknown from`,
      withChoice({ from: "Some" }),
      `${path}.from: Unsupported value: "Some": supported values: "All"`,
    ),
    sample(
      `${kind}: Selector without a selector`,
      withChoice({ from: "Selector" }),
      `${path}.selector: selector is required when from is Selector`,
    ),
    sample(
      `${kind}: a selector that All would ignore`,
      withChoice({ from: "All", selector: { matchLabels: { a: "b" } } }),
      `${path}.selector: selector is required when from is Selector`,
    ),
    sample(
      `${kind}: In without values`,
      requirement({ key: "a", operator: "In" }),
      `${first}.values: values are required for In and NotIn`,
    ),
    sample(
      `${kind}: In with an empty list`,
      requirement({ key: "a", operator: "In", values: [] }),
      `${first}.values: values are required for In and NotIn`,
    ),
    sample(
      `${kind}: Exists with values`,
      requirement({ key: "a", operator: "Exists", values: ["b"] }),
      `${first}.values: values are required for In and NotIn`,
    ),
    sample(
      `${kind}: an operator that the metadata API has not`,
      requirement({ key: "a", operator: "Gt", values: ["1"] }),
      `${first}.operator: Unsupported value: "Gt"`,
    ),
    sample(
      `${kind}: a key that is no label`,
      requirement({ key: "a b", operator: "Exists" }),
      `${first}.key: should match`,
    ),
    sample(
      `${kind}: a label value that is none`,
      selector({ matchLabels: { a: "b c" } }),
      `${path}.selector.matchLabels.a: should match`,
    ),
    sample(
      `${kind}: a label value that is a number`,
      selector({ matchLabels: { a: 1 } }),
      `${path}.selector.matchLabels.a: must be of type string`,
    ),
    sample(
      `${kind}: 17 labels`,
      selector({ matchLabels: Object.fromEntries(many(17, (index) => [`k${index}`, "v"])) }),
      `${path}.selector.matchLabels: Too many: 17: must have at most 16 items`,
    ),
    sample(
      `${kind}: 17 requirements`,
      selector({ matchExpressions: many(17, () => ({ key: "a", operator: "Exists" })) }),
      `${path}.selector.matchExpressions: Too many: 17: must have at most 16 items`,
    ),
  ]
}

/** What holds for every kind: names and unknown fields. */
export function commonSamples(kind: string, spec: object): readonly Sample[] {
  const named = (name: unknown): SampleObject => objectOf(kind, spec, { name })
  const lowercase = "metadata.name: a lowercase RFC 1123 subdomain must consist of"
  return [
    sample(`${kind}: the smallest one`, objectOf(kind, spec)),
    sample(`${kind}: a name of 63 characters`, named("a".repeat(63))),
    sample(
      `${kind}: a name of 64 characters`,
      named("a".repeat(64)),
      "metadata.name: Invalid value: must be at most 63 characters long",
    ),
    sample(
      `${kind}: a name of 254 characters`,
      named("a".repeat(254)),
      "metadata.name: must be no more than 253 characters",
      "metadata.name: Invalid value: must be at most 63 characters long",
    ),
    sample(`${kind}: a name in upper case`, named("Sample"), lowercase),
    sample(`${kind}: a name with a tab`, named("a\tb"), lowercase),
    sample(`${kind}: a name with an emoji`, named("a🙂b"), lowercase),
    sample(
      `${kind}: a misspelt field`,
      objectOf(kind, { ...spec, mdoels: ["a"] }),
      'unknown field "spec.mdoels"',
    ),
    sample(
      `${kind}: a field that YAML 1.1 made of an unquoted on`,
      objectOf(kind, { ...spec, true: ["a"] }),
      'unknown field "spec.true"',
    ),
    sample(
      `${kind}: a field beside the spec`,
      { ...objectOf(kind, spec), data: {} },
      'unknown field "data"',
    ),
    sample(
      `${kind}: a misspelt field of the metadata`,
      objectOf(kind, spec, { label: {} }),
      'unknown field "metadata.label"',
    ),
    sample(
      `${kind}: labels and annotations`,
      objectOf(kind, spec, { labels: { a: "b" }, annotations: { a: "b" } }),
    ),
    sample(
      `${kind}: a label that is a number`,
      objectOf(kind, spec, { labels: { a: 1 } }),
      "metadata.labels: ",
    ),
    sample(
      `${kind}: an annotation that is true`,
      objectOf(kind, spec, { annotations: { a: true } }),
      "metadata.annotations: ",
    ),
    sample(
      `${kind}: a label value that is none`,
      objectOf(kind, spec, { labels: { a: "b c" } }),
      "metadata.labels: ",
    ),
    sample(
      `${kind}: a label key that is none`,
      objectOf(kind, spec, { labels: { "a b": "c" } }),
      "metadata.labels: ",
    ),
    sample(
      `${kind}: no name`,
      { apiVersion: "sidegate.dev/v1alpha1", kind, metadata: {}, spec },
      "metadata.name: Required value",
    ),
    sample(
      `${kind}: no spec`,
      { apiVersion: "sidegate.dev/v1alpha1", kind, metadata: { name: "sample" } },
      "spec: Required value",
    ),
    sample(`${kind}: a spec that is text`, objectOf(kind, "x"), "spec: must be of type object"),
    sample(`${kind}: a spec that is a list`, objectOf(kind, []), "spec: must be of type object"),
    sample(`${kind}: a spec that is null`, objectOf(kind, null), "spec: Required value"),
  ]
}
