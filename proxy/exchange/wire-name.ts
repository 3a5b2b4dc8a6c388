/**
 * The API shapes that models are called in, and what is done with them.
 *
 * A client surface and an upstream of the same wire need no translation: bytes pass. Different
 * wires of one operation meet in that operation's intermediate form.
 */

/** As `gen_ai.operation.name` where OpenTelemetry names it. */
export type Operation =
  | "list_models"
  | "retrieve_model"
  | "chat"
  | "text_completion"
  | "embeddings"
  | "rerank"
  | "moderation"
  | "image_generation"
  | "speech"
  | "transcription"
  | "count_tokens"

export type WireName =
  | "openai.chat"
  | "openai.completions"
  | "openai.responses"
  | "openai.embeddings"
  | "openai.moderations"
  | "openai.images"
  | "openai.speech"
  | "openai.transcriptions"
  | "anthropic.messages"
  | "anthropic.count-tokens"
  | "gemini.generate"
  | "gemini.embed"
  | "gemini.batch-embed"
  | "gemini.count-tokens"
  | "vertex.anthropic"
  | "vertex.embed"
  | "vertex.embed-content"
  | "bedrock.converse"
  | "bedrock.titan-embed"
  | "bedrock.nova-embed"
  | "bedrock.cohere-embed"
  | "cohere.chat"
  | "cohere.embed"
  | "cohere.rerank"
