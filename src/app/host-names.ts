import { readFileSync } from 'node:fs';
import { nodeName } from '../inventory/fields.ts';
import { readDocument } from '../inventory/document.ts';

/** Names of the hosts in an inventory that may be incomplete; none if nothing can be read. */
export function hostNames(file: string): readonly string[] {
  try {
    const { data } = readDocument(readFileSync(file, 'utf8'), process.env);
    const { spec } = (data ?? {}) as { spec?: { hosts?: unknown } | null };
    const hosts = Array.isArray(spec?.hosts) ? (spec.hosts as ({ name?: unknown } | null)[]) : [];
    return hosts.flatMap((host) =>
      typeof host?.name === 'string' && nodeName(host.name) === undefined ? [host.name] : [],
    );
  } catch {
    return [];
  }
}
