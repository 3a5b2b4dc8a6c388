/** Every wire of embeddings, by being registered: it takes, refuses or leaves out what it says. */
import { describe, expect, test } from "vitest"
import {
  EMBEDDING_FEATURES,
  EMBEDDING_REASONS,
  type EmbeddingFeature,
} from "#proxy/exchange/embedding-feature.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import { findUnsupported, reasonOf } from "#proxy/exchange/feature-support.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import type { EmbeddingsWire } from "#proxy/providers/adapter.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type RegisteredWire, WIRES } from "./wires.ts"

interface Sample {
  readonly surface: "openai-embeddings" | "gemini-embed" | "gemini-batch-embed"
  readonly body: object
  /** The same without the feature. */
  readonly without: object
  /** The client's name of it. */
  readonly param: string
  /** Texts in the body of a wire that takes it. */
  readonly carries: readonly string[]
}

const OPENAI = { model: "m", input: ["zone"] }
const openAi = (more: object, param: string, ...carries: readonly string[]): Sample => ({
  surface: "openai-embeddings",
  body: { ...OPENAI, ...more },
  without: OPENAI,
  param,
  carries,
})
const CONTENT = { parts: [{ text: "zone" }] }
const gemini = (more: object, param: string, ...carries: readonly string[]): Sample => ({
  surface: "gemini-embed",
  body: { content: CONTENT, ...more },
  without: { content: CONTENT },
  param,
  carries,
})
const PNG = { inlineData: { mimeType: "image/png", data: "AAAA" } }
const QUERY = { content: CONTENT, taskType: "RETRIEVAL_QUERY" }

const SAMPLES: Readonly<Record<EmbeddingFeature, readonly Sample[]>> = {
  "token-ids": [
    openAi({ input: [[7001, 7002]] }, "input", "[7001,7002]"),
    openAi({ input: [7001] }, "input", "7001"),
  ],
  "several-parts": [gemini({ content: { parts: [CONTENT.parts[0], PNG] } }, "/content/parts/1")],
  "media-input": [gemini({ content: { parts: [PNG] } }, "/content/parts/0/inlineData")],
  dimensions: [
    openAi({ dimensions: 256 }, "dimensions", "256"),
    gemini({ outputDimensionality: 256 }, "outputDimensionality", "256"),
  ],
  // Vectors for searching with differ wherever any do.
  purpose: [
    gemini({ taskType: "RETRIEVAL_QUERY" }, "taskType"),
    openAi({ input_type: "query" }, "input_type"),
  ],
  title: [gemini({ title: "ztitle" }, "title", "ztitle")],
  "mixed-batch": [
    {
      surface: "gemini-batch-embed",
      body: { requests: [QUERY, { ...QUERY, taskType: "CLUSTERING" }] },
      without: { requests: [QUERY, QUERY] },
      param: "/requests/1/taskType",
      carries: [],
    },
  ],
  user: [openAi({ user: "zuser" }, "user", "zuser")],
  "unknown-field": [
    openAi({ zz_new: 1 }, "zz_new"),
    gemini({ zzNew: 1 }, "zzNew"),
    gemini({ content: { ...CONTENT, zzNew: 1 } }, "/content/zzNew"),
  ],
}

function read({ surface }: Sample, body: object): EmbeddingsRequest {
  const raw = makeRaw(body, { path: "/v1beta/models/m:embedContent" })
  const parsed = SURFACES[surface].parse(raw, PIPELINE_SETTINGS)
  if (!parsed.ok) throw new Error(parsed.refusal.message)
  const form = SURFACES[surface].embeddings?.read(parsed.value)
  if (form?.ok !== true) throw new Error("it must be read")
  return form.value
}

type RegisteredEmbeddings = RegisteredWire & { readonly embeddings: EmbeddingsWire }

const EMBEDDINGS: readonly RegisteredEmbeddings[] = WIRES.flatMap((one) => {
  const { embeddings } = one.wire
  return embeddings === null ? [] : [{ ...one, embeddings }]
})

function encode({ embeddings, context }: RegisteredEmbeddings, form: EmbeddingsRequest): string {
  const encoded = embeddings.encode(form, context)
  if (!encoded.ok) throw new Error(encoded.refusal.message)
  return encoded.value
}

describe.each(EMBEDDINGS)("$name", (one) => {
  const table = one.embeddings.features(one.context)

  test("says of every feature what it does with it, and why it may leave one out", () => {
    expect(Object.keys(table).toSorted()).toEqual([...EMBEDDING_FEATURES].toSorted())
    for (const support of Object.values(table)) {
      if (typeof support !== "string") expect(reasonOf(support).length).toBeGreaterThan(20)
    }
  })

  test.each(
    EMBEDDING_FEATURES.flatMap((feature) =>
      SAMPLES[feature].map((sample) => [feature, sample] as const),
    ),
  )("takes, refuses or drops %s as its table says: %o", (feature, sample) => {
    const form = read(sample, sample.body)
    const { title } = one.wire
    const refused = findUnsupported(form.uses, table, "one", title, EMBEDDING_REASONS)
    if (table[feature] === "no") {
      expect(form.uses.find((use) => use.feature === feature)?.param).toBe(sample.param)
      expect(refused?.message).toContain("provider one")
      return
    }
    expect(refused).toBeNull()
    const [body, without] = [encode(one, form), encode(one, read(sample, sample.without))]
    if (table[feature] === "yes") {
      expect(body).not.toBe(without)
      for (const text of sample.carries) expect(body).toContain(text)
    } else expect(body).toBe(without)
  })
})

test("a request that says nothing uses nothing", () => {
  for (const sample of [SAMPLES.dimensions, SAMPLES.title].flat()) {
    expect(read(sample, sample.without).uses).toEqual([])
  }
})
