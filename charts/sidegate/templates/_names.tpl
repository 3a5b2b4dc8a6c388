{{/* The two names are fixed: they are in certificates and in every injected pod. */}}
{{- define "sidegate.labels" -}}
app.kubernetes.io/part-of: sidegate
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Plurals of our kinds: JSON. */}}
{{- define "sidegate.kinds" -}}
{{ list "ainamespaces" "aiproviders" "modelcatalogs" "airoutes" "modelpolicies" "teamquotas" | toJson }}
{{- end }}

{{/* A repository's whole name, with the tag where it has no digest. Takes the context and the repository. */}}
{{- define "sidegate.image" -}}
{{- $context := index . 0 -}}
{{- $registry := $context.Values.image.registry -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ index . 1 }}
{{- if not (contains "@" (index . 1)) }}:{{ $context.Values.image.tag | default $context.Chart.AppVersion }}{{ end }}
{{- end }}

{{/*
This release's image of the sidecar and, where the cluster knows it, that of the release before: JSON.
On an upgrade the policy in the cluster says which were allowed until now.
*/}}
{{- define "sidegate.knownProxyImages" -}}
{{- $image := include "sidegate.image" (list . .Values.image.proxy) -}}
{{- $known := list $image -}}
{{- $policy := lookup "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicy" "" "pods.sidegate.dev" -}}
{{- $held := dig "metadata" "annotations" "sidegate.dev/proxy-images" "[]" ($policy | default dict) | fromJsonArray -}}
{{- $previous := without $held $image -}}
{{- if $previous }}{{ $known = append $known (first $previous) }}{{ end -}}
{{- $known | toJson }}
{{- end }}

{{/* Those and the ones that the values name: JSON. */}}
{{- define "sidegate.proxyImages" -}}
{{- $known := include "sidegate.knownProxyImages" . | fromJsonArray -}}
{{- concat $known .Values.admissionPolicies.previousProxyImages | uniq | toJson }}
{{- end }}

{{- define "sidegate.credentialsNamespace" -}}
{{ .Values.operator.credentialsNamespace | default .Release.Namespace }}
{{- end }}

{{- define "sidegate.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.runAsUser }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
fsGroup: {{ int64 . }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* A user or group of the sidecar: without int64 a large one has an exponent. */}}
{{- define "sidegate.id" -}}
{{ if . }}{{ int64 . }}{{ else }}none{{ end }}
{{- end }}

{{- define "sidegate.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Where pods go. Takes the context and the values of one workload. */}}
{{- define "sidegate.placement" -}}
{{- $values := index . 1 -}}
{{- with (index . 0).Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Probes of the second port, the same in both roles. */}}
{{- define "sidegate.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: ops}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end }}
