import { hostPort } from '../../desire/text/address.ts';
import { addonLabel } from '../../kube/addons.ts';
import type { Condition } from '../../plan/types.ts';

/** The remedy for a failed wait: fix the cause that `detail` shows, or else find it with a command. */
export function waitRemedy(condition: Condition, detail: string): string {
  const look = whereToLook(condition);
  return detail.trim() === ''
    ? `To find the cause, ${look}. Fix it, then run the same command again.`
    : `Fix the cause shown above, then run the same command again. To see more, ${look}.`;
}

function whereToLook(condition: Condition): string {
  switch (condition.kind) {
    case 'etcd-member':
      return `run \`journalctl -u etcd\` on ${condition.host}, or read /var/log/containers/etcd-*.log there if etcd is a static Pod`;
    case 'api':
      return `read /var/log/containers/kube-apiserver-*.log on ${condition.host ?? 'the control planes'}`;
    case 'load-balancer':
      return `run \`journalctl -u haproxy -u keepalived\` on ${condition.host}`;
    case 'endpoint':
      return `run \`curl -k https://${hostPort(condition.address, condition.port)}/readyz\` on a node`;
    case 'kubelet':
      return `run \`journalctl -u kubelet\` on ${condition.host}`;
    case 'controller':
      return `read /var/log/containers/${condition.component}-*.log on ${condition.host}`;
    case 'leader':
      return `run \`kubectl -n kube-system get lease ${condition.lease}\`, and read /var/log/containers/${condition.lease}-*.log on the control planes`;
    case 'stored-as':
      return `run \`kboot status\`, which says how ${condition.resource} are stored, and look for a client that writes through an API server outside of this cluster`;
    case 'published-cas':
      return condition.copy === 'kube-root-ca.crt'
        ? 'read /var/log/containers/kube-controller-manager-*.log on the control planes, whose leader publishes it'
        : `run \`kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml\`, which every API server keeps up to date`;
    case 'pod-ready':
      return `run \`kubectl -n ${condition.namespace} describe pod ${condition.name}\`, and \`crictl ps -a\` on ${condition.host}`;
    case 'node-registered':
      return `run \`journalctl -u kubelet\` on ${condition.node}`;
    case 'node-ready':
      return `run \`kubectl describe node ${condition.node}\`, and \`journalctl -u kubelet\` on ${condition.node}`;
    case 'workload-ready':
      return `run \`kubectl -n ${condition.namespace} describe ${condition.workload.toLowerCase()} ${condition.name}\``;
    case 'addon-ready':
      return `run \`kubectl get all -A -l ${addonLabel}=${condition.addon}\``;
    case 'addon-gone':
      return `run \`kubectl get ${condition.objects[0]?.kind.toLowerCase() ?? 'all'} -A -l ${addonLabel}=${condition.addon} -o yaml\``;
  }
}
