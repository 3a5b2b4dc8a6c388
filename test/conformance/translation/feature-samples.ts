/**
 * A request for each feature that a chat can use: as a client of the surface writes it, without it,
 * and what of it must be found in the body that an upstream is sent.
 *
 * Texts, so that numbers keep their digits.
 */
import type { ChatFeature } from "#proxy/exchange/chat-feature.ts"
import type { ModelSurfaceName } from "#proxy/surfaces/registry.ts"

export interface FeatureSample {
  readonly surface: ModelSurfaceName
  readonly body: string
  /** The same without the feature. */
  readonly without: string
  /** Texts that are in the body of a wire that takes the feature; none where words differ. */
  readonly carries: readonly string[]
}

const HELLO = '{"role":"user","content":"Hello"}'
const PNG = "iVBORw0KGgo="
const PDF = "JVBERi0xLjQ="
const SCHEMA = '{"type":"object","properties":{"zcity":{"type":"number","maximum":1.0}}}'

/** As every wire takes one for an answer. */
const CLOSED =
  '{"type":"object","properties":{"zcity":{"enum":[1.0]}},"additionalProperties":false}'

const openAi = (messages: string, fields = "") =>
  `{"model":"smart","messages":[${messages}]${fields === "" ? "" : `,${fields}`}}`
const anthropic = (messages: string, fields = "") =>
  `{"model":"smart","max_tokens":9000,"messages":[${messages}]${fields === "" ? "" : `,${fields}`}}`
const gemini = (parts: string, fields = "") =>
  `{"contents":[{"role":"user","parts":[${parts}]}]${fields === "" ? "" : `,${fields}`}}`

/** A model's turn of Gemini's shape between two of the user's. */
const modelSaid = (parts: string) => {
  const user = '{"role":"user","parts":[{"text":"Hello"}]}'
  return `{"contents":[${user},{"role":"model","parts":[${parts}{"text":"Hi"}]},${user}]}`
}

/** A field of Chat Completions beside one message. */
const field = (fields: string, carries: readonly string[] = [], more = ""): FeatureSample => ({
  surface: "openai-chat",
  body: openAi(HELLO, more === "" ? fields : `${more},${fields}`),
  without: openAi(HELLO, more),
  carries,
})

/** Other messages than the one. */
const turns = (messages: string, carries: readonly string[], without = HELLO): FeatureSample => ({
  surface: "openai-chat",
  body: openAi(messages),
  without: openAi(without),
  carries,
})

const user = (...parts: readonly string[]) => `{"role":"user","content":[${parts.join(",")}]}`
const TEXT = '{"type":"text","text":"Look"}'
const image = (url: string, detail = "") =>
  user(TEXT, `{"type":"image_url","image_url":{"url":"${url}"${detail}}}`)
const SHOWN = `{"type":"image_url","index":0,"image_url":{"url":"data:image/png;base64,${PNG}"}}`
const DATA_IMAGE = `data:image/png;base64,${PNG}`

const TOOL = `{"type":"function","function":{"name":"ztool","parameters":${SCHEMA}}}`
const CLOSED_TOOL = TOOL.replace(SCHEMA, '{"type":"object","additionalProperties":false}')
const STRICT_TOOL = CLOSED_TOOL.replace('"ztool",', '"ztool","strict":true,')
const ALLOWED = '{"type":"function","function":{"name":"ztool"}}'
const custom = (more: string) => `{"type":"custom","custom":{"name":"zcustom"${more}}}`
const GRAMMAR = '{"type":"grammar","grammar":{"syntax":"lark","definition":"start: zrule"}}'
const TOOLS = `"tools":[${TOOL}]`

/** Messages of Anthropic's shape, where OpenAI's has no words for the feature. */
const blocks = (messages: string, carries: readonly string[], without: string): FeatureSample => ({
  surface: "anthropic-messages",
  body: anthropic(messages),
  without: anthropic(without),
  carries,
})

const called = (result: string) =>
  [
    HELLO,
    '{"role":"assistant","content":[{"type":"tool_use","id":"zcall","name":"ztool","input":{}}]}',
    `{"role":"user","content":[{"type":"tool_result","tool_use_id":"zcall",${result}}]}`,
  ].join(",")

const offering = (more: string) =>
  `{"model":"smart","input":"Hi","tools":[{"type":"function","name":"ztool"}${more}]}`

const said = (block: string) => `${HELLO},{"role":"assistant","content":[${block}]},${HELLO}`
const SAID = '{"type":"text","text":"Hi"}'

export const FEATURE_SAMPLES: Readonly<Record<ChatFeature, FeatureSample>> = {
  system: turns(`{"role":"system","content":"zrule"},${HELLO}`, ["zrule"]),
  "system-between-turns": turns(
    `${HELLO},{"role":"assistant","content":"Hi"},{"role":"system","content":"zrule"},${HELLO}`,
    ["zrule"],
    `${HELLO},{"role":"assistant","content":"Hi"},${HELLO}`,
  ),
  "assistant-prefill": turns(`${HELLO},{"role":"assistant","content":"zstart"}`, ["zstart"]),
  "participant-name": turns(
    `${HELLO},{"role":"user","name":"zname","content":"Hello"}`,
    ["zname: Hello"],
    `${HELLO},${HELLO}`,
  ),
  "image-url": turns(image("https://a.example/zpicture.png"), ["https://a.example/zpicture.png"]),
  "image-data": turns(image(DATA_IMAGE), [PNG]),
  "image-detail": turns(image(DATA_IMAGE, ',"detail":"low"'), ['"low"'], image(DATA_IMAGE)),
  "file-url": blocks(
    user(TEXT, '{"type":"document","source":{"type":"url","url":"https://a.example/zfile.pdf"}}'),
    ["https://a.example/zfile.pdf"],
    user(TEXT),
  ),
  "file-data": turns(
    user(
      TEXT,
      `{"type":"file","file":{"filename":"z.pdf","file_data":"data:application/pdf;base64,${PDF}"}}`,
    ),
    [PDF],
  ),
  "file-id": turns(user(TEXT, '{"type":"file","file":{"file_id":"zfile"}}'), ["zfile"]),
  "audio-input": turns(
    user(TEXT, '{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}'),
    ["UklGRg=="],
  ),
  "video-input": {
    surface: "gemini-generate",
    body: gemini('{"text":"Look"},{"inlineData":{"mimeType":"video/mp4","data":"AAAAIGZ0eXA="}}'),
    without: gemini('{"text":"Look"}'),
    carries: ["AAAAIGZ0eXA="],
  },
  tools: field(TOOLS, ["ztool", SCHEMA]),
  "tool-strict": {
    surface: "openai-chat",
    body: openAi(HELLO, `"tools":[${STRICT_TOOL}]`),
    without: openAi(HELLO, `"tools":[${CLOSED_TOOL}]`),
    carries: [],
  },
  "tool-grammar": {
    surface: "openai-chat",
    body: openAi(HELLO, `"tools":[${custom(`,"format":${GRAMMAR}`)}]`),
    without: openAi(HELLO, `"tools":[${custom("")}]`),
    carries: ["zcustom", "lark", "start: zrule"],
  },
  "tool-deferred": {
    surface: "anthropic-messages",
    body: anthropic(HELLO, '"tools":[{"name":"ztool","input_schema":{},"defer_loading":true}]'),
    without: anthropic(HELLO, '"tools":[{"name":"ztool","input_schema":{}}]'),
    carries: [],
  },
  "tool-choice": field('"tool_choice":"auto"', [], TOOLS),
  "tool-choice-none": field('"tool_choice":"none"', [], TOOLS),
  "tool-choice-required": field('"tool_choice":"required"', [], TOOLS),
  "tool-choice-named": field(
    '"tool_choice":{"type":"function","function":{"name":"ztool"}}',
    [],
    TOOLS,
  ),
  "tool-choice-allowed": field(
    `"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[${ALLOWED}]}}`,
    ["ztool"],
    `"tools":[${TOOL},${TOOL.replace("ztool", "zother")}]`,
  ),
  "parallel-tool-calls-off": field('"parallel_tool_calls":false', [], TOOLS),
  "tool-result-media": blocks(
    called(
      `"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${PNG}"}}]`,
    ),
    [PNG],
    called('"content":[{"type":"text","text":"done"}]'),
  ),
  "tool-result-error": blocks(
    called('"is_error":true,"content":"zfailed"'),
    ["zfailed"],
    called('"content":"zfailed"'),
  ),
  "hosted-tools-offered": {
    surface: "openai-responses",
    body: offering(',{"type":"web_search"}'),
    without: offering(""),
    carries: [],
  },
  "hosted-tools": field('"web_search_options":{}'),
  "json-object": field('"response_format":{"type":"json_object"}'),
  "json-schema": field(
    `"response_format":{"type":"json_schema","json_schema":{"name":"zform","schema":${CLOSED}}}`,
    [CLOSED],
  ),
  "reasoning-effort": field('"reasoning_effort":"high"'),
  "reasoning-budget": {
    surface: "anthropic-messages",
    body: anthropic(HELLO, '"thinking":{"type":"enabled","budget_tokens":2048}'),
    without: anthropic(HELLO),
    carries: [],
  },
  "reasoning-history": blocks(
    said(`{"type":"thinking","thinking":"zthought","signature":"enNpZ24="},${SAID}`),
    [],
    said(SAID),
  ),
  "reasoning-history-google": {
    surface: "gemini-generate",
    body: modelSaid('{"text":"zthought","thought":true,"thoughtSignature":"enNpZ24="},'),
    without: modelSaid(""),
    carries: [],
  },
  "reasoning-unsigned": turns(
    `${HELLO},{"role":"assistant","reasoning_content":"zthought","content":"Hi"},${HELLO}`,
    ["zthought"],
    `${HELLO},{"role":"assistant","content":"Hi"},${HELLO}`,
  ),
  "context-management": {
    surface: "anthropic-messages",
    body: anthropic(
      HELLO,
      '"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}',
    ),
    without: anthropic(HELLO),
    carries: [],
  },
  "answer-echo": {
    surface: "openai-responses",
    body: `{"model":"smart","input":[${HELLO},{"id":"zid","role":"assistant","content":"Hi"},${HELLO}]}`,
    without: `{"model":"smart","input":[${HELLO},{"role":"assistant","content":"Hi"},${HELLO}]}`,
    carries: [],
  },
  "max-output-tokens": field('"max_tokens":7771', ["7771"]),
  stop: field('"stop":["zstop"]', ["zstop"]),
  temperature: field('"temperature":3.125e-1', ["3.125e-1"]),
  "top-p": field('"top_p":0.8125000', ["0.8125000"]),
  "top-k": {
    surface: "anthropic-messages",
    body: anthropic(HELLO, '"top_k":41'),
    without: anthropic(HELLO),
    carries: ["41"],
  },
  "min-p": field('"min_p":0.0625', ["0.0625"]),
  "frequency-penalty": field('"frequency_penalty":0.4375', ["0.4375"]),
  "presence-penalty": field('"presence_penalty":0.5625', ["0.5625"]),
  "logit-bias": field('"logit_bias":{"50256":-100}', ['{"50256":-100}']),
  logprobs: field('"logprobs":true,"top_logprobs":3'),
  seed: field('"seed":1234567890123456789', ["1234567890123456789"]),
  choices: field('"n":2'),
  "cache-markers": blocks(
    user(TEXT, '{"type":"text","text":"zcached","cache_control":{"type":"ephemeral"}}'),
    [],
    user(TEXT, '{"type":"text","text":"zcached"}'),
  ),
  "cache-key": field('"prompt_cache_key":"zkey"', ["zkey"]),
  "cache-retention": field(
    '"prompt_cache_retention":"24h","prompt_cache_options":{"ttl":"zlong"}',
    ["24h", "zlong"],
  ),
  "search-results": blocks(
    user(
      TEXT,
      '{"type":"search_result","source":"zsource","title":"ztitle","content":[{"type":"text","text":"zfound"}]}',
    ),
    ["zsource", "ztitle", "zfound"],
    user(TEXT),
  ),
  citations: blocks(
    user(
      TEXT,
      `{"type":"document","citations":{"enabled":true},"source":{"type":"base64","media_type":"application/pdf","data":"${PDF}"}}`,
    ),
    [PDF],
    user(
      TEXT,
      `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"${PDF}"}}`,
    ),
  ),
  "citation-history": blocks(
    said(
      '{"type":"text","text":"Hi","citations":[{"type":"char_location","cited_text":"zcited"}]}',
    ),
    [],
    said(SAID),
  ),
  "media-history": turns(
    `${HELLO},{"role":"assistant","content":"Hi","images":[${SHOWN}]},${HELLO}`,
    [PNG],
    `${HELLO},{"role":"assistant","content":"Hi"},${HELLO}`,
  ),
  prediction: field('"prediction":{"type":"content","content":"zguess"}', ["zguess"]),
  verbosity: field('"verbosity":"low"', ['"low"']),
  "output-audio": field('"modalities":["text","audio"],"audio":{"voice":"zvoice","format":"wav"}'),
  "output-image": {
    surface: "gemini-generate",
    body: gemini('{"text":"Draw"}', '"generationConfig":{"responseModalities":["TEXT","IMAGE"]}'),
    without: gemini('{"text":"Draw"}', '"generationConfig":{}'),
    // Gemini's `responseModalities`, OpenRouter's `modalities`.
    carries: ['odalities":['],
  },
  "service-tier": field('"service_tier":"flex"', ["flex"]),
  "service-tier-standard": field('"service_tier":"default"'),
  "safety-settings": {
    surface: "gemini-generate",
    body: gemini('{"text":"Hello"}', '"safetySettings":[{"category":"ZC","threshold":"ZT"}]'),
    without: gemini('{"text":"Hello"}'),
    carries: ["ZC", "ZT"],
  },
  user: field('"user":"zuser"', ["zuser"]),
  metadata: field('"metadata":{"zkey":"zvalue"}', ["zvalue"]),
  store: field('"store":true'),
  "stream-options": field('"stream_options":{"include_usage":true}', [], '"stream":true'),
  "unknown-field": field('"zz_new":[1.0]', ["zz_new"]),
}
