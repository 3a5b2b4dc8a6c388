/**
 * The webhook's metrics, apart from the operator's: another process, other numbers. Labels come
 * from closed sets.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"

export interface WebhookMetrics {
  readonly registry: Registry
  /** `result`: injected, unchanged, left, or why not. */
  readonly injections: Counter<"result">
  readonly injectionSeconds: Histogram
  readonly refused: Counter<"reason">
  readonly certificateExpiry: Gauge
}

export function createWebhookMetrics(): WebhookMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    injections: new Counter({
      name: "sidegate_injections_total",
      help: "Pods that the webhook was asked about, by result.",
      labelNames: ["result"],
      registers,
    }),
    injectionSeconds: new Histogram({
      name: "sidegate_injection_seconds",
      help: "From the start of a review to its answer.",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
      registers,
    }),
    refused: new Counter({
      name: "sidegate_webhook_refused_total",
      help: "Requests that were no AdmissionReview within the limits, by reason.",
      labelNames: ["reason"],
      registers,
    }),
    certificateExpiry: new Gauge({
      name: "sidegate_webhook_certificate_expiry_seconds",
      help: "End of the certificate in service, as Unix time.",
      registers,
    }),
  }
}
