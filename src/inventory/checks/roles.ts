import { hostsPath, nodesOf, withRole } from '../outline.ts';
import { describePath, error, warning } from '../position.ts';
import type { Check } from './check.ts';

export const rolesFitTogether: Check = ({ outline }) =>
  outline.hosts.flatMap((host) => {
    const path = [...host.path, 'roles'];
    const repeated = host.roles.find((role, index) => host.roles.indexOf(role) !== index);
    if (repeated !== undefined) return [error(path, `${describePath(path)} names ${repeated} twice`)];
    if (!host.roles.includes('etcd') || !host.roles.includes('control-plane')) return [];
    return [
      error(
        path,
        `${describePath(path)}: etcd and control-plane cannot share a host, both use ports 2379 and 2380; ` +
          'leave out etcd everywhere to run it on the control plane (stacked), or run it on dedicated hosts',
      ),
    ];
  });

export const controlPlaneExists: Check = ({ outline }) =>
  !outline.rolesKnown || outline.hosts.length === 0 || withRole(outline, 'control-plane').length > 0
    ? []
    : [{ ...error(hostsPath, 'spec.hosts: no host has the role control-plane'), at: 'key' }];

export const podsCanRun: Check = ({ outline }) => {
  if (!outline.rolesKnown || nodesOf(outline).length === 0 || withRole(outline, 'worker').length > 0)
    return [];
  const message =
    'spec.hosts: no host has the role worker, so only system Pods can run; ' +
    'add a worker, or give a control plane the roles [control-plane, worker]';
  return [{ ...warning(hostsPath, message), at: 'key' }];
};

export const etcdCountIsOdd: Check = ({ outline }) => {
  if (!outline.rolesKnown || outline.hasForeignEtcd) return [];
  const own = withRole(outline, 'etcd').length;
  const members = own > 0 ? own : withRole(outline, 'control-plane').length;
  if (members === 0 || members % 2 === 1) return [];
  const tolerated = members / 2 - 1;
  const message =
    `spec.hosts: ${members} etcd members tolerate the loss of ${tolerated === 0 ? 'none' : String(tolerated)}, ` +
    `the same as ${members - 1} would; use ${members - 1} or ${members + 1}`;
  return [{ ...warning(hostsPath, message), at: 'key' }];
};

export const loadBalancerIsSet: Check = ({ outline }) => {
  const [host] = withRole(outline, 'load-balancer');
  if (host === undefined || outline.hasLoadBalancer) return [];
  const path = [...host.path, 'roles'];
  const message = `${describePath(path)}: ${host.label} is a load balancer, but spec.loadBalancer with a virtualIP is missing`;
  return [error(path, message)];
};
