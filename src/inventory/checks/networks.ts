import { familyName, hostBits, overlap, rangeOf, type Cidr } from '../address.ts';
import { nodeMask } from '../node-mask.ts';
import { loadBalancerHosts, nodesOf, virtualIPPath, type Network } from '../outline.ts';
import { describePath, error, type Problem } from '../position.ts';
import { andMore, type Check, type CheckInput } from './check.ts';

export const networksAreApart: Check = ({ outline }) => {
  const [pods, services] = outline.networks;
  for (const pod of pods.cidrs) {
    const service = services.cidrs.find((cidr) => overlap(cidr, pod));
    if (service === undefined) continue;
    const [blamed, blamedCidr, other, otherCidr] = services.isDefault
      ? ([pods, pod, services, service] as const)
      : ([services, service, pods, pod] as const);
    const message = `${describePath(blamed.path)} ${blamedCidr.text} overlaps ${named(other, otherCidr)}`;
    return [error(blamed.path, message)];
  }
  return [];
};

/** Addresses of hosts, the virtual IP and MetalLB's pools must be outside the Pod and Service networks. */
export const addressesLieOutside: Check = ({ outline }) =>
  outline.networks.flatMap((network) =>
    network.cidrs.flatMap((cidr) => {
      const findings: Problem[] = [];
      const inside = outline.hosts.flatMap((host) => {
        const address = host.addresses.find((candidate) => overlap(rangeOf(candidate), cidr));
        return address === undefined ? [] : [{ host, address }];
      });
      const [first] = inside;
      if (first !== undefined) {
        const path = first.host.addressPath;
        const where = `${describePath(path)} ${first.address.text}${andMore(inside.length - 1)}`;
        findings.push(error(path, `${where} is in ${named(network, cidr)}; choose another ${network.name}`));
      }
      if (outline.virtualIP !== undefined && overlap(rangeOf(outline.virtualIP), cidr)) {
        const message = `spec.loadBalancer.virtualIP ${outline.virtualIP.text} is in ${named(network, cidr)}`;
        findings.push(error(virtualIPPath, message));
      }
      for (const pool of outline.pools.filter(({ range }) => overlap(range, cidr))) {
        const message = `${describePath(pool.path)} ${pool.range.text} overlaps ${named(network, cidr)}`;
        findings.push(error(pool.path, message));
      }
      return findings;
    }),
  );

/** MetalLB's pools must contain only unused addresses, and each address must be in one pool only. */
export const poolsAreFree: Check = ({ outline, draft, lineOf }) => {
  const findings: Problem[] = [];
  outline.pools.forEach(({ path, range }, index) => {
    const where = `${describePath(path)} ${range.text}`;
    const taken = outline.hosts.flatMap((host) =>
      host.addresses
        .filter((address) => overlap(rangeOf(address), range))
        .map((address) => ({ host, address })),
    );
    const [first] = taken;
    if (first !== undefined) {
      const held = `${first.address.text}, the address of host ${first.host.label}${andMore(taken.length - 1)}`;
      findings.push(error(path, `${where} contains ${held}`));
    }
    if (outline.virtualIP !== undefined && overlap(rangeOf(outline.virtualIP), range)) {
      findings.push(error(path, `${where} contains loadBalancer.virtualIP ${outline.virtualIP.text}`));
    }
    const earlier = outline.pools.slice(0, index).find((pool) => overlap(pool.range, range));
    if (earlier !== undefined) {
      const other = `${earlier.range.text} of pool ${earlier.name} (line ${lineOf(earlier.path)})`;
      findings.push(error(path, `${where} overlaps ${other}`));
    }
  });
  const names = new Set<string>();
  (draft.spec?.metallb?.pools ?? []).forEach((pool, index) => {
    if (pool?.name === undefined) return;
    const path = ['spec', 'metallb', 'pools', index, 'name'];
    if (names.has(pool.name))
      findings.push(error(path, `${describePath(path)} ${pool.name} is already the name of another pool`));
    names.add(pool.name);
  });
  return findings;
};

/**
 * Pods and Services must have the same families in the same order; every node must have them too; load balancers
 * and pools must not have any other.
 */
export const familiesAgree: Check = ({ outline }) => {
  const [pods, services] = outline.networks;
  const [pod] = pods.cidrs;
  const [service] = services.cidrs;
  if (pod === undefined || service === undefined) return [];
  if (pods.cidrs.length !== services.cidrs.length) {
    const [dual, single] = pods.cidrs.length === 1 ? [services, pods] : [pods, services];
    const other = single.isDefault ? `the default ${single.name} has` : `${single.name} has`;
    const message = `${describePath(dual.path)} is dual-stack, but ${other} one network; give both "v4,v6", or one network each`;
    return [error(dual.path, message)];
  }
  if (pod.family !== service.family) {
    const [blamed, other] = services.isDefault ? [pods, services] : [services, pods];
    const [own, its] = blamed === pods ? [pod, service] : [service, pod];
    const message =
      `${describePath(blamed.path)} starts with ${familyName(own.family)}, but ${other.name} with ` +
      `${familyName(its.family)}${other.isDefault ? ' (the default)' : ''}`;
    return [error(blamed.path, message)];
  }
  return [...nodeFamilies(outline, pods, pod), ...balancerFamilies(outline), ...poolFamilies(outline, pods)];
};

function nodeFamilies(outline: CheckInput['outline'], pods: Network, { family, text }: Cidr): Problem[] {
  const nodes = nodesOf(outline).filter((host) => host.addresses.length > 0);
  const wrong = nodes.filter((host) => host.addresses[0]?.family !== family);
  const [first] = wrong;
  if (first !== undefined) {
    const message =
      `${describePath(first.addressPath)}${andMore(wrong.length - 1)} must start with an ${familyName(family)} address, ` +
      `the first family of podSubnet ${text}${pods.isDefault ? ' (the default)' : ''}`;
    return [error(first.addressPath, message)];
  }
  const single = nodes.filter((host) => host.addresses.length < 2);
  const [alone] = single;
  const dual = pods.cidrs.length > 1;
  if (!dual || alone === undefined) return [];
  const message =
    `${describePath(alone.addressPath)}${andMore(single.length - 1)} has one address, but the networks are dual-stack; ` +
    `give both as ${family === 4 ? '"v4,v6"' : '"v6,v4"'}`;
  return [error(alone.addressPath, message)];
}

/** keepalived sends from an address of the virtual IP's family. */
function balancerFamilies(outline: CheckInput['outline']): Problem[] {
  const { virtualIP } = outline;
  const without = loadBalancerHosts(outline).find(
    ({ addresses }) => addresses.length > 0 && !addresses.some(({ family }) => family === virtualIP?.family),
  );
  if (virtualIP === undefined || without === undefined) return [];
  const message =
    `spec.loadBalancer.virtualIP ${virtualIP.text} is an ${familyName(virtualIP.family)} address, ` +
    `but host ${without.label} has no address of that family`;
  return [error(virtualIPPath, message)];
}

/** A Service only gets addresses of the Service network's families. */
function poolFamilies(outline: CheckInput['outline'], { cidrs }: Network): Problem[] {
  return outline.pools
    .filter(({ range }) => !cidrs.some(({ family }) => family === range.family))
    .map(({ path, range }) => {
      const families = cidrs.map(({ family }) => familyName(family)).join(' and ');
      return error(
        path,
        `${describePath(path)} ${range.text} is ${familyName(range.family)}, but the networks are ${families}`,
      );
    });
}

/** Each node gets one block of the Pod network (kube-controller-manager's node-cidr-mask-size). */
export const podNetworkHoldsNodes: Check = ({ outline, draft }) => {
  const [pods] = outline.networks;
  const count = nodesOf(outline).length;
  const args = draft.spec?.controllerManager?.extraArgs ?? [];
  return pods.cidrs.flatMap((cidr) => {
    const mask = nodeMask(
      (flag) => args.findLast((arg) => arg?.name?.replaceAll('_', '-') === flag)?.value,
      cidr.family,
    );
    const where = `${describePath(pods.path)} ${cidr.text}`;
    if (mask < cidr.prefix)
      return [error(pods.path, `${where} is smaller than the /${mask} that each node gets`)];
    if (mask - cidr.prefix > 16) {
      const message = `${where} is too large: the /${mask} of a node may be at most 16 bits longer than the network's prefix`;
      return [error(pods.path, message)];
    }
    const room = 2 ** (mask - cidr.prefix);
    if (room >= count) return [];
    return [
      error(
        pods.path,
        `${where} has room for ${room} ${room === 1 ? 'node' : 'nodes'} (each gets a /${mask}), but there are ${count}`,
      ),
    ];
  });
};

/** kube-controller-manager refuses the flag of the other kind of cluster (nodeipam, setNodeCIDRMaskSizes). */
export const nodeMaskFitsFamilies: Check = ({ outline, draft }) => {
  const [pods] = outline.networks;
  if (pods.cidrs.length === 0) return [];
  const isDual = pods.cidrs.length > 1;
  return (draft.spec?.controllerManager?.extraArgs ?? []).flatMap((arg, index): Problem[] => {
    const name = arg?.name?.replaceAll('_', '-') ?? '';
    if (!/^node-cidr-mask-size(-ipv[46])?$/.test(name)) return [];
    const path = ['spec', 'controllerManager', 'extraArgs', index];
    if (isDual === (name !== 'node-cidr-mask-size')) return [];
    const instead = isDual ? 'node-cidr-mask-size-ipv4 and node-cidr-mask-size-ipv6' : 'node-cidr-mask-size';
    const where = [...path, 'name'];
    return [
      error(
        where,
        `${describePath(where)}: kube-controller-manager refuses ${name} with ${isDual ? 'two podSubnets' : 'one podSubnet'}; use ${instead}`,
      ),
    ];
  });
};

/** kubeadm's limits: at least 10 addresses, at most 20 host bits. */
export const serviceNetworkFits: Check = ({ outline }) => {
  const [, services] = outline.networks;
  return services.cidrs.flatMap((cidr) => {
    const bits = hostBits(cidr);
    const where = `${describePath(services.path)} ${cidr.text}`;
    const smallest = cidr.family === 4 ? 28 : 124;
    const largest = cidr.family === 4 ? 12 : 108;
    if (bits < 4)
      return [
        error(
          services.path,
          `${where} has ${2 ** bits} addresses; at least 10 are needed (/${smallest} or larger)`,
        ),
      ];
    if (bits > 20) return [error(services.path, `${where} is too large; use a /${largest} or smaller`)];
    return [];
  });
};

/** `serviceSubnet 10.96.0.0/12 (the default)` */
function named(network: Network, cidr: Cidr): string {
  return `${network.name} ${cidr.text}${network.isDefault ? ' (the default)' : ''}`;
}
