/** AINamespaces: nobody writes them, and there is nothing in them to write but a name. */
import { type Sample, type SampleObject, sample } from "./sample.ts"

const named = (name: string, fields: object = {}): SampleObject => ({
  apiVersion: "sidegate.dev/v1alpha1",
  kind: "AINamespace",
  metadata: { name },
  ...fields,
})
const ONE_NAME = "metadata.name: Invalid value: a namespace has one AINamespace, named default"

export const AI_NAMESPACE_SAMPLES: readonly Sample[] = [
  sample("the one that there is", named("default")),
  sample(
    "labels and annotations",
    named("default", {
      metadata: { name: "default", labels: { a: "b" }, annotations: { a: "b" } },
    }),
  ),
  sample("a status, which is dropped", named("default", { status: { team: { name: "mine" } } })),
  sample("another name", named("mine"), ONE_NAME),
  sample("a name of 63 characters", named("a".repeat(63)), ONE_NAME),
  sample(
    "a name in upper case",
    named("Default"),
    "metadata.name: a lowercase RFC 1123 subdomain must consist of",
    ONE_NAME,
  ),
  sample(
    "no name",
    { apiVersion: "sidegate.dev/v1alpha1", kind: "AINamespace", metadata: {} },
    "metadata.name: Required value",
  ),
  sample("a spec", named("default", { spec: {} }), 'unknown field "spec"'),
  sample("a field beside it", named("default", { team: "mine" }), 'unknown field "team"'),
]
