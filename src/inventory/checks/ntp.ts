import { isProblem, parseUnicast } from '../address.ts';
import { describePath, error } from '../position.ts';
import type { Check } from './check.ts';

/** A host cannot be its own source of time, and a server is listed once. */
export const ntpIsSound: Check = ({ draft, outline }) => {
  const servers = draft.spec?.ntp?.servers ?? [];
  const owners = new Map(
    outline.hosts.flatMap(({ label, addresses }) => addresses.map(({ text }) => [text, label] as const)),
  );
  return servers.flatMap((server, index) => {
    if (server === undefined) return [];
    const at = ['spec', 'ntp', 'servers', index];
    const parsed = parseUnicast(server);
    const address = isProblem(parsed) ? server : parsed.text;
    const owner = owners.get(address);
    if (owner !== undefined)
      return [
        error(
          at,
          `${describePath(at)} is the address of ${owner}, which would ask itself; list servers outside of the cluster`,
        ),
      ];
    return servers.indexOf(server) < index
      ? [error(at, `${describePath(at)} ${server} is listed twice; remove one of them`)]
      : [];
  });
};
