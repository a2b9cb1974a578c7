import { isProblem } from '../address.ts';
import { parseEtcdEndpoint } from '../endpoint.ts';
import { withRole } from '../outline.ts';
import { describePath, error, type Problem, type Path } from '../position.ts';
import type { Check } from './check.ts';

const externalPath: Path = ['spec', 'etcd', 'external'];

/** etcd is run either by someone else or by kboot. */
export const foreignEtcdStandsAlone: Check = ({ outline, draft, lineOf }) => {
  if (!outline.hasForeignEtcd) return [];
  const findings: Problem[] = [];
  const [host] = withRole(outline, 'etcd');
  if (host !== undefined) {
    const message =
      `spec.etcd.external is set, but ${host.label} has the role etcd ` +
      `(line ${lineOf([...host.path, 'roles'])}); remove one of them`;
    findings.push({ ...error(externalPath, message), at: 'key' });
  }
  for (const field of ['dataDir', 'extraArgs', 'extraEnvs', 'backup'] as const) {
    const value = draft.spec?.etcd?.[field];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const path = ['spec', 'etcd', field];
    const message = `${describePath(path)} has no effect with spec.etcd.external, since kboot does not run etcd then; remove it`;
    findings.push({ ...error(path, message), at: 'key' });
  }
  return findings;
};

export const etcdEndpointsAreUnique: Check = ({ draft, lineOf }) => {
  const seen = new Map<string, Path>();
  return (draft.spec?.etcd?.external?.endpoints ?? []).flatMap((text, index) => {
    const parsed = text === undefined ? undefined : parseEtcdEndpoint(text);
    if (parsed === undefined || isProblem(parsed)) return [];
    const path = [...externalPath, 'endpoints', index];
    const first = seen.get(parsed.url);
    if (first === undefined) {
      seen.set(parsed.url, path);
      return [];
    }
    return [error(path, `${describePath(path)} ${parsed.url} is already listed (line ${lineOf(first)})`)];
  });
};
