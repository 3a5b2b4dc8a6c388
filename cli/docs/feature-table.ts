/** What of a chat each wire takes, when it is translated: the tables that refuse and drop. */
import { CHAT_FEATURES, type FeatureTable, type Support } from "#proxy/exchange/chat-feature.ts"
import { markdownTable } from "./replace-table.ts"
import { UPSTREAMS, wiresAt } from "./upstreams.ts"

interface Column {
  readonly title: string
  readonly features: FeatureTable
}

export function featureTable(): string {
  const columns = columnsOf()
  const reasons = [...new Set(columns.flatMap(({ features }) => reasonsIn(features)))]
  const cell = (support: Support) =>
    typeof support === "string"
      ? CELLS[support]
      : `left out [${reasons.indexOf(support.dropped) + 1}]`
  const rows = CHAT_FEATURES.map((feature) => [
    `\`${feature}\``,
    ...columns.map(({ features }) => cell(features[feature])),
  ])
  const table = markdownTable(["feature", ...columns.map(({ title }) => title)], rows)
  return `${table}\n\n${reasons.map((reason, at) => `${at + 1}. ${reason}`).join("\n")}`
}

const CELLS = { yes: "yes", no: "refused" } as const

/** Upstreams with one table share a column. */
function columnsOf(): readonly Column[] {
  const titles = new Map<FeatureTable, string[]>()
  for (const upstream of UPSTREAMS) {
    const chat = wiresAt(upstream).find((wire) => wire.chat !== null)?.chat
    if (chat === undefined || chat === null) continue
    const features = chat.features(upstream.provider)
    const known = [...titles.keys()].find((one) => JSON.stringify(one) === JSON.stringify(features))
    titles.set(known ?? features, [...(titles.get(known ?? features) ?? []), upstream.title])
  }
  return [...titles].map(([features, names]) => ({ title: names.join("; "), features }))
}

function reasonsIn(features: FeatureTable): readonly string[] {
  return Object.values(features).flatMap((support) =>
    typeof support === "string" ? [] : [support.dropped],
  )
}
