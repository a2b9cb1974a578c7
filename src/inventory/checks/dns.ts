import { isProblem, parseAddress } from '../address.ts';
import { defaults } from '../defaults.ts';
import { parseUpstream } from '../dns-server.ts';
import { describePath, error, type Path, type Problem } from '../position.ts';
import { serverBlocks } from './corefile.ts';
import type { Check } from './check.ts';

const at: Path = ['spec', 'dns'];

/** CoreDNS must not be its own upstream, and the block of the cluster's domain must stay the one that answers for it. */
export const dnsIsSound: Check = ({ draft, outline }) => {
  const dns = draft.spec?.dns;
  if (dns === undefined) return [];
  const networking = draft.spec?.networking;
  const domain =
    networking === undefined || !('dnsDomain' in networking) ? defaults.dnsDomain : networking.dnsDomain;
  const services = outline.networks[1];
  const found: Problem[] = [];
  const say = (path: Path, message: string): void => {
    found.push(error(path, `${describePath(path)} ${message}`));
  };
  const stubs = Object.entries(dns.stubDomains ?? {});
  const lists: readonly (readonly [Path, readonly (string | undefined)[]])[] = [
    [[...at, 'upstream'], dns.upstream ?? []],
    ...stubs.map(([name, servers]): [Path, readonly (string | undefined)[]] => [
      [...at, 'stubDomains', name],
      servers ?? [],
    ]),
  ];
  for (const [path, servers] of lists)
    for (const [index, text] of servers.entries()) {
      const server = text === undefined ? undefined : parseUpstream(text);
      if (server === undefined || isProblem(server)) continue;
      const address = parseAddress(server.address);
      if (isProblem(address)) continue;
      if (/^(127\.|::1$|0\.0\.0\.0$|::$)/.test(server.address))
        say([...path, index], `${server.address} is CoreDNS itself there, since it runs in a Pod`);
      else if (
        services.cidrs.some(({ family, first }) => family === address.family && first + 10n === address.value)
      )
        say([...path, index], `${server.address} is the Service of CoreDNS, which would ask itself`);
    }
  for (const [name] of stubs)
    if (domain !== undefined && (name === domain || domain.endsWith(`.${name}`)))
      say([...at, 'stubDomains', name], `would take over the names of the cluster, ${domain}`);
  found.push(
    ...blockProblems(
      dns.extraBlocks,
      stubs.map(([name]) => name),
    ),
  );
  return found;
};

function blockProblems(text: string | undefined, stubs: readonly string[]): Problem[] {
  if (text === undefined) return [];
  const path = [...at, 'extraBlocks'];
  const blocks = serverBlocks(text);
  const say = (message: string): Problem[] => [error(path, `${describePath(path)} ${message}`)];
  if (typeof blocks === 'string') return say(blocks);
  const taken = new Set(['.:53', ...stubs.map((name) => `${name}:53`)]);
  return blocks.flatMap((zone) => {
    if (taken.has(zone)) return say(`has a block for ${zone}, which exists already`);
    taken.add(zone);
    return [];
  });
}
