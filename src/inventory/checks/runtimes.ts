import { describePath, error, type Path, type Problem } from '../position.ts';
import type { Check } from './check.ts';
import { hostsAreKnown, namesAreUnique } from './hooks.ts';

const runc = 'io.containerd.runc.v2';

/** Runtimes have names and paths of their own, and hosts that run Pods. */
export const runtimesAreSound: Check = (input) => {
  const { draft, outline } = input;
  const found: Problem[] = [];
  const names = new Map<string, Path>();
  const paths = new Map<string, Path>();
  const say = (at: Path, message: string): void => {
    found.push(error(at, `${describePath(at)} ${message}`));
  };
  const podless = outline.hosts.flatMap(({ draft: { name }, roles }) =>
    name !== undefined && roles.length > 0 && !roles.includes('control-plane') && !roles.includes('worker')
      ? [name]
      : [],
  );
  for (const [index, runtime] of (draft.spec?.runtimes ?? []).entries()) {
    if (runtime === undefined) continue;
    const at: Path = ['spec', 'runtimes', index];
    const { name, runtimeType, binary, options = {}, hosts = [], labels = {}, files = [] } = runtime;
    if (name === 'runc')
      say([...at, 'name'], "runc is containerd's default; its settings are in spec.containerd.config");
    found.push(...namesAreUnique(name, [...at, 'name'], names, input), ...hostsAreKnown(hosts, at, input));
    const known = name === 'gvisor' || name === 'kata' ? 'its own' : runc;
    const type = 'runtimeType' in runtime ? runtimeType : known;
    if (binary !== undefined && type !== undefined && type !== runc)
      say(
        [...at, 'binary'],
        `is for runtimeType ${runc}; for another type, containerd runs the shim of that name`,
      );
    if ('BinaryName' in options) say([...at, 'options', 'BinaryName'], 'belongs in binary, beside options');
    if (name !== undefined && name !== 'nvidia' && name !== 'runc' && type === runc && !('binary' in runtime))
      say(at, `would be runc under the name ${name}; set binary or runtimeType`);
    for (const [place, host] of hosts.entries())
      if (host !== undefined && podless.includes(host))
        say(
          [...at, 'hosts', place],
          `${host} runs no Pods; name hosts with the role control-plane or worker`,
        );
    const wanted = Object.entries(labels);
    const isThere = outline.hosts.some(({ draft: host }) =>
      wanted.every(([key, value]) => host.labels?.[key] === value),
    );
    if (!isThere) say([...at, 'labels'], 'are on no host of this inventory; add them to labels of hosts');
    for (const [place, file] of files.entries())
      found.push(...namesAreUnique(file?.path, [...at, 'files', place, 'path'], paths, input));
  }
  return found;
};
