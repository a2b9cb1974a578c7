import { defaults } from '../defaults.ts';
import {
  endpointPath,
  hostsPath,
  loadBalancerHosts,
  loadBalancerPortPath,
  virtualIPPath,
  withRole,
  type OutlineHost,
} from '../outline.ts';
import { error, warning } from '../position.ts';
import { sshPort } from './hosts.ts';
import type { Check, CheckInput } from './check.ts';

/** Several API servers need one shared address. */
export const endpointExists: Check = ({ outline }) => {
  const count = withRole(outline, 'control-plane').length;
  if (count < 2 || outline.hasLoadBalancer || outline.hasEndpoint) return [];
  const message =
    `spec.hosts: ${count} control planes need one address in front of them; set spec.loadBalancer ` +
    "(kboot's own virtual IP) or spec.controlPlaneEndpoint (an outside load balancer)";
  return [{ ...error(hostsPath, message), at: 'key' }];
};

export const endpointFitsLoadBalancer: Check = ({ outline }) => {
  const { endpoint, virtualIP, loadBalancerPort } = outline;
  if (endpoint === undefined || !outline.hasLoadBalancer) return [];
  if (endpoint.address !== undefined && virtualIP !== undefined && endpoint.host !== virtualIP.text) {
    const message =
      `spec.controlPlaneEndpoint ${endpoint.host} is not loadBalancer.virtualIP ${virtualIP.text}; ` +
      'leave one of them out, or name the virtual IP (or a DNS name for it) in both';
    return [error(endpointPath, message)];
  }
  if (endpoint.port !== undefined && loadBalancerPort !== undefined && endpoint.port !== loadBalancerPort) {
    const message =
      `spec.controlPlaneEndpoint has port ${endpoint.port}, but the load balancer listens on ${loadBalancerPort} ` +
      '(loadBalancer.port)';
    return [error(endpointPath, message)];
  }
  return [];
};

export const endpointIsNotOneHost: Check = ({ outline }) => {
  const { endpoint } = outline;
  const planes = withRole(outline, 'control-plane');
  if (endpoint?.address === undefined || outline.hasLoadBalancer) return [];
  const host = planes.find((plane) => plane.addresses.some(({ text }) => text === endpoint.host));
  if (host === undefined) return [];
  if (planes.length > 1) {
    const message = `spec.controlPlaneEndpoint is ${host.label} alone: the API becomes unreachable when that host stops`;
    return [warning(endpointPath, message)];
  }
  const port = endpoint.port ?? defaults.apiServerPort;
  if (port === defaults.apiServerPort) return [];
  const message = `spec.controlPlaneEndpoint has port ${port}, but the API server of ${host.label} listens on ${defaults.apiServerPort}`;
  return [warning(endpointPath, message)];
};

export const virtualIPIsFree: Check = ({ outline }) => {
  const { virtualIP } = outline;
  const host = outline.hosts.find(({ addresses }) => addresses.some(({ text }) => text === virtualIP?.text));
  if (virtualIP === undefined || host === undefined) return [];
  const message = `spec.loadBalancer.virtualIP ${virtualIP.text} is the address of host ${host.label}; the virtual IP must be free`;
  return [error(virtualIPPath, message)];
};

/** haproxy must not use a port that another component uses on the same host. */
export const loadBalancerPortIsFree: Check = (input) => {
  const { outline } = input;
  const port = outline.loadBalancerPort;
  if (!outline.hasLoadBalancer || port === undefined) return [];
  for (const host of loadBalancerHosts(outline)) {
    const owner = portsOf(input, host).get(port);
    if (owner === undefined) continue;
    const elsewhere = host.roles.includes('load-balancer')
      ? ''
      : ', or give other hosts the role load-balancer';
    const message =
      `spec.loadBalancer.port ${port} is ${owner}'s port on ${host.label}, where the load balancer runs too; ` +
      `two programs cannot listen on it: use another port, such as ${defaults.loadBalancerPort}${elsewhere}`;
    return [error(loadBalancerPortPath, message)];
  }
  return [];
};

/** TCP ports of a host, and what listens there. */
export function portsOf(input: CheckInput, host: OutlineHost): Map<number, string> {
  const ports = new Map<number, string>();
  const take = (owner: string, ...numbers: number[]): void => {
    for (const number of numbers) ports.set(number, owner);
  };
  const external = input.outline.hasForeignEtcd || withRole(input.outline, 'etcd').length > 0;
  const plane = host.roles.includes('control-plane');
  if (host.draft.connection !== 'local') take('sshd', sshPort(input, host));
  if (plane || host.roles.includes('worker')) {
    take('the kubelet', 10248, 10250);
    if (input.draft.spec?.kubeProxy?.enabled !== false) take('kube-proxy', 10249, 10256);
  }
  if (host.roles.includes('etcd') || (plane && !external)) take('etcd', 2379, 2380, 2381);
  if (plane) {
    take('the controller manager', 10257);
    take('the scheduler', 10259);
    take('the API server', defaults.apiServerPort);
  }
  return ports;
}
