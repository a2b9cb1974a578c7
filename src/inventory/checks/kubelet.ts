import type { Draft } from '../draft.ts';
import { describePath, error, type Path, type Problem } from '../position.ts';
import type { Inventory } from '../schema.ts';
import type { Check } from './check.ts';

type DraftArgs = Draft<NonNullable<NonNullable<Inventory['spec']['kubelet']>['extraArgs']>>;

/** Flags of the kubelet that kboot derives from other fields, and those fields or the reason. */
const owned: Readonly<Record<string, string>> = {
  'hostname-override': 'it is the name of the host: set hosts[].name',
  'node-ip': 'it is the address of the host: set hosts[].address',
  'register-with-taints': 'set hosts[].taints',
  'node-labels': 'set hosts[].labels, which also apply to a Node that exists',
  config: 'its fields are in spec.kubelet.config and hosts[].kubelet.config',
  kubeconfig: 'kboot writes it, with its client certificate',
  'bootstrap-kubeconfig': 'kboot issues its client certificate, so it does not bootstrap one',
  'container-runtime-endpoint': "it is containerd's socket",
};

/** systemd splits kubeadm-flags.env into words, and a flag that kboot derives has a field of its own. */
export const kubeletFlagsAreFree: Check = ({ draft, outline }) => [
  ...problems(draft.spec?.kubelet?.extraArgs, ['spec', 'kubelet', 'extraArgs']),
  ...outline.hosts.flatMap((host) =>
    problems(host.draft.kubelet?.extraArgs, [...host.path, 'kubelet', 'extraArgs']),
  ),
];

function problems(args: DraftArgs | undefined, at: Path): Problem[] {
  return (args ?? []).flatMap((arg, index) => {
    const found: Problem[] = [];
    const name = [...at, index, 'name'];
    const value = [...at, index, 'value'];
    const why = arg?.name === undefined ? undefined : owned[arg.name];
    if (why !== undefined) found.push(error(name, `${describePath(name)} --${arg?.name ?? ''}: ${why}`));
    if (/[\s"'\\]/.test(arg?.value ?? ''))
      found.push(
        error(
          value,
          `${describePath(value)} must not have spaces, quotes or backslashes: systemd splits the flags at them`,
        ),
      );
    return found;
  });
}
