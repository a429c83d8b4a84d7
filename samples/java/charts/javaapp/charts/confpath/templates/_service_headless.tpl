{{/*
Lets replicas find each other's admin ports, and the pod of `helm test` all of them.
*/}}
{{- define "confpath.serviceHeadless" -}}
{{- if include "confpath.hasAdminPort" . -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "confpath.headlessName" . }}
  labels:
    {{- include "confpath.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  clusterIP: None
  # A replica that is not ready has the most to say about why.
  publishNotReadyAddresses: true
  {{- with .Values.service.ipFamilyPolicy }}
  ipFamilyPolicy: {{ . }}
  {{- end }}
  {{- with .Values.service.ipFamilies }}
  ipFamilies:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - name: admin
      port: {{ int (include "confpath.serviceFile" . | fromJson).adminPort }}
      targetPort: admin
      protocol: TCP
      appProtocol: http
  selector:
    {{- include "confpath.selectorLabels" . | nindent 4 }}
{{- end }}
{{- end }}
