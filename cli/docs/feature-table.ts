/** What of a chat, and of embeddings, each wire takes when it is translated. */
import { CHAT_FEATURES } from "#proxy/exchange/chat-feature.ts"
import { EMBEDDING_FEATURES } from "#proxy/exchange/embedding-feature.ts"
import { wiresOf } from "#proxy/providers/registry.ts"
import { supportTable } from "./support-table.ts"
import { EMBEDDING_UPSTREAMS, UPSTREAMS, wiresAt } from "./upstreams.ts"

export function chatFeatureTable(): string {
  const columns = UPSTREAMS.flatMap((upstream) => {
    const chat = wiresAt(upstream).find((wire) => wire.chat !== null)?.chat
    if (chat === undefined || chat === null) return []
    return [{ title: upstream.title, table: chat.features(upstream.provider) }]
  })
  return supportTable(CHAT_FEATURES, columns)
}

export function embeddingFeatureTable(): string {
  const columns = EMBEDDING_UPSTREAMS.flatMap(({ title, provider, model }) => {
    const wires = wiresOf(provider, model)
    const embeddings = wires.find((wire) => wire.embeddings !== null)?.embeddings
    if (embeddings === undefined || embeddings === null) return []
    const table = embeddings.features({ provider, model, isStream: false })
    return [{ title, table }]
  })
  return supportTable(EMBEDDING_FEATURES, columns)
}
