/**
 * How an unmodified SDK finds the sidecar: a ConfigMap that the operator keeps in each injected
 * namespace, read as the first `envFrom`, so that whatever the user sets wins.
 *
 * It is optional. Environment is resolved when a container is created, after our sidecar has
 * started and so long after the operator has written the ConfigMap. Where it has not (a namespace
 * that was labelled while the operator was away), and where somebody removed it after an uninstall,
 * the pod must still start: a gateway never holds a pod (`reliability.md` F2).
 */

export const ENVIRONMENT_CONFIG_MAP = "sidegate-env"

const APP_ORIGIN = "http://127.0.0.1:4141"
/** SDKs refuse to start without a key; the sidecar drops whatever they send. */
const PLACEHOLDER = "sidegate-placeholder"

/** The data of the ConfigMap. */
export const ENVIRONMENT: Readonly<Record<string, string>> = Object.freeze({
  OPENAI_BASE_URL: `${APP_ORIGIN}/v1`,
  OPENAI_API_KEY: PLACEHOLDER,
  ANTHROPIC_BASE_URL: APP_ORIGIN,
  ANTHROPIC_API_KEY: PLACEHOLDER,
  GOOGLE_GEMINI_BASE_URL: APP_ORIGIN,
  GEMINI_API_KEY: PLACEHOLDER,
})

/** The entry of `envFrom`. */
export const ENVIRONMENT_SOURCE = Object.freeze({
  configMapRef: Object.freeze({ name: ENVIRONMENT_CONFIG_MAP, optional: true }),
})
