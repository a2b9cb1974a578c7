import { absoluteHostPath } from './fields.ts';

/** Folders of the system, of Kubernetes and of kboot: one that the inventory chooses may neither be inside one of them nor contain one. */
const taken = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/proc', '/run', '/sbin', '/sys', '/tmp', '/usr'],
  ...['/var/cache', '/var/lib/cni', '/var/lib/containerd', '/var/lib/kboot', '/var/lib/kubelet', '/var/log'],
  ...['/var/run', '/var/spool', '/var/tmp', '/opt/cni'],
];
/** Folders that others have their own below. */
const shared = ['/home', '/media', '/mnt', '/opt', '/root', '/srv', '/var', '/var/lib'];

/** The problem with a folder on hosts that is `purpose` alone, as a phrase that follows the field's name. */
export function hostFolderProblem(value: string, purpose: string, examples: string): string | undefined {
  const problem = absoluteHostPath(value);
  if (problem !== undefined) return problem;
  if (!/^[\w./-]+$/.test(value))
    return `must consist of letters, digits, ".", "_", "-" and "/", not "${value}"`;
  const owner = taken.find((path) => `${value}/`.startsWith(`${path}/`) || path.startsWith(`${value}/`));
  if (shared.includes(value) || owner !== undefined)
    return `must be a folder ${purpose} alone, such as ${examples}, not ${value}${owner === undefined || owner === value ? '' : `, which ${owner.startsWith(value) ? 'contains' : 'is in'} ${owner}`}`;
  return undefined;
}
