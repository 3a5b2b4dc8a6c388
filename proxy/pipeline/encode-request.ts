/**
 * Stage 10: what one target is sent, and how its answer is read: the wire, the body, the codec.
 *
 * The upstream's wire that equals the surface's comes first, since bytes pass there; else the first
 * that the operation can be translated to. What a target cannot be told is a refusal that names the
 * field and the provider; another target may still serve.
 */
import { CHAT_REASONS } from "#proxy/exchange/chat-feature.ts"
import { EMBEDDING_REASONS } from "#proxy/exchange/embedding-feature.ts"
import { findUnsupported, refuseUnsupported } from "#proxy/exchange/feature-support.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type {
  ChatWire,
  EmbeddingsWire,
  EncodeContext,
  RerankWire,
  UpstreamWire,
} from "#proxy/providers/adapter.ts"
import { wiresOf } from "#proxy/providers/registry.ts"
import { nameTools } from "#proxy/providers/tool-names.ts"
import type {
  ChatSurface,
  EmbeddingsSurface,
  RenderContext,
  RerankSurface,
} from "#proxy/surfaces/surface.ts"
import { JSON_MEDIA, type RequestMedia, STREAM_MEDIA } from "#proxy/wire/request-headers.ts"
import {
  type AttemptCodec,
  chatCodec,
  embeddingsCodec,
  passCodec,
  rerankCodec,
} from "./attempt-codec.ts"
import type { RequestForms } from "./request-forms.ts"

export interface Encoded {
  readonly wire: UpstreamWire
  readonly body: Uint8Array | string
  readonly codec: AttemptCodec
  readonly media: RequestMedia
}

export interface EncodeFacts {
  readonly model: string
  readonly id: string
  /** Wall clock in ms at which the request was admitted. */
  readonly admittedAt: number
}

export function encodeRequest(
  forms: RequestForms,
  target: Target,
  facts: EncodeFacts,
): Decision<Encoded> {
  const { surface, request } = forms
  const wires = wiresOf(target.provider, facts.model)
  for (const own of wires) {
    if (own.name !== surface.wire || own.same === null) continue
    const codec = passCodec(own.same, request)
    const { media } = own.same
    const passed =
      media === undefined
        ? jsonMedia(request)
        : { contentType: media.contentType(request), accept: media.accept }
    const body = own.same.encodeBody(request, target)
    return accept({ wire: own, body, codec, media: passed })
  }
  for (const wire of wires) {
    const translated = translate(forms, wire, target, facts)
    if (translated === null) continue
    if (!translated.ok) return translated
    return accept({ ...translated.value, media: jsonMedia(request) })
  }
  const { name, schema } = target.provider
  const message = `provider ${name} (schema ${schema}) does not serve ${surface.operation} requests`
  return reject(refuse("unsupported_parameter", message, { param: "model" }))
}

function jsonMedia({ isStream }: ParsedRequest): RequestMedia {
  return isStream ? STREAM_MEDIA : JSON_MEDIA
}

type Translated = Omit<Encoded, "media">

/** A request on its way to a wire of another shape, and how either side is spoken to. */
interface Translation {
  readonly forms: RequestForms
  readonly wire: UpstreamWire
  readonly context: EncodeContext
  readonly render: RenderContext
}

/** Null when this wire has no form in common with the surface. */
function translate(
  forms: RequestForms,
  wire: UpstreamWire,
  target: Target,
  facts: EncodeFacts,
): Decision<Translated> | null {
  const { surface, request } = forms
  const context: EncodeContext = {
    provider: target.provider,
    model: facts.model,
    isStream: request.isStream,
  }
  const render: RenderContext = {
    request,
    id: facts.id,
    model: facts.model,
    createdSeconds: Math.floor(facts.admittedAt / 1000),
  }
  const translation = { forms, wire, context, render }
  if (wire.chat !== null && surface.chat !== null) {
    return encodeChat(translation, wire.chat, surface.chat)
  }
  if (wire.embeddings !== null && surface.embeddings !== null) {
    return encodeEmbeddings(translation, wire.embeddings, surface.embeddings)
  }
  if (wire.rerank !== null && surface.rerank !== null) {
    return encodeRerank(translation, wire.rerank, surface.rerank)
  }
  return null
}

function encodeChat(
  { forms, wire, context, render }: Translation,
  chat: ChatWire,
  surface: ChatSurface,
): Decision<Translated> {
  const form = forms.chat(surface)
  if (!form.ok) return form
  const { provider } = context
  const features = chat.features(provider)
  const unsupported = findUnsupported(
    form.value.uses,
    features,
    provider.name,
    wire.title,
    CHAT_REASONS,
  )
  if (unsupported !== null) return reject(unsupported)
  const { chat: named, given } = nameTools(form.value, chat.toolNames)
  const body = chat.encode(named, context)
  if (!body.ok) return body
  const isTold = features["parallel-tool-calls-off"] === "yes"
  const isOneCall = form.value.parallelToolCalls === false && !isTold
  const isJson = form.value.outputFormat?.kind === "json-object"
  const answerTool = isJson ? (chat.jsonTool ?? null) : null
  const rules = { givenNames: given, isOneCall, answerTool }
  const codec = chatCodec(wire, chat, surface, render, rules)
  return accept({ wire, body: body.value, codec })
}

function encodeEmbeddings(
  { forms, wire, context, render }: Translation,
  embeddings: EmbeddingsWire,
  surface: EmbeddingsSurface,
): Decision<Translated> {
  const form = forms.embeddings(surface)
  if (!form.ok) return form
  const unsupported = findUnsupported(
    form.value.uses,
    embeddings.features(context),
    context.provider.name,
    wire.title,
    EMBEDDING_REASONS,
  )
  if (unsupported !== null) return reject(unsupported)
  const body = embeddings.encode(form.value, context)
  if (!body.ok) return body
  const codec = embeddingsCodec(embeddings, surface, render, form.value.inputs.length)
  return accept({ wire, body: body.value, codec })
}

function encodeRerank(
  { forms, wire, context, render }: Translation,
  rerank: RerankWire,
  surface: RerankSurface,
): Decision<Translated> {
  const form = known(forms.rerank(surface), wire, context)
  if (!form.ok) return form
  const body = rerank.encode(form.value, context)
  if (!body.ok) return body
  return accept({ wire, body: body.value, codec: rerankCodec(rerank, surface, render) })
}

/** Refuses a form with a field that it has no place for: only the client's own wire takes it. */
function known<Form extends { readonly unknown: readonly string[] }>(
  form: Decision<Form>,
  wire: UpstreamWire,
  { provider }: EncodeContext,
): Decision<Form> {
  const [unknown] = form.ok ? form.value.unknown : []
  if (unknown === undefined) return form
  const why = `${wire.title} has no such field`
  return reject(refuseUnsupported(unknown, provider.name, why))
}
