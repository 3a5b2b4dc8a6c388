/** Messages in AWS's binary framing, by AWS's own encoder: another implementation than ours. */
import { EventStreamCodec } from "@smithy/eventstream-codec"

const codec = new EventStreamCodec(
  (given) => (typeof given === "string" ? given : new TextDecoder().decode(given)),
  (text) => new TextEncoder().encode(text),
)

export type AwsHeaders = Parameters<typeof codec.encode>[0]["headers"]

/** `payload` is JSON as text; the name of an `exception` stands in another header. */
export function encodeAwsMessage(
  name: string,
  payload: string,
  kind: "event" | "exception" = "event",
  more: AwsHeaders = {},
): Uint8Array {
  return codec.encode({
    headers: {
      [`:${kind}-type`]: { type: "string", value: name },
      ":content-type": { type: "string", value: "application/json" },
      ":message-type": { type: "string", value: kind },
      ...more,
    },
    body: new TextEncoder().encode(payload),
  })
}

/** Of Bedrock's streams, which the golden files keep as a list of names and payloads. */
export function encodeAwsMessages(text: string): readonly Uint8Array[] {
  const events = JSON.parse(text) as readonly (readonly [string, unknown])[]
  return events.map(([name, payload]) => encodeAwsMessage(name, JSON.stringify(payload)))
}
