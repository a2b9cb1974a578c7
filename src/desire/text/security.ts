import { parse, stringify } from 'yaml';
import type { ApiServerConfig, Cluster, JsonObject } from '../../model/cluster.ts';
import { minorOf } from '../../model/minor.ts';
import { hasPodSecurity } from '../../model/security.ts';
import type { Renderer } from '../../render/params.ts';
import type { Uploads } from '../../store/uploads.ts';
import type { SecurityFile } from './hardened.ts';

interface Sources {
  readonly cluster: Cluster;
  readonly renderer: Renderer;
  readonly uploads: Uploads;
}

/** The text of a file that API servers read. */
export function securityText({ cluster, renderer, uploads }: Sources, file: SecurityFile): string {
  const { security, apiServer } = cluster;
  switch (file) {
    case 'audit':
      return security.audit.policyFile === undefined
        ? renderer.render('security/audit-policy.yaml.hbs', { bodies: security.audit.level === 'Request' })
        : textOf(uploads, security.audit.policyFile);
    case 'admission':
      return renderer.render('security/admission.yaml.hbs', {
        podSecurity: hasPodSecurity(security) ? security.podSecurity : null,
        eventRateLimit: security.eventRateLimit,
      });
    case 'authentication': {
      // Paths that the kubelet and load balancers probe.
      const paths = ['/livez', '/readyz', '/healthz'].map((path) => ({ path }));
      const anonymous = security.anonymous === 'health' && {
        anonymous: { enabled: true, conditions: paths },
      };
      const preset = { ...anonymous, jwt: [] };
      // v1 since Kubernetes 1.34.
      const version = minorOf(cluster.kubernetesVersion) < 34 ? 'v1beta1' : 'v1';
      return configText('AuthenticationConfiguration', version, preset, apiServer.authentication, uploads);
    }
    case 'authorization':
      return configText('AuthorizationConfiguration', 'v1', {}, apiServer.authorization, uploads);
  }
}

/** A configuration of an API server: what the inventory or a file of the operator states, over what kboot sets. */
function configText(
  kind: string,
  version: string,
  preset: JsonObject,
  stated: ApiServerConfig | undefined,
  uploads: Uploads,
): string {
  const head = { apiVersion: `apiserver.config.k8s.io/${version}`, kind };
  const own = stated === undefined ? {} : 'file' in stated ? readConfig(stated.file, uploads) : stated.config;
  return stringify({ ...head, ...preset, ...own }, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The file as its reader checked it; empty while it is not read, as for commands that need no files. */
function readConfig(file: string, uploads: Uploads): JsonObject {
  return (parse(textOf(uploads, file), { logLevel: 'error' }) ?? {}) as JsonObject;
}

function textOf(uploads: Uploads, file: string): string {
  return uploads.get(file)?.text ?? '';
}
