import { dirname } from 'node:path/posix';
import type { Cluster, Component, ExtraArg, ExtraVolume, JsonObject } from '../../model/cluster.ts';
import { hasPodSecurity, isAudited, type Security } from '../../model/security.ts';
import { extraValue } from './args.ts';

/** Files of API servers that spec.security and spec.apiServer are written into, which their Pods mount. */
export const securityFolder = '/etc/kubernetes/security';

export const securityPaths = {
  audit: `${securityFolder}/audit-policy.yaml`,
  admission: `${securityFolder}/admission.yaml`,
  authentication: `${securityFolder}/authentication.yaml`,
  authorization: `${securityFolder}/authorization.yaml`,
} as const;

/** The flag that names each file; an operator's own flag replaces it, with its file. */
const fileFlags: Readonly<Record<SecurityFile, string>> = {
  audit: 'audit-policy-file',
  admission: 'admission-control-config-file',
  authentication: 'authentication-config',
  authorization: 'authorization-config',
};

export type SecurityFile = keyof typeof securityPaths;

/** Suites with forward secrecy and authenticated encryption, for TLS 1.2; those of TLS 1.3 cannot be chosen. */
export const strongCiphers = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
] as const;

/** Files of kboot's that an API server of this cluster reads: those that an operator's own flag does not name. */
export function securityFilesOf({ security, apiServer }: Cluster): readonly SecurityFile[] {
  const wanted: Readonly<Record<SecurityFile, boolean>> = {
    audit: isAudited(security),
    admission: hasPodSecurity(security) || security.eventRateLimit,
    authentication: security.anonymous === 'health' || apiServer.authentication !== undefined,
    authorization: apiServer.authorization !== undefined,
  };
  return (Object.keys(wanted) as SecurityFile[]).filter(
    (file) => wanted[file] && extraValue(named(apiServer.extraArgs), fileFlags[file]) === undefined,
  );
}

/**
 * The cluster with the flags, volumes and fields that spec.security stands for, as if the inventory stated them: the
 * operator's own ones win. A cluster as kubeadm leaves it is unchanged.
 */
export function hardened(cluster: Cluster): Cluster {
  const { security, apiServer, controllerManager, scheduler, etcd, kubelet } = cluster;
  const files = securityFilesOf(cluster);
  const serving = [...profilingArgs(security), ...tlsArgs(security)];
  return {
    ...cluster,
    apiServer: {
      ...withArgs(withAdmission(apiServer, files, security), [...apiServerArgs(security, files), ...serving]),
      certSANs: apiServer.certSANs,
      ...volumesOf(cluster, files),
    },
    controllerManager: withArgs(controllerManager, [
      ...(security.bootstrapTokens ? [] : [arg('controllers', '*')]),
      ...serving,
    ]),
    scheduler: withArgs(scheduler, serving),
    etcd: {
      ...etcd,
      ...withArgs(
        etcd,
        security.tls === 'strong'
          ? [arg('cipher-suites', strongCiphers.join(',')), arg('tls-min-version', 'TLS1.2')].filter(
              ({ name }) => !hasEnv(etcd, `ETCD_${name.toUpperCase().replaceAll('-', '_')}`),
            )
          : [],
      ),
    },
    kubelet: {
      ...kubelet,
      config: { ...(security.tls === 'strong' && kubeletTls), ...kubelet.config },
    },
  };
}

const kubeletTls: JsonObject = { tlsCipherSuites: [...strongCiphers], tlsMinVersion: 'VersionTLS12' };

const arg = (name: string, value: string): ExtraArg => ({ name, value });

/** Components accept `_` for `-` in flags. */
const named = (args: readonly ExtraArg[]): readonly ExtraArg[] =>
  args.map(({ name, value }) => arg(name.replaceAll('_', '-'), value));

const hasEnv = ({ extraEnvs = [] }: Component, name: string): boolean =>
  extraEnvs.some((each) => each.name === name);

/** With these flags, except those that the operator states. */
function withArgs<T extends Component>(component: T, args: readonly ExtraArg[]): T {
  const stated = new Set(named(component.extraArgs).map(({ name }) => name));
  const own = args.filter(({ name }) => !stated.has(name));
  return own.length === 0 ? component : { ...component, extraArgs: [...own, ...component.extraArgs] };
}

function profilingArgs({ profiling }: Security): readonly ExtraArg[] {
  return profiling ? [] : [arg('profiling', 'false')];
}

function tlsArgs({ tls }: Security): readonly ExtraArg[] {
  return tls === 'default'
    ? []
    : [arg('tls-cipher-suites', strongCiphers.join(',')), arg('tls-min-version', 'VersionTLS12')];
}

function apiServerArgs(security: Security, files: readonly SecurityFile[]): readonly ExtraArg[] {
  const { audit, maxTokenSeconds } = security;
  return [
    ...files.map((file) => arg(fileFlags[file], securityPaths[file])),
    ...(files.includes('audit')
      ? [
          arg('audit-log-maxage', String(audit.maxAgeDays)),
          arg('audit-log-maxbackup', String(audit.maxBackups)),
          arg('audit-log-maxsize', String(audit.maxSizeMegabytes)),
          arg('audit-log-path', audit.path),
        ]
      : []),
    ...(security.bootstrapTokens ? [] : [arg('enable-bootstrap-token-auth', 'false')]),
    ...(security.extendTokens ? [] : [arg('service-account-extend-token-expiration', 'false')]),
    ...(maxTokenSeconds === undefined
      ? []
      : [arg('service-account-max-token-expiration', `${maxTokenSeconds}s`)]),
  ];
}

/** EventRateLimit joins the plugins that kboot or the operator turns on; without its configuration it cannot start. */
function withAdmission<T extends Component>(
  apiServer: T,
  files: readonly SecurityFile[],
  { eventRateLimit }: Security,
): T {
  const flag = 'enable-admission-plugins';
  if (!eventRateLimit || !files.includes('admission')) return apiServer;
  const plugins = (extraValue(named(apiServer.extraArgs), flag) ?? 'NodeRestriction').split(',');
  const all = [...new Set([...plugins, 'EventRateLimit'])].join(',');
  const others = apiServer.extraArgs.filter(({ name }) => name.replaceAll('_', '-') !== flag);
  return { ...apiServer, extraArgs: [arg(flag, all), ...others] };
}

function volumesOf(
  { security, apiServer }: Cluster,
  files: readonly SecurityFile[],
): Pick<Component, 'extraVolumes'> {
  const volume = (name: string, path: string, readOnly: boolean): ExtraVolume => ({
    ...{ name, hostPath: path, mountPath: path, readOnly },
    pathType: 'DirectoryOrCreate',
  });
  const writesLog =
    files.includes('audit') && extraValue(named(apiServer.extraArgs), 'audit-log-path') === undefined;
  const own = [
    ...(files.length > 0 ? [volume('kboot-security', securityFolder, true)] : []),
    ...(writesLog ? [volume('kboot-audit', dirname(security.audit.path), false)] : []),
  ];
  return own.length === 0 ? {} : { extraVolumes: [...own, ...(apiServer.extraVolumes ?? [])] };
}
