/**
 * A request in the forms that its targets need: as it came, and in the intermediate form of its
 * operation, made once and only when a target of another wire is asked.
 */
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { RerankRequest } from "#proxy/exchange/rerank.ts"
import type {
  ChatSurface,
  EmbeddingsSurface,
  RerankSurface,
  Surface,
} from "#proxy/surfaces/surface.ts"

export class RequestForms {
  readonly surface: Surface
  readonly request: ParsedRequest
  #chat: Decision<ChatRequest> | undefined
  #embeddings: Decision<EmbeddingsRequest> | undefined
  #rerank: Decision<RerankRequest> | undefined

  constructor(surface: Surface, request: ParsedRequest) {
    this.surface = surface
    this.request = request
  }

  /** Whether it is a stream of which an event can be waited for, the first one above all. */
  get isPaced(): boolean {
    return this.request.isStream && this.surface.isUnpaced !== true
  }

  chat(surface: ChatSurface): Decision<ChatRequest> {
    this.#chat ??= surface.read(this.request)
    return this.#chat
  }

  embeddings(surface: EmbeddingsSurface): Decision<EmbeddingsRequest> {
    this.#embeddings ??= surface.read(this.request)
    return this.#embeddings
  }

  rerank(surface: RerankSurface): Decision<RerankRequest> {
    this.#rerank ??= surface.read(this.request)
    return this.#rerank
  }
}
