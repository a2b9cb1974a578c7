import { commandHasSecret } from '../../model/redact.ts';
import { holdsSecret, secretsAt } from '../../model/secret-value.ts';
import { describePath, warning, type Path } from '../position.ts';
import type { Check, CheckInput } from './check.ts';
import { statedComponents } from './components.ts';

/** A field that plans show as it is, where its secrets are, who else shows it, and what to do instead. */
interface ShownField {
  readonly secrets: readonly Path[];
  readonly where: string;
  readonly instead: string;
}

/**
 * What looks like a secret in a field that plans show. Every field where plans do not show a secret is left out: proxies,
 * containerd, runtimes, files and what is read from files or the environment (test/inventory/shown-secrets.test.ts).
 */
export const shownSecretsAreNoted: Check = (input) =>
  [...ofComponents(input), ...ofKubelets(input), ...ofApiServer(input), ...ofCommands(input)].flatMap(
    ({ secrets, where, instead }) =>
      secrets.map((path) =>
        warning(path, `${describePath(path)} looks like a secret: ${where} show it; ${instead}`),
      ),
  );

/** Flags and environment of the static Pods. */
function ofComponents(input: CheckInput): readonly ShownField[] {
  return statedComponents(input).map(({ field, path, draft, flags }) => ({
    secrets: [
      ...secretsOf(draft.extraEnvs, [...path, 'extraEnvs']),
      ...flags.flatMap((flag) => secretsOf(flag.value, [...flag.path, 'value'])),
    ],
    where: 'plans, the manifest of the static Pod and the ConfigMap kube-system/kubeadm-config',
    instead: `let spec.${field}.extraVolumes mount a file that has it, if the component can read one`,
  }));
}

/** Configuration and flags of kubelets and kube-proxy. */
function ofKubelets({ draft, outline }: CheckInput): readonly ShownField[] {
  const instead = 'leave it out: the configuration has no other place for it';
  const ofKubelet = (kubelet: NonNullable<typeof draft.spec>['kubelet'], path: Path): readonly Path[] => [
    ...secretsOf(kubelet?.config, [...path, 'config']),
    ...(kubelet?.extraArgs ?? []).flatMap((flag, index) =>
      secretsOf(flag?.value, [...path, 'extraArgs', index, 'value']),
    ),
  ];
  const files = 'plans, files of the kubelet that every user of the host can read';
  return [
    {
      secrets: ofKubelet(draft.spec?.kubelet, ['spec', 'kubelet']),
      ...{ where: `${files} and the ConfigMap kube-system/kubelet-config`, instead },
    },
    {
      secrets: outline.hosts.flatMap((host) => ofKubelet(host.draft.kubelet, [...host.path, 'kubelet'])),
      ...{ where: files, instead },
    },
    {
      secrets: secretsOf(draft.spec?.kubeProxy?.config, ['spec', 'kubeProxy', 'config']),
      ...{ where: 'plans and the ConfigMap kube-system/kube-proxy', instead },
    },
  ];
}

/** Who users are and what they may do. */
function ofApiServer({ draft }: CheckInput): readonly ShownField[] {
  const { authentication, authorization } = draft.spec?.apiServer ?? {};
  const path: Path = ['spec', 'apiServer'];
  return [
    {
      secrets: [
        ...secretsOf(authentication?.jwt, [...path, 'authentication', 'jwt']),
        ...secretsOf(authorization?.authorizers, [...path, 'authorization', 'authorizers']),
      ],
      where: 'plans',
      instead: 'API servers need none there: leave it out',
    },
  ];
}

/** Texts that are programs or configuration by themselves. */
function ofCommands({ draft }: CheckInput): readonly ShownField[] {
  const { dns, hooks = [], hostsFrom } = draft.spec ?? {};
  const instead = 'have the command read it from a file or the environment';
  return [
    {
      secrets: hooks.flatMap((hook, index) =>
        (['run', 'unless'] as const).flatMap((key) =>
          commandHasSecret(hook?.[key] ?? '') ? [['spec', 'hooks', index, key]] : [],
        ),
      ),
      ...{ where: 'plans and logs', instead },
    },
    {
      secrets: commandHasSecret(hostsFrom?.command?.join(' ') ?? '')
        ? [['spec', 'hostsFrom', 'command']]
        : [],
      ...{ where: 'errors and the list of processes of this machine', instead },
    },
    {
      secrets: holdsSecret(dns?.extraBlocks ?? '') ? [['spec', 'dns', 'extraBlocks']] : [],
      ...{ where: 'plans and the ConfigMap kube-system/coredns', instead: 'leave it out' },
    },
  ];
}

function secretsOf(value: unknown, path: Path): readonly Path[] {
  return secretsAt(value).map((at) => [...path, ...at]);
}
