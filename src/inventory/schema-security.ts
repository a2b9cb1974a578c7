import * as z from 'zod';
import { auditLevels, podSecurityLevels, securityProfiles } from '../model/security.ts';
import { absoluteHostPath, dnsLabel, filePath, text, whole } from './fields.ts';

const ofProfile = 'Default: as the profile sets it.';

const audit = z
  .strictObject({
    level: z
      .enum(auditLevels)
      .meta({
        description: `How much kboot's own policy logs of a request: nothing, who asked for what (Metadata), or the bodies of writes too (Request), except of Secrets, ConfigMaps and tokens. ${ofProfile}`,
      })
      .optional(),
    policyFile: text(
      {
        description:
          "A policy (audit.k8s.io/v1) of your own instead; a relative path is resolved from the inventory's folder.",
        examples: ['audit-policy.yaml'],
      },
      filePath,
    ).optional(),
    path: text(
      {
        description: 'The log on control planes.',
        default: '/var/log/kubernetes/audit/audit.log',
      },
      absoluteHostPath,
    ).optional(),
    maxAgeDays: whole(0, 36500, {
      description: 'Rotated logs are removed after so many days; 0: never.',
      default: 30,
    }).optional(),
    maxBackups: whole(0, 100000, {
      description: 'How many rotated logs are kept; 0: all.',
      default: 10,
    }).optional(),
    maxSizeMegabytes: whole(1, 1000000, {
      description: 'A log is rotated when it has this size.',
      default: 100,
    }).optional(),
  })
  .meta({ description: 'The audit log of the API servers.' });

const level = (what: string) => z.enum(podSecurityLevels).meta({ description: `${what} ${ofProfile}` });

const podSecurity = z
  .strictObject({
    enforce: level('Pods that violate this level are refused.').optional(),
    audit: level('Violations of this level are noted in the audit log.').optional(),
    warn: level('Violations of this level are answered with a warning.').optional(),
    exemptNamespaces: z
      .array(text({ description: 'Name of a namespace.', examples: ['storage-system'] }, dnsLabel))
      .meta({
        description: "Further exempt namespaces, besides those of kboot's own components.",
        default: [],
      })
      .optional(),
  })
  .meta({
    description:
      'Pod Security Standards of namespaces that have no label pod-security.kubernetes.io/… of their own.',
  });

const choice = (description: string) => z.boolean().meta({ description: `${description} ${ofProfile}` });

/** `spec.security`: a profile, and single settings over it. */
export const security = z
  .strictObject({
    profile: z
      .enum(securityProfiles)
      .meta({
        description:
          'What all other settings of spec.security are unless stated: as kubeadm leaves them, baseline, or restricted (docs/security-profiles.md). Default: what the cluster was founded as: baseline, or kubeadm if that was before kboot had profiles.',
      })
      .optional(),
    audit: audit.optional(),
    podSecurity: podSecurity.optional(),
    encryptSecrets: choice(
      'Whether Secrets are encrypted in etcd without spec.encryption, which says how.',
    ).optional(),
    eventRateLimit: choice(
      'Whether API servers bound how many events a namespace and a client write.',
    ).optional(),
    profiling: choice(
      'Whether API servers, controller-managers and schedulers serve /debug/pprof.',
    ).optional(),
    tls: z
      .enum(['default', 'strong'])
      .meta({
        description: `\`strong\`: TLS 1.2 or newer with ciphers that have forward secrecy and authenticated encryption, for API servers, controller-managers, schedulers, etcd and kubelets. ${ofProfile}`,
      })
      .optional(),
    anonymous: z
      .enum(['allowed', 'health'])
      .meta({
        description: `What API servers answer without credentials: what RBAC allows, or only /livez, /readyz and /healthz. ${ofProfile}`,
      })
      .optional(),
    bootstrapTokens: choice(
      'Whether bootstrap tokens authenticate: `kubeadm join` needs them, kboot does not.',
    ).optional(),
    extendTokens: choice(
      'Whether the tokens of ServiceAccounts in Pods stay valid for a year although they are renewed every hour.',
    ).optional(),
    maxTokenSeconds: whole(3600, 2147483647, {
      description: `How long a ServiceAccount token may be valid that somebody requests, in seconds. ${ofProfile}`,
      examples: [86400],
    }).optional(),
    kubeletCertificates: z
      .enum(['self-signed', 'cluster'])
      .meta({
        description: `Who signs the certificates that kubelets serve. \`cluster\`: the cluster's CA, and API servers verify them. ${ofProfile}`,
      })
      .optional(),
    seccompDefault: choice(
      'Whether containers have the seccomp profile of the runtime unless they say otherwise.',
    ).optional(),
    podPidsLimit: whole(1, 4194304, {
      description: `How many processes a Pod may have. ${ofProfile}`,
      examples: [4096],
    }).optional(),
    protectKernelDefaults: choice(
      'Whether kubelets refuse to start where kernel settings differ, instead of changing them; kboot sets them.',
    ).optional(),
    fileModes: z
      .enum(['kubeadm', 'private'])
      .meta({
        description: `Modes of Kubernetes' files on hosts: as kubeadm sets them, or 600. ${ofProfile}`,
      })
      .optional(),
    etcdUser: z
      .enum(['root', 'etcd'])
      .meta({ description: `The user that etcd runs as. ${ofProfile}` })
      .optional(),
    denyByDefault: choice(
      'Whether NetworkPolicies let Pods of kube-system accept only the connections that they are for.',
    ).optional(),
    vrrp: z
      .enum(['anyone', 'peers'])
      .meta({ description: `Whose VRRP packets load balancers accept. ${ofProfile}` })
      .optional(),
    metrics: z
      .enum(['any-address', 'local'])
      .meta({
        description: `Where kube-proxy, etcd and the load balancers serve metrics that need no credentials. ${ofProfile}`,
      })
      .optional(),
  })
  .meta({ description: 'How the cluster is hardened.' })
  .optional();

const configFile = (kind: string) =>
  text(
    {
      description: `Your ${kind} instead, on this machine; a relative path is resolved from the inventory's folder.`,
      examples: [`${kind}.yaml`],
    },
    filePath,
  );

/** `spec.apiServer.authentication`: who users are. */
export const authentication = z
  .strictObject({
    jwt: z
      .array(
        z.record(z.string(), z.unknown()).meta({
          description: 'An issuer of tokens, for example of OpenID Connect: fields of JWTAuthenticator.',
          examples: [
            {
              issuer: { url: 'https://login.example.com', audiences: ['kubernetes'] },
              claimMappings: { username: { claim: 'email', prefix: '' } },
            },
          ],
        }),
      )
      .min(1, 'must list at least one issuer')
      .meta({ description: 'Issuers of tokens that API servers accept.' })
      .optional(),
    file: configFile('AuthenticationConfiguration').optional(),
  })
  .meta({
    description:
      'AuthenticationConfiguration of the API servers. What spec.security.anonymous says is added unless your file has `anonymous`.',
  });

/** `spec.apiServer.authorization`: what users may do. */
export const authorization = z
  .strictObject({
    authorizers: z
      .array(
        z.record(z.string(), z.unknown()).meta({
          description:
            'An authorizer, in the order in which they are asked: fields of AuthorizerConfiguration. Files that it names are spec.files in folders that the API server mounts.',
          examples: [{ type: 'RBAC', name: 'rbac' }],
        }),
      )
      .min(1, 'must list at least one authorizer')
      .meta({ description: 'All authorizers; they must include Node and RBAC.' })
      .optional(),
    file: configFile('AuthorizationConfiguration').optional(),
  })
  .meta({ description: 'AuthorizationConfiguration of the API servers.' });
