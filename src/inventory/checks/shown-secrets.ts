import { commandHasSecret } from '../../model/redact.ts';
import { holdsSecret, secretsAt } from '../../model/secret-value.ts';
import { describePath, warning, type Path, type Problem } from '../position.ts';
import type { Check, CheckInput } from './check.ts';
import { statedComponents } from './components.ts';

/** A value that plans show as it is, who else shows it, and what to do instead. */
interface Shown {
  readonly path: Path;
  readonly value: unknown;
  readonly where: string;
  readonly instead: string;
}

/**
 * What looks like a secret in a field that plans show. Every field where plans do not show a secret is left out: proxies,
 * containerd, runtimes, files and what is read from files or the environment (test/inventory/shown-secrets.test.ts).
 */
export const shownSecretsAreNoted: Check = (input) =>
  [...ofComponents(input), ...ofKubelets(input), ...ofApiServer(input), ...ofCommands(input)].map(
    ({ path, where, instead }): Problem =>
      warning(path, `${describePath(path)} looks like a secret: ${where} show it; ${instead}`),
  );

/** Flags and environment of the static Pods. */
function ofComponents(input: CheckInput): readonly Shown[] {
  return statedComponents(input).flatMap(({ field, path, draft, flags }) => {
    const where = 'plans, the manifest of the static Pod and the ConfigMap kube-system/kubeadm-config';
    const instead = `let spec.${field}.extraVolumes mount a file that has it, if the component can read one`;
    return [
      ...secretValues(draft.extraEnvs ?? [], [...path, 'extraEnvs']),
      ...flags.flatMap((flag) => secretValues(flag.value, [...flag.path, 'value'])),
    ].map((found) => ({ ...found, where, instead }));
  });
}

/** Configuration and flags of kubelets and kube-proxy. */
function ofKubelets({ draft, outline }: CheckInput): readonly Shown[] {
  const spec: Path = ['spec'];
  const kubelets = [
    {
      settings: draft.spec?.kubelet,
      path: [...spec, 'kubelet'],
      map: ' and the ConfigMap kube-system/kubelet-config',
    },
    ...outline.hosts.map((host) => ({
      settings: host.draft.kubelet,
      path: [...host.path, 'kubelet'],
      map: '',
    })),
  ];
  const instead = 'leave it out: the configuration has no other place for it';
  return [
    ...kubelets.flatMap(({ settings, path, map }) => {
      const flags = (settings?.extraArgs ?? []).flatMap((flag, index) =>
        secretValues(flag?.value, [...path, 'extraArgs', index, 'value']),
      );
      return [...secretValues(settings?.config, [...path, 'config']), ...flags].map((found) => ({
        ...found,
        where: `plans, files of the kubelet that every user of the host can read${map}`,
        instead,
      }));
    }),
    ...secretValues(draft.spec?.kubeProxy?.config, [...spec, 'kubeProxy', 'config']).map((found) => ({
      ...found,
      where: 'plans and the ConfigMap kube-system/kube-proxy',
      instead,
    })),
  ];
}

/** Who users are and what they may do. */
function ofApiServer({ draft }: CheckInput): readonly Shown[] {
  const { authentication, authorization } = draft.spec?.apiServer ?? {};
  const path: Path = ['spec', 'apiServer'];
  return [
    ...secretValues(authentication?.jwt, [...path, 'authentication', 'jwt']),
    ...secretValues(authorization?.authorizers, [...path, 'authorization', 'authorizers']),
  ].map((found) => ({
    ...found,
    where: 'plans',
    instead: 'API servers need none there: leave it out',
  }));
}

/** Texts that are programs or configuration by themselves. */
function ofCommands({ draft }: CheckInput): readonly Shown[] {
  const { dns, hooks = [], hostsFrom } = draft.spec ?? {};
  const read = 'have the command read it from a file or the environment';
  const blocks = dns?.extraBlocks ?? '';
  const commands = [
    ...hooks.flatMap((hook, index) =>
      (['run', 'unless'] as const).map((key) => ({
        ...{ path: ['spec', 'hooks', index, key], value: hook?.[key] ?? '' },
        ...{ where: 'plans and logs', instead: read },
      })),
    ),
    {
      ...{ path: ['spec', 'hostsFrom', 'command'], value: hostsFrom?.command?.join(' ') ?? '' },
      ...{ where: 'errors and the list of processes of this machine', instead: read },
    },
  ];
  return [
    ...(holdsSecret(blocks)
      ? [
          {
            ...{ path: ['spec', 'dns', 'extraBlocks'], value: blocks },
            ...{ where: 'plans and the ConfigMap kube-system/coredns', instead: 'leave it out' },
          },
        ]
      : []),
    ...commands.filter(({ value }) => commandHasSecret(value)),
  ];
}

function secretValues(value: unknown, path: Path): readonly Pick<Shown, 'path' | 'value'>[] {
  return secretsAt(value).map((at) => ({ path: [...path, ...at], value }));
}
