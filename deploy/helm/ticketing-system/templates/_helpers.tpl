{{- define "ts.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "ts.secret" -}}
{{ default (include "ts.name" .) .Values.secret.name }}
{{- end }}

{{- define "ts.claim" -}}
{{ default (printf "%s-data" (include "ts.name" .)) .Values.persistence.existingClaim }}
{{- end }}

{{- /* What tells the pods of this release from all others; "ts.pods" of a colour: those of one Deployment. */}}
{{- define "ts.selector" -}}
app.kubernetes.io/name: ticketing-system
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ts.labels" -}}
{{ include "ts.selector" . }}
app.kubernetes.io/part-of: ticketing-system
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "ts.pods" -}}
{{ include "ts.selector" .root }}
app.kubernetes.io/component: server
{{- with .colour }}
ticketing-system/colour: {{ . }}
{{- end }}
{{- end }}

{{- /* The Deployments, as a list in YAML: one without a colour, or those of blue and green that have a tag (the active one always). */}}
{{- define "ts.deployments" -}}
{{- $usual := default .Chart.AppVersion .Values.image.tag }}
{{- if .Values.blueGreen.enabled }}
{{- range $colour := list "blue" "green" }}
{{- $tag := (index $.Values.blueGreen $colour).tag }}
{{- if or $tag (eq $colour $.Values.blueGreen.active) }}
- { name: {{ include "ts.name" $ }}-{{ $colour }}, colour: {{ $colour }}, tag: {{ default $usual $tag | quote }} }
{{- end }}
{{- end }}
{{- else }}
- { name: {{ include "ts.name" . }}, colour: "", tag: {{ $usual | quote }} }
{{- end }}
{{- end }}

{{- /* The other colour than the active one. */}}
{{- define "ts.preview" -}}
{{ ternary "green" "blue" (eq .Values.blueGreen.active "blue") }}
{{- end }}

{{- /* The release that migrates: the newer one of those that are there. */}}
{{- define "ts.newest" -}}
{{- $usual := default .Chart.AppVersion .Values.image.tag }}
{{- if .Values.blueGreen.enabled -}}
{{- $active := default $usual (index .Values.blueGreen .Values.blueGreen.active).tag }}
{{- $preview := default $active (index .Values.blueGreen (include "ts.preview" .)).tag }}
{{- ternary $preview $active (semverCompare (printf ">%s" $active) $preview) }}
{{- else -}}
{{ $usual }}
{{- end }}
{{- end }}

{{- /* Every setting as a map of texts. */}}
{{- define "ts.settings" -}}
ENVIRONMENT: production
SERVER_HOST: 0.0.0.0
SERVER_PORT: "8080"
DATA_DIR: /data
SPOOL_DIR: /tmp
LOG_FORMAT: json
BASE_URL: {{ .Values.baseUrl | quote }}
ALLOWED_ORIGINS: {{ .Values.baseUrl | quote }}
TRUSTED_PROXIES: {{ .Values.trustedProxies | quote }}
{{- if eq .Values.database "sqlite" }}
DATABASE_URL: sqlite:////data/ticketing.db
{{- end }}
{{- end }}

{{- define "ts.allSettings" -}}
{{- $all := include "ts.settings" . | fromYaml }}
{{- range $name, $value := .Values.settings }}
{{- /* A number from a values file is a float64: without this 1000000 would become 1e+06. */}}
{{- $_ := set $all $name (ternary (printf "%.0f" $value) (toString $value) (kindIs "float64" $value)) }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{- define "ts.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "ts.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
